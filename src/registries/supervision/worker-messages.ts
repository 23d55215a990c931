/**
 * What a worker and the main thread say to each other. A worker holds one session or several; each
 * has a number. Everything is plain data, so that the same words can travel over a thread's port or
 * a child process's pipe.
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
 * an `ack` once it is applied; a session has only a few unacknowledged ones at a time, which is also
 * what makes the sessions of one worker wait for each other fairly.
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
  /** What this session once sent and the listing did not hold. Main adds what only earlier sessions sent. */
  readonly gone: readonly string[];
  /** What the listing named and could not read: it stays, also if only earlier sessions sent it. */
  readonly kept: readonly string[];
  readonly seenAt: number;
  /** Losses of contact at the time of the commit: a later loss is not healed by it. */
  readonly losses: number;
  /** Suspicions at the time the listing began: only those are settled by it. */
  readonly suspicions: number;
}

export interface LogLine {
  readonly type: "log";
  readonly level: LogLevel;
  /** JSON. */
  readonly fields: string;
  readonly message: string;
}

export type FromSession =
  | Batch
  /** The session was started. */
  | { readonly type: "started" }
  | { readonly type: "unreachable"; readonly reason: string; readonly losses: number }
  | { readonly type: "contact"; readonly at: number }
  | { readonly type: "suspicious"; readonly what: string; readonly suspicions: number }
  | { readonly type: "abandoned"; readonly reason: string }
  | LogLine
  /** It cannot take over new settings: another session has to. */
  | { readonly type: "outdated" }
  /** It is closed; nothing follows. */
  | { readonly type: "closed" };

export type FromWorker =
  | { readonly type: "said"; readonly session: number; readonly word: FromSession }
  /** Sent every `beatMs`; proves that the worker's event loop turns. Bytes; `thread` as the system calls it. */
  | { readonly type: "beat"; readonly heap: number; readonly external: number; readonly thread?: number | undefined }
  /** What no session said, such as the output of a library. */
  | LogLine;

export type ToSession =
  /** Where `SessionStart.known` is missing: the session may start now. */
  | { readonly type: "known"; readonly ids: readonly string[] }
  | { readonly type: "ack" }
  | { readonly type: "relist" }
  | { readonly type: "update"; readonly settings: unknown }
  | { readonly type: "close" };

export type ToWorker =
  /** Only to a thread that was made ready before it was known what for. */
  | { readonly type: "start"; readonly start: WorkerStart }
  /** One more session. */
  | { readonly type: "open"; readonly start: SessionStart }
  | { readonly type: "tell"; readonly session: number; readonly word: ToSession }
  /** Gives unused memory back. */
  | { readonly type: "collect" };

/** What a session is started with. */
export interface SessionStart {
  /** Its number: unique among the sessions of one worker. */
  readonly session: number;
  readonly registry: string;
  /** The session module's URL. */
  readonly module: string;
  readonly settings: unknown;
  /** `SessionContext.known`; undefined while it is still being read from disk: a message will tell. */
  readonly known: readonly string[] | undefined;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly worker: WorkerSettings;
  readonly sessions: readonly SessionStart[];
}
