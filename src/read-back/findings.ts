/** What one read-back found; plain data, because it comes from the worker. */
import type { TypeKey } from "../snapshot/snapshot.ts";

/**
 * `missing`: istiod does not have it. `other-version`: it has another copy of ours, as a rule the one
 * before. `shadowed`: it has an object of that name from another source. `extra`: it has one that
 * looks like ours and was not sent.
 */
export type DifferenceState = "missing" | "other-version" | "shadowed" | "extra";

export interface Difference {
  readonly type: TypeKey;
  /** "namespace/name". */
  readonly name: string;
  readonly state: DifferenceState;
  /** The version that istiod acknowledged; undefined for what is extra. */
  readonly sent: string | undefined;
  /** The version in istiod's dump; undefined for what is missing. */
  readonly held: string | undefined;
}

export interface StateCount {
  readonly type: TypeKey;
  readonly state: DifferenceState | "accepted";
  readonly count: number;
}

export interface Findings {
  /** The port that answered. */
  readonly port: number;
  /** Of the dump. */
  readonly bytes: number;
  /** Objects in the dump, of every kind. */
  readonly objects: number;
  /** Complete, also where `differences` is cut. */
  readonly counts: readonly StateCount[];
  /** At most as many as the limit allows. */
  readonly differences: readonly Difference[];
}

/**
 * `no-answer`: nobody listens. `timeout`: too slow. `status`: not HTTP 200. `content`: not a list of
 * objects. `too-large`: beyond the limit. `cut-off`: it ended in the middle. `worker`: our own thread
 * failed. `overtaken`: istiod, or everything that is served, was replaced meanwhile.
 */
export type FailureReason = "no-answer" | "timeout" | "status" | "content" | "too-large" | "cut-off" | "worker" | "overtaken";

export interface Failure {
  readonly failure: FailureReason;
  /** For people. */
  readonly detail: string;
}

export type Outcome = Findings | Failure;
