/**
 * What a registry's worker and the main thread say to each other. Everything is plain data, so
 * that the same words can travel over a thread's port or a child process's pipe.
 */
import type { LogLevel, WorkerSettings } from "./worker-host.ts";

/** One problem and how often it was met since it was last told. */
export interface CountedProblem {
  readonly code: string;
  readonly where: string;
  readonly message: string;
  readonly count: number;
}

/**
 * Up to `batchItems` changes, then perhaps the commit of a listing. Main answers each batch with
 * an `ack` once it is applied; the worker has only a few unacknowledged ones at a time.
 */
export interface Batch {
  readonly type: "batch";
  /** `[id, text, id, text, …]`: each text is a string of its own, so that keeping one does not keep its batch. */
  readonly upserts: readonly string[];
  /** Epoch ms per upsert, when the oldest change it carries was seen. */
  readonly upsertsSeenAt: readonly number[];
  readonly removals: readonly string[];
  readonly removalsSeenAt: readonly number[];
  /** Present if a complete listing ends behind these changes. */
  readonly commit?: Commit;
  readonly problems: readonly CountedProblem[];
}

export interface Commit {
  /** What this worker once sent and the listing did not hold. Main adds what only earlier workers sent. */
  readonly gone: readonly string[];
  /** What the listing named and could not read: it stays, also if only earlier workers sent it. */
  readonly kept: readonly string[];
  readonly seenAt: number;
  /** Losses of contact at the time of the commit: a later loss is not healed by it. */
  readonly losses: number;
  /** Suspicions at the time the listing began: only those are settled by it. */
  readonly suspicions: number;
}

export type FromWorker =
  | Batch
  /** The session was started. */
  | { readonly type: "started" }
  /** Sent every `beatMs`; proves that the worker's event loop turns. Bytes. */
  | { readonly type: "beat"; readonly heap: number; readonly external: number }
  | { readonly type: "unreachable"; readonly reason: string; readonly losses: number }
  | { readonly type: "contact"; readonly at: number }
  | { readonly type: "suspicious"; readonly what: string; readonly suspicions: number }
  | { readonly type: "abandoned"; readonly reason: string }
  | { readonly type: "log"; readonly level: LogLevel; readonly fields: string; readonly message: string }
  /** The session is closed; the worker may end. */
  | { readonly type: "closed" };

export type ToWorker =
  /** Only to a thread that was made ready before it was known what for. */
  | { readonly type: "start"; readonly start: WorkerStart }
  /** Where `WorkerStart.known` is missing: the session may start now. */
  | { readonly type: "known"; readonly ids: readonly string[] }
  | { readonly type: "ack" }
  | { readonly type: "relist" }
  /** Gives unused memory back. */
  | { readonly type: "collect" }
  | { readonly type: "close" };

/** What a worker is started with. */
export interface WorkerStart {
  readonly registry: string;
  /** The session module's URL. */
  readonly session: string;
  readonly settings: unknown;
  /** `SessionContext.known`; undefined while it is still being read from disk: a message will tell. */
  readonly known: readonly string[] | undefined;
  readonly worker: WorkerSettings;
}
