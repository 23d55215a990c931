/** What is known of the clusters at a moment: what the registries that read from them are told. */
import type { ClusterPolicy, KnownCluster } from "./known-cluster.ts";

export interface ClusterSet {
  /** Every place that clusters come from was read completely. */
  readonly isComplete: boolean;
  /** In order of their ids. */
  readonly clusters: readonly KnownCluster[];
  /** Ids of clusters that exist, but could not be used so far. */
  readonly unusable: readonly string[];
  /** What holds for a cluster of which only the id is known. */
  attributesOf(id: string): ClusterAttributes;
}

/** What a cluster gives to its endpoints, whatever its credential. */
export interface ClusterAttributes {
  readonly network?: string;
  readonly region?: string;
  readonly zone?: string;
  readonly priority: number;
  readonly policy: ClusterPolicy;
}

export const noClusters: ClusterSet = {
  isComplete: true,
  clusters: [],
  unusable: [],
  attributesOf: () => ({ priority: 0, policy: { optional: false } }),
};
