/**
 * The registries of the configuration as sources: one that reads clusters becomes a source per cluster, with the
 * cluster's own network, locality and protection. Everything downstream of here knows sources only.
 */
import type { ClusterPolicy, KnownCluster } from "../clusters/known-cluster.ts";
import type { RegistryConfig } from "../config/schema.ts";
import type { RegistryKind } from "../registries/contract.ts";
import { sourceId } from "../registries/source-id.ts";

/** What is known of the clusters at a moment. */
export interface ClusterSet {
  /** Every place that clusters come from was read completely. */
  readonly isComplete: boolean;
  readonly clusters: readonly KnownCluster[];
  /** What holds for a cluster of which only the id is known. */
  attributesOf(id: string): ClusterAttributes;
}

export const noClusters: ClusterSet = {
  isComplete: true,
  clusters: [],
  attributesOf: () => ({ priority: 0, policy: { optional: false } }),
};

/** What a cluster gives to its endpoints, whatever its credential. */
export interface ClusterAttributes {
  readonly network?: string;
  readonly region?: string;
  readonly zone?: string;
  readonly priority: number;
  readonly policy: ClusterPolicy;
}

export interface RegistrySource {
  readonly config: RegistryConfig;
  /** False: it has no session, either because no cluster is known yet, or because this one is only remembered. */
  readonly isRunning: boolean;
}

/** @param remembered clusters of which an earlier process kept something; they count until the set is complete. */
export function expand(
  registry: RegistryConfig,
  { needsClusters }: RegistryKind,
  set: ClusterSet,
  remembered: readonly string[],
): readonly RegistrySource[] {
  if (!needsClusters) return [{ config: registry, isRunning: true }];
  const known = set.clusters.map(({ credential, policy }) => ({
    id: credential.id,
    priority: credential.priority,
    source: { config: { ...inCluster(registry, credential.id, { ...credential, policy }), cluster: credential }, isRunning: true },
  }));
  if (set.isComplete) return known.sort(byPriority).map(({ source }) => source);
  const ids = new Set(known.map(({ id }) => id));
  const waiting = remembered.flatMap((id) => {
    const attributes = set.attributesOf(id);
    const source = { config: inCluster(registry, id, attributes), isRunning: false };
    return ids.has(id) ? [] : [{ id, priority: attributes.priority, source }];
  });
  // Stands for the clusters that are still to be told. Without any that is remembered, nothing is known of the view.
  const rest = { config: { ...registry, required: registry.required && waiting.length === 0 }, isRunning: false };
  return [...[...known, ...waiting].sort(byPriority).map(({ source }) => source), rest];
}

/** The cluster is nearer to its endpoints than the registry, which spans several. */
function inCluster(registry: RegistryConfig, id: string, { network, region, zone, policy }: ClusterAttributes): RegistryConfig {
  const { unreachable = registry.protection.unreachable, drainAfter = registry.protection.drainAfter } = policy;
  return {
    ...registry,
    id: sourceId(registry.id, id),
    required: registry.required && !policy.optional,
    network: network ?? registry.network,
    protection: { ...registry.protection, unreachable, drainAfter },
    ...((region !== undefined || zone !== undefined) && {
      locality: { ...(region !== undefined && { region }), ...(zone !== undefined && { zone }) },
    }),
  };
}

interface Ranked {
  readonly id: string;
  readonly priority: number;
}

function byPriority(one: Ranked, other: Ranked): number {
  return other.priority - one.priority || (one.id < other.id ? -1 : 1);
}
