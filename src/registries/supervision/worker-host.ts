/**
 * Where a registry's worker lives. A thread by default; a child process can take its place where
 * native or Buffer memory must be contained.
 */
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a worker itself must know; plain data. */
export interface WorkerSettings {
  /** Interval of the heartbeat, ms. */
  readonly beatMs: number;
  /** Lines below are not sent to the main thread. */
  readonly logLevel: LogLevel;
  /** It is of low priority from its start on: the one before it came to a bad end. */
  readonly givesWay: boolean;
}

/** What a registry may set of its worker's memory. MiB. */
export interface WorkerLimits {
  readonly heapMb: number;
  /** Buffers and native memory. */
  readonly externalMb: number;
}

/** Hard limits of one worker's JavaScript heap, enforced by the engine. MiB. */
export interface HeapLimits {
  readonly oldGenerationMb: number;
  readonly youngGenerationMb: number;
}

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** The worker is gone, for the reason given. Called exactly once, also after `terminate`. */
  exit(reason: string): void;
}

export interface HostedWorker {
  /** Never throws; a message to a dead worker is lost. */
  post(message: ToWorker): void;
  /** Ends the worker by force, even in the middle of an endless loop. */
  terminate(): void;
}

export interface WorkerHost {
  /** Starts a worker; failures are told by `exit`, later. */
  start(start: WorkerStart, limits: HeapLimits, events: WorkerEvents): HostedWorker;
}
