/** What the configuration settles for clusters, wherever they come from. */
import type { ClusterConfig, ClustersConfig } from "../config/schema.ts";
import type { ClusterAttributes } from "./cluster-set.ts";
import type { KnownCluster } from "./known-cluster.ts";
import type { ClusterAccess } from "./offer.ts";
import type { RosterCluster } from "./roster.ts";

export function attributesOf(config: ClustersConfig, id: string): ClusterAttributes {
  const settled = entryOf(config, id);
  const { network, region, zone, priority = 0, optional = false, unreachable, drainAfter } = settled ?? {};
  return {
    ...(network !== undefined && { network }),
    ...(region !== undefined && { region }),
    ...(zone !== undefined && { zone }),
    priority,
    policy: { optional, ...(unreachable !== undefined && { unreachable }), ...(drainAfter !== undefined && { drainAfter }) },
  };
}

export function isEnabled(config: ClustersConfig, id: string): boolean {
  return entryOf(config, id)?.enabled !== false;
}

/** @param access how to reach it now */
export function knownCluster(config: ClustersConfig, { id, local }: RosterCluster, access: ClusterAccess): KnownCluster {
  const { policy, ...attributes } = attributesOf(config, id);
  const isLocal = entryOf(config, id)?.local ?? local;
  return { credential: { id, ...access, ...(isLocal && { local: true }), ...attributes }, policy };
}

/** The cluster in which remote secrets are read; undefined: there is none. */
export function defaultCluster(config: ClustersConfig): string | undefined {
  const list = config.list.filter(({ enabled }) => enabled);
  const local = list.find((cluster) => cluster.local ?? cluster.inCluster);
  const withCredential = list.find(({ kubeconfig, inCluster }) => kubeconfig !== undefined || inCluster);
  return config.default ?? local?.id ?? withCredential?.id;
}

function entryOf({ list }: ClustersConfig, id: string): ClusterConfig | undefined {
  return list.find((cluster) => cluster.id === id);
}
