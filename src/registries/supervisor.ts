/**
 * Runs every registry in a worker of its own. It imports no client library and no validation, so
 * that workers can start before the rest of the program is loaded.
 */
import type { Logger } from "../log/logger.ts";
import { containedFeed } from "./contained-feed.ts";
import type { Feed, RegistryStatus } from "./feed.ts";
import type { KnownProblem } from "./problem-log.ts";
import type { Restoring } from "./restoring.ts";
import { type RegistrySpec, SupervisedRegistry } from "./supervised-registry.ts";
import { defaultSupervisorOptions, type SupervisorOptions } from "./supervisor-options.ts";

export class Supervisor {
  readonly #feed: Feed;
  readonly #log: Logger;
  readonly #options: SupervisorOptions;
  readonly #registries = new Map<string, SupervisedRegistry>();

  constructor(feed: Feed, log: Logger, options: Partial<SupervisorOptions> = {}) {
    this.#feed = containedFeed(feed, log);
    this.#log = log;
    this.#options = { ...defaultSupervisorOptions, ...options };
  }

  get registries(): readonly string[] {
    return [...this.#registries.keys()];
  }

  /** Starts a registry. Throws if its id is taken. */
  add(spec: RegistrySpec, restoring?: Restoring): void {
    if (this.#registries.has(spec.id)) throw new Error(`registry ${spec.id} runs already`);
    this.#registries.set(spec.id, new SupervisedRegistry(spec, this.#feed, this.#log, this.#options, restoring));
  }

  /**
   * New settings for a running registry: a new worker, the known state kept meanwhile. One of
   * another kind starts as if it were added, since the old state and status say nothing about it.
   */
  replace(spec: RegistrySpec, restoring?: Restoring): void {
    const registry = this.#registries.get(spec.id);
    if (!registry) throw new Error(`registry ${spec.id} does not run`);
    if (registry.session === spec.session.href) registry.replace(spec);
    else {
      void this.remove(spec.id);
      this.add(spec, restoring);
    }
  }

  /** Ends a registry for good. The feed is told nothing: who removes a registry also drops what it gave. */
  async remove(id: string): Promise<void> {
    const registry = this.#registries.get(id);
    this.#registries.delete(id);
    await registry?.stop();
  }

  /** Asks for a new complete listing; a registry that does not run is left alone. */
  relist(id: string): void {
    this.#registries.get(id)?.relist();
  }

  /** Lets every worker give back what it no longer needs. */
  collectGarbage(): void {
    for (const registry of this.#registries.values()) registry.collectGarbage();
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
}
