/** What others may know of the read-backs: for the admin API, `why` and the metrics. */
import type { TypeKey } from "../snapshot/snapshot.ts";
import type { FailureReason, StateCount } from "./findings.ts";
import type { Guess } from "./guess.ts";

export type ResourceReadBack =
  /** Nothing is known of the version that is served now; `why` says why in words. */
  | { readonly state: "unknown"; readonly why: string }
  /** istiod holds the version that is served. Times are epoch ms. */
  | { readonly state: "accepted"; readonly version: string; readonly checkedAt: number }
  | {
      readonly state: "missing" | "other-version" | "shadowed";
      /** The version that istiod acknowledged. */
      readonly sent: string;
      /** The version that istiod holds; undefined where it is missing. */
      readonly held: string | undefined;
      readonly checkedAt: number;
      /** The first read-back that found it so. */
      readonly since: number;
      readonly guess: Guess;
    };

export interface ReadBackSummary {
  /** Epoch ms of the last read-back that came to an end well; undefined before. */
  readonly lastSuccess: number | undefined;
  /** Of the last successful one, in ms, and of its dump. */
  readonly durationMs: number | undefined;
  readonly dumpBytes: number | undefined;
  /** The port of istiod that answered. */
  readonly port: number | undefined;
  /** As of the last successful one, without the differences of names that changed meanwhile. */
  readonly counts: readonly StateCount[];
  /** How the last one failed, if it did. */
  readonly lastFailure: { readonly at: number; readonly reason: FailureReason; readonly detail: string } | undefined;
  /** Since the start. */
  readonly successes: number;
  readonly failures: Readonly<Partial<Record<FailureReason, number>>>;
}

export interface ReadBackView {
  summary(): ReadBackSummary;
  /** What istiod holds of "namespace/name"; undefined if nothing of that name is served. */
  resource(type: TypeKey, name: string): ResourceReadBack | undefined;
}
