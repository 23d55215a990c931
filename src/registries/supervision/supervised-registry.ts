/** One registry under supervision: a session at a time, its last state kept from one to the next. */
import type { Logger } from "../../log/logger.ts";
import type { Feed, RegistryStatus } from "../feed.ts";
import { type KnownProblem, ProblemLog } from "./problem-log.ts";
import type { Restoring } from "./restoring.ts";
import { StatusTracker } from "./status-tracker.ts";
import type { GroupMember, WorkerGroup } from "./worker-group.ts";
import type { WorkerLimits } from "./worker-host.ts";
import type { Batch, FromSession, SessionStart } from "./worker-messages.ts";

/** What is needed to run a registry: everything here is plain data. */
export interface RegistrySpec {
  /** The registry's id in the configuration. */
  readonly id: string;
  /** `RegistryKind.session` of its kind. */
  readonly session: URL;
  /** Parsed by the kind's schema, secrets resolved. */
  readonly settings: unknown;
  /** It has no session for now: what is known of it stays, until it gets settings to run with. */
  readonly isDormant?: boolean;
  /** Why, if not because nothing is known of how to reach it. */
  readonly dormancy?: string | undefined;
  /** Name of the worker it shares with all who name the same; absent: a worker of its own. */
  readonly worker?: string;
  /** Of that worker; absent: as for all. Others hold from the worker's next start on. */
  readonly limits?: WorkerLimits;
}

/** Whoever works off what the feed is told. */
export interface Downstream {
  /** Calls back once nothing waits there: at once, or later. */
  whenWorkedOff(callback: () => void): void;
}

interface Surroundings {
  readonly feed: Feed;
  readonly downstream: Downstream;
  readonly log: Logger;
  readonly group: WorkerGroup;
  readonly mostProblems: number;
}

export class SupervisedRegistry implements GroupMember {
  #spec: RegistrySpec;
  readonly #feed: Feed;
  readonly #downstream: Downstream;
  readonly #log: Logger;
  readonly #group: WorkerGroup;
  readonly #tracker: StatusTracker;
  readonly #problems: ProblemLog;
  /** The items downstream knows, and which session told each of them last. */
  readonly #items = new Map<string, number>();
  #session = 0;
  #generation = 0;
  #restarts = 0;
  /** New settings wait for the old session to end. */
  #replacing = false;
  #stopping: Promise<void> | undefined;

  /** What earlier processes knew is still being read: sessions wait for it. */
  #knowsItems = true;
  /** What the session says meanwhile; undefined: it is heard at once. Bounded by the session's credit. */
  #unheard: FromSession[] | undefined;

  /** `restoring`: the session starts at once, but is heard only after what an earlier process kept. */
  constructor(spec: RegistrySpec, { feed, downstream, log, group, mostProblems }: Surroundings, restoring?: Restoring) {
    this.#spec = spec;
    this.#feed = feed;
    this.#downstream = downstream;
    this.#log = log;
    this.#group = group;
    this.#problems = new ProblemLog(log, mostProblems);
    this.#tracker = new StatusTracker((status) => feed.status(spec.id, status));
    if (restoring) this.#await(restoring);
    if (!spec.isDormant) this.#session = group.join(this);
    else if (spec.dormancy !== undefined) this.#tracker.sessionLost(spec.dormancy);
  }

  /** What it runs with. */
  get spec(): RegistrySpec {
    return this.#spec;
  }

  get status(): RegistryStatus {
    return this.#tracker.status;
  }

  get problems(): readonly KnownProblem[] {
    return this.#problems.latest;
  }

  /** Bytes held by its worker, as of the last heartbeat. */
  get memory(): { readonly heap: number; readonly external: number } {
    return this.#group.memory;
  }

  relist(): void {
    this.#group.tell(this.#session, { type: "relist" });
  }

  /**
   * Runs with other settings from now on: the session takes them over, or another takes its place;
   * what is known then stays until that one's first listing.
   */
  replace(spec: RegistrySpec): void {
    const wasDormant = this.#spec.isDormant === true;
    this.#group.limit(spec.limits);
    this.#spec = spec;
    if (spec.isDormant) {
      if (!wasDormant) this.#fallAsleep();
      return;
    }
    if (wasDormant) this.#session = this.#group.join(this);
    else this.#group.tell(this.#session, { type: "update", settings: spec.settings });
    this.#group.renew();
  }

  /** Ends the session. Tells the feed nothing: the last state stays until whoever stops it drops it. */
  stop(): Promise<void> {
    this.#stopping ??= this.#group.leave(this.#session);
    return this.#stopping;
  }

  begin(session: number): SessionStart {
    this.#session = session;
    this.#generation++;
    this.#tracker.workerStarted();
    const { id, session: module, settings } = this.#spec;
    const known = this.#knowsItems ? [...this.#items.keys()] : undefined;
    return { session, registry: id, module: module.href, settings, known };
  }

  heard(word: FromSession): void {
    // Lines of the log change nothing, and help most when the rest is not heard; neither can what it asks for wait.
    if (this.#unheard && word.type !== "log" && word.type !== "outdated") this.#unheard.push(word);
    else this.#hear(word);
  }

  lost(reason: string, retryAt: number): void {
    // What it was about to say of itself is no longer so.
    if (this.#unheard) this.#unheard = [];
    this.#restarts++;
    this.#tracker.workerLost(reason, this.#restarts, retryAt);
  }

  #fallAsleep(): void {
    void this.#group.leave(this.#session);
    if (this.#unheard) this.#unheard = [];
    this.#tracker.sessionLost(this.#spec.dormancy ?? "nothing is known for now of how to reach it");
  }

  async #renew(): Promise<void> {
    if (this.#replacing) return;
    this.#replacing = true;
    const old = this.#session;
    await this.#group.leave(old);
    this.#replacing = false;
    if (this.#stopping || this.#spec.isDormant || this.#session !== old) return;
    if (this.#unheard) this.#unheard = [];
    this.#log.info({}, "starts again with its new settings");
    this.#tracker.sessionLost("its settings changed");
    this.#session = this.#group.join(this);
  }

  #await({ known, applied }: Restoring): void {
    this.#knowsItems = false;
    this.#unheard = [];
    void known.then((ids) => {
      // No worker of this process told of them.
      for (const id of ids) this.#items.set(id, 0);
      this.#knowsItems = true;
      this.#group.tell(this.#session, { type: "known", ids });
    });
    void applied.then((complete) => {
      if (this.#stopping) return;
      if (complete !== undefined) this.#tracker.restored(complete);
      const unheard = this.#unheard ?? [];
      this.#unheard = undefined;
      for (const word of unheard) this.#hear(word);
    });
  }

  #hear(word: FromSession): void {
    // Who stops a registry drops its state at once; nothing may come after.
    if (this.#stopping) return;
    switch (word.type) {
      case "batch":
        this.#apply(word);
        this.#acknowledge(this.#session);
        break;
      case "contact":
        this.#tracker.contact(word.at);
        break;
      case "unreachable":
        this.#log.warn({ code: "REGISTRY_UNREACHABLE" }, `${word.reason}; its last state is kept`);
        this.#tracker.unreachable(word.reason, word.losses);
        break;
      case "suspicious":
        this.#log.warn({}, `suspicious: ${word.what}`);
        this.#tracker.suspicious(word.what, word.suspicions);
        break;
      case "abandoned":
        this.#log.warn({}, `a listing failed, nothing is removed: ${word.reason}`);
        this.#tracker.abandoned(word.reason);
        break;
      case "log":
        this.#log[word.level](JSON.parse(word.fields), word.message);
        break;
      case "outdated":
        void this.#renew();
        break;
    }
  }

  /** The first listing is taken as quickly as it comes: nothing else is as urgent. */
  #acknowledge(session: number): void {
    const acknowledge = () => this.#group.tell(session, { type: "ack" });
    if (this.#tracker.status.synced) this.#downstream.whenWorkedOff(acknowledge);
    else acknowledge();
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
      // What only an earlier session told is not in this one's complete listing.
      for (const [id, generation] of this.#items) if (generation !== this.#generation) this.#items.delete(id);
      this.#feed.listed(registry, new Set(this.#items.keys()), commit.seenAt);
      this.#tracker.committed(commit);
    }
  }
}
