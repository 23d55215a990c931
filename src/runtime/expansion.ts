/**
 * The registries of the configuration as sources: one that reads clusters becomes a source per cluster, with the
 * cluster's own network, locality and protection. Everything downstream of here knows sources only.
 */
import type { ClusterAttributes, ClusterSet } from "../clusters/cluster-set.ts";
import type { ClusterCredential } from "../clusters/credential.ts";
import type { RegistryConfig } from "../config/schema.ts";
import type { RegistryKind } from "../registries/contract.ts";
import { sourceId } from "../registries/source-id.ts";

export interface RegistrySource {
  readonly config: RegistryConfig;
  /** False: it has no session, either because no cluster is known yet, or because this one is only remembered. */
  readonly isRunning: boolean;
}

/**
 * @param remembered clusters of which an earlier process kept something. They count until the set is complete, and then as
 * long as they are there, but cannot be used.
 */
export function expand(
  registry: RegistryConfig,
  { needsClusters }: RegistryKind,
  set: ClusterSet,
  remembered: readonly string[],
): readonly RegistrySource[] {
  if (!needsClusters) return [{ config: registry, isRunning: true }];
  const read = set.clusters.filter(({ credential }) => isRead(registry, credential));
  const known = read.map(({ credential, policy }) => {
    const config = inCluster(registry, credential.id, { ...credential, policy });
    const required = config.required && !givesOnlyNames(registry, credential);
    return {
      id: credential.id,
      priority: credential.priority,
      source: { config: { ...config, required, cluster: credential }, isRunning: true },
    };
  });
  const ids = new Set(known.map(({ id }) => id));
  const waiting = remembered
    .filter((id) => !ids.has(id) && (!set.isComplete || set.unusable.includes(id)))
    .map((id) => {
      const attributes = set.attributesOf(id);
      return { id, priority: attributes.priority, source: { config: inCluster(registry, id, attributes), isRunning: false } };
    });
  const sources = [...known, ...waiting].sort(byPriority).map(({ source }) => source);
  if (set.isComplete) return sources;
  // Stands for the clusters that are still to be told. Without any that is remembered, nothing is known of the view.
  const rest = { config: { ...registry, required: registry.required && waiting.length === 0 }, isRunning: false };
  return [...sources, rest];
}

/**
 * istiod has the Services of its own cluster already; a kind that would tell them again has a setting that says whether it
 * shall. If not, it tells which there are, and no answer waits for that.
 */
function givesOnlyNames(registry: RegistryConfig, { local }: ClusterCredential): boolean {
  return registry.ownCluster === false && local === true;
}

/** A registry may name its clusters; istiod's own is always one, for its names. */
function isRead(registry: RegistryConfig, credential: ClusterCredential): boolean {
  const chosen = registry.clusters as readonly string[] | undefined;
  return chosen === undefined || chosen.length === 0 || chosen.includes(credential.id) || givesOnlyNames(registry, credential);
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
