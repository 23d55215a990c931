/** One registry under supervision: a worker at a time, restarted with back-off, its last state kept. */
import type { Logger } from "../log/logger.ts";
import { backOff } from "./back-off.ts";
import type { Feed, RegistryStatus } from "./feed.ts";
import { type KnownProblem, ProblemLog } from "./problem-log.ts";
import type { Restoring } from "./restoring.ts";
import { StatusTracker } from "./status-tracker.ts";
import { SupervisedWorker } from "./supervised-worker.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import type { Batch, FromWorker } from "./worker-messages.ts";

/** What is needed to run a registry: everything here is plain data. */
export interface RegistrySpec {
  /** The registry's id in the configuration. */
  readonly id: string;
  /** `RegistryKind.session` of its kind. */
  readonly session: URL;
  /** Parsed by the kind's schema, secrets resolved. */
  readonly settings: unknown;
}

export class SupervisedRegistry {
  #spec: RegistrySpec;
  readonly #feed: Feed;
  readonly #log: Logger;
  readonly #options: SupervisorOptions;
  readonly #tracker: StatusTracker;
  readonly #problems: ProblemLog;
  /** The items downstream knows, and which worker told each of them last. */
  readonly #items = new Map<string, number>();
  #worker: SupervisedWorker | undefined;
  #generation = 0;
  #restarts = 0;
  #attempt = 0;
  #startedAt = 0;
  #restarting: NodeJS.Timeout | undefined;
  /** New settings wait for the old worker to end. */
  #replacing = false;
  #stopped: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  /** What earlier processes knew is still being read: sessions wait for it. */
  #knowsItems = true;
  /** What the worker says meanwhile; undefined: it is heard at once. Bounded by the worker's credit. */
  #unheard: FromWorker[] | undefined;

  /** `restoring`: the worker starts at once, but is heard only after what an earlier process kept. */
  constructor(spec: RegistrySpec, feed: Feed, log: Logger, options: SupervisorOptions, restoring?: Restoring) {
    this.#spec = spec;
    this.#feed = feed;
    this.#log = registryLogger(log, spec.id);
    this.#options = options;
    this.#problems = new ProblemLog(this.#log, options.mostProblems);
    this.#tracker = new StatusTracker((status) => feed.status(spec.id, status));
    if (restoring) this.#await(restoring);
    this.#start();
  }

  /** The session module's URL. */
  get session(): string {
    return this.#spec.session.href;
  }

  get status(): RegistryStatus {
    return this.#tracker.status;
  }

  get problems(): readonly KnownProblem[] {
    return this.#problems.latest;
  }

  /** Bytes held by the worker, as of its last heartbeat. */
  get memory(): { readonly heap: number; readonly external: number } {
    return this.#worker?.memory ?? { heap: 0, external: 0 };
  }

  relist(): void {
    this.#worker?.relist();
  }

  collectGarbage(): void {
    this.#worker?.collectGarbage();
  }

  /** Runs with other settings from now on; what is known stays until the new worker's first listing. */
  replace(spec: RegistrySpec): void {
    this.#spec = spec;
    this.#attempt = 0;
    this.#replacing = true;
    if (this.#worker) this.#worker.close();
    else if (this.#restarting) this.#start();
  }

  /** Ends the worker. Tells the feed nothing: the last state stays until whoever stops it drops it. */
  stop(): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      this.#stopped = resolve;
      clearTimeout(this.#restarting);
      if (this.#worker) this.#worker.close();
      else resolve();
    });
    return this.#stopping;
  }

  #start(): void {
    clearTimeout(this.#restarting);
    this.#restarting = undefined;
    this.#replacing = false;
    this.#generation++;
    this.#startedAt = performance.now();
    const { id, session, settings } = this.#spec;
    const { beatMs, logLevel } = this.#options;
    const known = this.#knowsItems ? [...this.#items.keys()] : undefined;
    const start = { registry: id, session: session.href, settings, known, worker: { beatMs, logLevel } };
    this.#worker = new SupervisedWorker(start, this.#options, {
      // Lines of the log change nothing, and help most when the rest is not heard.
      message: (message) => (this.#unheard && message.type !== "log" ? this.#unheard.push(message) : this.#heard(message)),
      ended: (reason) => this.#ended(reason),
    });
  }

  #await({ known, applied }: Restoring): void {
    this.#knowsItems = false;
    this.#unheard = [];
    void known.then((ids) => {
      // No worker of this process told of them.
      for (const id of ids) this.#items.set(id, 0);
      this.#knowsItems = true;
      this.#worker?.known(ids);
    });
    void applied.then((complete) => {
      if (this.#stopped) return;
      if (complete !== undefined) this.#tracker.restored(complete);
      const unheard = this.#unheard ?? [];
      this.#unheard = undefined;
      for (const message of unheard) this.#heard(message);
    });
  }

  #ended(reason: string): void {
    this.#worker = undefined;
    // What it was about to say of itself is no longer so.
    if (this.#unheard) this.#unheard = [];
    if (this.#stopped) {
      this.#stopped();
      return;
    }
    if (this.#replacing) {
      this.#log.info({}, "starts again with its new settings");
      this.#tracker.workerLost("its settings changed", this.#restarts);
      this.#start();
      return;
    }
    this.#restarts++;
    if (performance.now() - this.#startedAt >= this.#options.healthyMs) this.#attempt = 0;
    const wait = backOff(this.#attempt++, this.#options.backOff, Math.random());
    this.#log.error({ code: "REGISTRY_CRASHED", restarts: this.#restarts, waitMs: Math.round(wait) }, `${reason}; its last state is kept`);
    this.#tracker.workerLost(reason, this.#restarts);
    this.#restarting = setTimeout(() => this.#start(), wait);
  }

  #heard(message: FromWorker): void {
    // Who stops a registry drops its state at once; nothing may come after.
    if (this.#stopped) return;
    switch (message.type) {
      case "batch":
        this.#apply(message);
        this.#worker?.acknowledge();
        break;
      case "contact":
        this.#tracker.contact(message.at);
        break;
      case "unreachable":
        this.#log.warn({ code: "REGISTRY_UNREACHABLE" }, `${message.reason}; its last state is kept`);
        this.#tracker.unreachable(message.reason, message.losses);
        break;
      case "suspicious":
        this.#log.warn({}, `suspicious: ${message.what}`);
        this.#tracker.suspicious(message.what, message.suspicions);
        break;
      case "abandoned":
        this.#log.warn({}, `a listing failed, nothing is removed: ${message.reason}`);
        this.#tracker.abandoned(message.reason);
        break;
      case "log":
        this.#log[message.level](JSON.parse(message.fields), message.message);
        break;
    }
  }

  #apply(batch: Batch): void {
    const { id: registry } = this.#spec;
    const { upserts, removals, commit } = batch;
    for (let at = 0; at < upserts.length; at += 2) {
      const id = upserts[at] as string;
      this.#items.set(id, this.#generation);
      this.#feed.upsert(registry, id, upserts[at + 1] as string, batch.upsertsSeenAt[at / 2] as number);
    }
    for (const [at, id] of removals.entries()) {
      if (this.#items.delete(id)) this.#feed.remove(registry, id, batch.removalsSeenAt[at] as number);
    }
    for (const problem of batch.problems) {
      this.#problems.add(problem);
      this.#feed.problem(registry, { code: problem.code, where: problem.where, message: problem.message }, problem.count);
    }
    if (commit) {
      for (const id of commit.gone) this.#items.delete(id);
      for (const id of commit.kept) if (this.#items.has(id)) this.#items.set(id, this.#generation);
      // What only an earlier worker told is not in this one's complete listing.
      for (const [id, generation] of this.#items) if (generation !== this.#generation) this.#items.delete(id);
      this.#feed.listed(registry, new Set(this.#items.keys()), commit.seenAt);
      this.#tracker.committed(commit);
    }
  }
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
