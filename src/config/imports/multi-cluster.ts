/**
 * `multi-cluster.yaml` of dubbo-kubernetes as parts of our configuration. Its typed part counts in full; of the rest, what
 * has a meaning here does, and everything else is named in a warning.
 */
import type { Path } from "../document.ts";
import { type ForeignFile, renamed, type Section } from "./foreign-values.ts";
import { healthCheck } from "./health-check.ts";

/** Raw: checked with everything else by the schema. */
export interface ImportedConfig {
  readonly registries: readonly Imported[];
  /** The registry that reads from the clusters, where the configuration has none that does. */
  readonly reader?: Imported;
  readonly clusters: readonly Imported[];
  /** Of `clusters.health`. */
  readonly health: Section;
}

/** A value of ours, and where in the file it comes from. */
export interface Imported {
  readonly value: Section;
  readonly path: Path;
}

export const nothingImported: ImportedConfig = { registries: [], clusters: [], health: {} };

const clusterKeys = { id: "id", kubeConfig: "kubeconfig", context: "context", priority: "priority", region: "region", zone: "zone" };

/** @param isEnabled whatever the file says */
export function importMultiCluster(content: unknown, isEnabled: boolean, file: ForeignFile): ImportedConfig {
  const document = file.section(content, []);
  const { multiCluster, crossClusterNetworking, clusterDefaults, failover } = document;
  const section = file.section(multiCluster, ["multiCluster"]);
  if (!isEnabled && section.enabled !== true) {
    file.warn(["multiCluster", "enabled"], "it is not `true`, so that nothing of the file counts");
    return nothingImported;
  }
  const known = ["multiCluster", "crossClusterNetworking", "clusterDefaults", "failover", "apiVersion", "kind", "metadata"];
  file.ignore(document, [], known);
  file.ignore(section, ["multiCluster"], ["enabled", "clusters"]);
  const networks = networksIn(crossClusterNetworking, file);
  const clusters = file.list(section.clusters, ["multiCluster", "clusters"]).map((entry, at) => {
    const path = ["multiCluster", "clusters", at];
    const cluster = file.section(entry, path);
    file.ignore(cluster, path, [...Object.keys(clusterKeys), "name", "enabled"]);
    const { kubeConfig = "", context = "", id } = cluster;
    const network = networks.get(String(id));
    const value = {
      ...renamed(cluster, clusterKeys),
      // Left out, it is false there.
      enabled: cluster.enabled === true,
      ...(kubeConfig === "" && context === "" && { inCluster: true }),
      ...(network !== undefined && { network }),
    };
    return { value, path };
  });
  return {
    registries: [],
    reader: { value: servicesOf(clusterDefaults, file), path: ["multiCluster"] },
    clusters,
    health: healthCheck(failover, file),
  };
}

/** What the file is for: the Services of its clusters. */
function servicesOf(clusterDefaults: unknown, file: ForeignFile): Section {
  const defaults = file.section(clusterDefaults, ["clusterDefaults"]);
  file.ignore(defaults, ["clusterDefaults"], ["serviceDiscovery", "kubernetesAPI"]);
  const api = file.section(defaults.kubernetesAPI, ["clusterDefaults", "kubernetesAPI"]);
  file.ignore(api, ["clusterDefaults", "kubernetesAPI"], ["timeout"], "requests are few and not limited; it is ignored");
  const discovery = file.section(defaults.serviceDiscovery, ["clusterDefaults", "serviceDiscovery"]);
  file.ignore(discovery, ["clusterDefaults", "serviceDiscovery"], ["resyncPeriod", "syncInterval"]);
  if (discovery.syncInterval !== undefined && discovery.resyncPeriod !== undefined) {
    file.warn(
      ["clusterDefaults", "serviceDiscovery", "syncInterval"],
      "clusters are watched; `resyncPeriod` says how often they are read as a whole",
    );
  }
  return {
    id: "kubernetes",
    type: "kubernetes",
    ...renamed(api, { timeout: "request" }),
    ...renamed(discovery, { syncInterval: "relist" }),
    ...renamed(discovery, { resyncPeriod: "relist" }),
  };
}

/** By cluster: the name of its network. */
function networksIn(crossClusterNetworking: unknown, file: ForeignFile): ReadonlyMap<string, unknown> {
  const section = file.section(crossClusterNetworking, ["crossClusterNetworking"]);
  file.ignore(section, ["crossClusterNetworking"], ["enabled", "networks"]);
  const networks = new Map<string, unknown>();
  if (section.enabled !== true) return networks;
  for (const [at, entry] of file.list(section.networks, ["crossClusterNetworking", "networks"]).entries()) {
    const path = ["crossClusterNetworking", "networks", at];
    const network = file.section(entry, path);
    file.ignore(network, path, ["name", "clusters", "gateways"]);
    if (file.list(network.gateways, [...path, "gateways"]).length > 0) {
      file.warn([...path, "gateways"], "istiod finds a network's gateways in its own `meshNetworks`; they are to be given there");
    }
    for (const cluster of file.list(network.clusters, [...path, "clusters"])) networks.set(String(cluster), network.name);
  }
  return networks;
}
