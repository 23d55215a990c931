/**
 * What the supervisor hands downstream, per registry. Items travel as the JSON text of an
 * `Item`: the text is at once the wire form between threads, the form kept in memory, the form
 * of the journal and the means to tell whether anything changed.
 */
import type { Problem } from "./contract.ts";

export interface Feed {
  /** An item is new or different. `seenAt`: epoch ms (fractions) when the worker saw the change. */
  upsert(registry: string, id: string, text: string, seenAt: number): void;
  /** The registry confirmed the item's removal. Only ids that were upserted before. */
  remove(registry: string, id: string, seenAt: number): void;
  /** A complete listing ended; what is not in `ids` (a set of the receiver's own) is gone according to the registry. */
  listed(registry: string, ids: ReadonlySet<string>, seenAt: number): void;
  status(registry: string, status: RegistryStatus): void;
  /** `count`: how often it was met since it was last told; a flood is told in few calls. */
  problem(registry: string, problem: Problem, count: number): void;
}

/**
 * - `starting`: no complete listing yet in this process
 * - `live`: listed, and contact is current
 * - `stale`: contact lost or the worker is being restarted; the last state is kept. Also as long
 *   as that state is an earlier process's, and the registry was not listed in this one
 */
export type RegistryPhase = "starting" | "live" | "stale";

export interface StateOrigin {
  /** `address:port` of the replica that had it; absent: this one's own disk. */
  readonly peer?: string;
  /** Epoch ms at which it was last known to be so; absent: unknown. */
  readonly asOf?: number;
}

export interface WorkerEnd {
  readonly reason: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface RegistryStatus {
  readonly phase: RegistryPhase;
  /** Epoch ms since when the phase holds. */
  readonly since: number;
  /** Why it is not live; what is wrong, where, what to do. */
  readonly reason?: string;
  /** True once a complete listing was committed in this process. */
  readonly synced: boolean;
  /** True while what is known is the complete state that an earlier process kept: `stale`, and not `synced`. */
  readonly restored?: boolean;
  /** Where that state comes from. */
  readonly restoredFrom?: StateOrigin | undefined;
  /** Epoch ms of the last proven contact; 0 if none yet. */
  readonly lastContact: number;
  /**
   * Grows with every connection, session or worker that replaces an earlier one. A step opens
   * the hold of the removal table: shrinkage waits, is read again, then honoured.
   */
  readonly epoch: number;
  /** Restarts of a worker that ended by itself or had to be ended, so far; new settings do not count. */
  readonly restarts: number;
  /** How the last one ended; absent: none did. */
  readonly lastEnd?: WorkerEnd;
  /** Epoch ms at which the next worker is started; absent: one runs, or there is none to wait for. */
  readonly retryAt?: number | undefined;
  /** Set when the session itself found the registry's word suspicious (opens a hold like an epoch). */
  readonly suspicion?: string;
}
