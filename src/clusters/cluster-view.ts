/** A cluster as people and metrics see it. */
import type { RegistryStatus } from "../registries/feed.ts";
import type { ClusterReport } from "./cluster-manager.ts";

/**
 * - `syncing`: not everything in it was listed so far
 * - `timeout`: nor within `clusters.syncTimeout`; it goes on being tried
 * - `synced`: all that is read from it was listed, and it answers
 * - `unreachable`: its API server does not answer; what is known of it stays
 * - `refused`: its credential cannot be used, and there never was another
 * - `closed`: it is there, but `enabled: false`
 */
export const clusterStates = ["syncing", "timeout", "synced", "unreachable", "refused", "closed"] as const;

export type ClusterState = (typeof clusterStates)[number];

export interface ClusterView {
  readonly id: string;
  readonly state: ClusterState;
  /** Why it is not synced, or what is wrong with its newest credential; undefined: nothing is. */
  readonly reason: string | undefined;
  /** The place it comes from and its owner there. */
  readonly place: string;
  readonly owner: string;
  /** Others that want the id and are not heard. */
  readonly rejected: readonly string[];
  /** Host and port of its API server; undefined: not known. */
  readonly server: string | undefined;
  readonly isLocal: boolean;
  readonly isDefault: boolean;
  readonly isOptional: boolean;
  /** By its probes; undefined: no verdict so far. */
  readonly healthy: boolean | undefined;
  /** Epoch ms; 0: never. */
  readonly lastContact: number;
  readonly services: number;
  readonly endpoints: number;
  /** Its connections were made anew so often. */
  readonly renewals: number;
  readonly network: string | undefined;
  readonly region: string | undefined;
  readonly zone: string | undefined;
  readonly priority: number;
}

/** What one registry reads from a cluster. */
export interface ClusterSource {
  readonly status: RegistryStatus;
  readonly services: number;
  readonly endpoints: number;
}

export interface ClusterContext {
  readonly sources: readonly ClusterSource[];
  readonly isDefault: boolean;
  /** ms */
  readonly syncTimeout: number;
  /** Epoch ms. */
  readonly now: number;
}

export function clusterView(report: ClusterReport, context: ClusterContext): ClusterView {
  const { id, place, owner, rejected, local, health, known, renewals } = report;
  const { sources, isDefault } = context;
  const { server, network, region, zone, priority = 0, local: isLocal = local } = known?.credential ?? {};
  const state = stateOf(report, context);
  const troubles = [health, ...sources.map(({ status }) => status)].map((status) => status?.reason);
  return {
    id,
    state,
    reason: report.refused ?? (state === "synced" ? undefined : troubles.find((reason) => reason !== undefined)),
    place,
    owner,
    rejected,
    server: server === undefined ? undefined : new URL(server).host,
    isLocal,
    isDefault,
    isOptional: known?.policy.optional ?? false,
    healthy: health === undefined || health.phase === "starting" ? undefined : health.phase === "live",
    lastContact: Math.max(0, health?.lastContact ?? 0, ...sources.map(({ status }) => status.lastContact)),
    services: sources.reduce((sum, { services }) => sum + services, 0),
    endpoints: sources.reduce((sum, { endpoints }) => sum + endpoints, 0),
    renewals,
    network,
    region,
    zone,
    priority,
  };
}

function stateOf({ access, known, health, since }: ClusterReport, { sources, syncTimeout, now }: ClusterContext): ClusterState {
  if (access === undefined) return "refused";
  if (known === undefined) return "closed";
  if (health?.phase === "stale" && health.epoch > 0) return "unreachable";
  if (sources.some(({ status }) => status.phase === "stale")) return "unreachable";
  const isSynced = sources.length > 0 ? sources.every(({ status }) => status.synced) : health?.phase === "live";
  if (isSynced) return "synced";
  return now - since > syncTimeout ? "timeout" : "syncing";
}
