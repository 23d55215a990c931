/** A cluster that can be talked to, and what was settled for it. */
import type { ClusterCredential } from "./credential.ts";

export interface KnownCluster {
  readonly credential: ClusterCredential;
  /** What is said of it, whatever its credential. */
  readonly policy: ClusterPolicy;
}

export interface ClusterPolicy {
  /** First answers to istiod do not wait for it. */
  readonly optional: boolean;
  /** What becomes of its endpoints when it cannot be reached; absent: as the registry's `protection` says. */
  readonly unreachable?: "keep" | "drain";
  /** With `drain`: after this time without contact, in ms. */
  readonly drainAfter?: number;
}
