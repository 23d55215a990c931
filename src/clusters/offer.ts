/** A cluster as one of the places that clusters come from has it. */
import type { ClusterCredential } from "./credential.ts";

/** How to reach a cluster, without what the configuration says of it. */
export type ClusterAccess = Omit<ClusterCredential, "id" | "local" | "network" | "region" | "zone" | "priority">;

export interface ClusterOffer {
  readonly id: string;
  /** Whose offer it is, for people: `secret istio-system/remote-b`, `file /etc/clusters/b.yaml`. Unique with the id within its place. */
  readonly owner: string;
  /** Absent: it cannot be used, for the reason in `refused`. */
  readonly access?: ClusterAccess;
  readonly refused?: string;
  /** True for the cluster that Tributary runs in. */
  readonly local?: true;
  /** Older offers of one place have precedence over younger ones; any text that sorts by age. Absent: unknown. */
  readonly since?: string;
}

/** What a session of such a place emits: for the cluster manager, never for the catalog. */
export interface ClusterItem {
  readonly kind: "cluster";
  readonly cluster: ClusterOffer;
}

/** Letters, digits, `-`, `_` and `.`: it becomes part of labels, metrics and file names. */
export function isClusterId(id: string): boolean {
  return /^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(id);
}
