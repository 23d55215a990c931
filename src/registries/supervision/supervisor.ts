/**
 * Runs every registry in a worker of its own, or in one that it shares with its like. It imports no
 * client library and no validation, so that workers can start before the rest of the program is loaded.
 */
import type { Logger } from "../../log/logger.ts";
import type { Feed, RegistryStatus } from "../feed.ts";
import { containedFeed } from "./contained-feed.ts";
import type { KnownProblem } from "./problem-log.ts";
import type { Restoring } from "./restoring.ts";
import { type Downstream, type RegistrySpec, SupervisedRegistry } from "./supervised-registry.ts";
import { defaultSupervisorOptions, type SupervisorOptions } from "./supervisor-options.ts";
import { WorkerGroup } from "./worker-group.ts";

export class Supervisor {
  readonly #feed: Feed;
  readonly #log: Logger;
  readonly #options: SupervisorOptions;
  #downstream: Downstream = { whenWorkedOff: (callback) => callback() };
  readonly #registries = new Map<string, SupervisedRegistry>();
  /** By the registry that has the worker for itself, or by the worker's name. */
  readonly #groups = new Map<string, WorkerGroup>();

  constructor(feed: Feed, log: Logger, options: Partial<SupervisorOptions> = {}) {
    this.#feed = containedFeed(feed, log);
    this.#log = log;
    this.#options = { ...defaultSupervisorOptions, ...options };
  }

  get registries(): readonly string[] {
    return [...this.#registries.keys()];
  }

  /**
   * From now on, a registry that was listed may tell more only when what it told is worked off: one that floods is told
   * that late how to go on, and sends the newest of each item then. Others find the way free.
   */
  follow(downstream: Downstream): void {
    this.#downstream = downstream;
  }

  /** Starts a registry. Throws if its id is taken. */
  add(spec: RegistrySpec, restoring?: Restoring): void {
    if (this.#registries.has(spec.id)) throw new Error(`registry ${spec.id} runs already`);
    const log = registryLogger(this.#log, spec.id);
    const downstream: Downstream = { whenWorkedOff: (callback) => this.#downstream.whenWorkedOff(callback) };
    const { mostProblems } = this.#options;
    const registry = new SupervisedRegistry(spec, { feed: this.#feed, downstream, log, group: this.#group(spec), mostProblems }, restoring);
    this.#registries.set(spec.id, registry);
  }

  /**
   * New settings for a running registry: its session takes them over or a new one takes its place, the
   * known state kept meanwhile. One of another kind starts as if it were added, since the old state and
   * status say nothing about it.
   */
  replace(spec: RegistrySpec, restoring?: Restoring): void {
    const registry = this.#registries.get(spec.id);
    if (!registry) throw new Error(`registry ${spec.id} does not run`);
    const { session, worker } = registry.spec;
    if (session.href === spec.session.href && worker === spec.worker) registry.replace(spec);
    else {
      void this.remove(spec.id);
      this.add(spec, restoring);
    }
  }

  /** Ends a registry for good. The feed is told nothing: who removes a registry also drops what it gave. */
  async remove(id: string): Promise<void> {
    const registry = this.#registries.get(id);
    if (registry === undefined) return;
    this.#registries.delete(id);
    const name = groupName(registry.spec);
    const stopped = registry.stop();
    // Whoever comes next has a worker of its own at once, and does not wait for this one's end.
    if (![...this.#registries.values()].some(({ spec }) => groupName(spec) === name)) this.#groups.delete(name);
    await stopped;
  }

  /** Asks for a new complete listing; a registry that does not run is left alone. */
  relist(id: string): void {
    this.#registries.get(id)?.relist();
  }

  /** Lets every worker give back what it no longer needs. */
  collectGarbage(): void {
    for (const group of this.#groups.values()) group.collectGarbage();
  }

  status(id: string): RegistryStatus | undefined {
    return this.#registries.get(id)?.status;
  }

  /** The latest problems of a registry, newest first; at most `mostProblems`. */
  problems(id: string): readonly KnownProblem[] {
    return this.#registries.get(id)?.problems ?? [];
  }

  /** Bytes held by a registry's worker, as of its last heartbeat. */
  memory(id: string): { readonly heap: number; readonly external: number } | undefined {
    return this.#registries.get(id)?.memory;
  }

  /** Ends all workers, within a second. */
  async stop(): Promise<void> {
    await Promise.all([...this.#registries.keys()].map((id) => this.remove(id)));
  }

  #group(spec: RegistrySpec): WorkerGroup {
    const name = groupName(spec);
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new WorkerGroup(registryLogger(this.#log, spec.worker ?? spec.id), this.#options);
      this.#groups.set(name, group);
    }
    group.limit(spec.limits);
    return group;
  }
}

/** Not the id of any registry where the worker is shared. */
function groupName({ id, worker }: RegistrySpec): string {
  return worker === undefined ? id : `shared ${worker}`;
}

/** Each line of a registry names it. */
function registryLogger(log: Logger, registry: string): Logger {
  return {
    debug: (fields, message) => log.debug({ registry, ...fields }, message),
    info: (fields, message) => log.info({ registry, ...fields }, message),
    warn: (fields, message) => log.warn({ registry, ...fields }, message),
    error: (fields, message) => log.error({ registry, ...fields }, message),
  };
}
