/** What the supervisor watches and how patient it is. */
import type { BackOffLimits } from "../back-off.ts";
import { threadHost } from "./thread-host.ts";
import type { HeapLimits, LogLevel, WorkerHost } from "./worker-host.ts";

export interface SupervisorOptions {
  readonly host: WorkerHost;
  readonly heap: HeapLimits;
  /** Buffers and native memory held by one worker, MiB; more restarts it. */
  readonly externalMb: number;
  /** Interval of a worker's heartbeat, ms. */
  readonly beatMs: number;
  /** A worker that misses this many in a row hangs, and is ended by force. */
  readonly missedBeats: number;
  readonly backOff: BackOffLimits;
  /** A worker that ran this long starts again without back-off's memory, ms. */
  readonly healthyMs: number;
  /** How long a session may take to close, ms. */
  readonly closeMs: number;
  /** How long a worker may resist its forced end before it is given up, ms. */
  readonly terminateMs: number;
  readonly logLevel: LogLevel;
  /** Distinct problems of one registry that are remembered: the newest. */
  readonly mostProblems: number;
}

export const defaultSupervisorOptions: SupervisorOptions = {
  host: threadHost,
  heap: { oldGenerationMb: 512, youngGenerationMb: 24 },
  externalMb: 512,
  beatMs: 1_000,
  missedBeats: 10,
  backOff: { firstMs: 500, mostMs: 30_000 },
  healthyMs: 60_000,
  closeMs: 800,
  terminateMs: 150,
  logLevel: "info",
  mostProblems: 200,
};
