/**
 * `multi-registry.yaml` of dubbo-kubernetes as registries of our configuration, in the order of its merging strategy.
 * What has no meaning here is named in a warning.
 */
import { type ForeignFile, renamed, type Section } from "./foreign-values.ts";
import { healthCheck } from "./health-check.ts";
import { type Imported, type ImportedConfig, nothingImported } from "./multi-cluster.ts";

const types = ["kubernetes", "nacos", "zookeeper"] as const;
type Type = (typeof types)[number];

interface ImportedRegistry {
  readonly type: Type;
  readonly priority: number;
  readonly registry: Imported;
  readonly cluster: Imported | undefined;
}

/** @param isEnabled whatever the file says */
export function importMultiRegistry(content: unknown, isEnabled: boolean, file: ForeignFile): ImportedConfig {
  const document = file.section(content, []);
  const { multiRegistry, registryDefaults, serviceDiscovery, failover } = document;
  const section = file.section(multiRegistry, ["multiRegistry"]);
  if (!isEnabled && section.enabled !== true) {
    file.warn(["multiRegistry", "enabled"], "it is not `true`, so that nothing of the file counts");
    return nothingImported;
  }
  file.ignore(document, [], ["multiRegistry", "registryDefaults", "serviceDiscovery", "failover", "apiVersion", "kind", "metadata"]);
  file.ignore(section, ["multiRegistry"], ["enabled", "registries"]);
  const defaults = file.section(registryDefaults, ["registryDefaults"]);
  const discovery = file.section(serviceDiscovery, ["serviceDiscovery"]);
  readDefaults(defaults, discovery, file);
  const imported = file
    .list(section.registries, ["multiRegistry", "registries"])
    .flatMap((entry, at) => importRegistry(file.section(entry, ["multiRegistry", "registries", at]), at, { defaults, discovery, file }));
  const kubernetesFirst = discovery.mergingStrategy === "kubernetes-first";
  const rank = ({ type, priority }: ImportedRegistry) => (kubernetesFirst && type === "kubernetes" ? Number.POSITIVE_INFINITY : priority);
  imported.sort((one, other) => rank(other) - rank(one) || 0);
  return {
    registries: imported.map(({ registry }) => registry),
    clusters: imported.map(({ cluster }) => cluster).filter((cluster) => cluster !== undefined),
    health: healthCheck(failover, file),
  };
}

function readDefaults(defaults: Section, discovery: Section, file: ForeignFile): void {
  file.ignore(defaults, ["registryDefaults"], ["connectionTimeout", "healthCheckInterval", "maxRetries", "retryBackoff"]);
  if (defaults.maxRetries !== undefined) file.warn(["registryDefaults", "maxRetries"], "nothing is ever given up; it is ignored");
  if (defaults.retryBackoff !== undefined) {
    file.warn(["registryDefaults", "retryBackoff"], "waits double by themselves, up to half a minute and with jitter; it is ignored");
  }
  file.ignore(discovery, ["serviceDiscovery"], ["syncInterval", "deduplication", "mergingStrategy"]);
  if (discovery.deduplication === false)
    file.warn(["serviceDiscovery", "deduplication"], "one endpoint of several registries is always one");
  const { mergingStrategy } = discovery;
  if (mergingStrategy !== undefined && !["kubernetes-first", "priority-based", "merge-all"].includes(String(mergingStrategy))) {
    file.fail(["serviceDiscovery", "mergingStrategy"], "expected kubernetes-first, priority-based or merge-all");
  }
}

interface Surroundings {
  readonly defaults: Section;
  readonly discovery: Section;
  readonly file: ForeignFile;
}

function importRegistry(entry: Section, at: number, surroundings: Surroundings): ImportedRegistry[] {
  const { file } = surroundings;
  const path = ["multiRegistry", "registries", at];
  file.ignore(entry, path, ["id", "name", "type", "address", "enabled", "priority", "config"]);
  const type = types.find((one) => one === String(entry.type).toLowerCase());
  if (type === undefined) {
    file.fail([...path, "type"], `expected one of ${types.join(", ")}, in any case`);
    return [];
  }
  // Left out, it is false there.
  if (entry.enabled !== true) return [];
  const priority = Number(entry.priority ?? 0);
  const config = file.section(entry.config, [...path, "config"]);
  const { registry, cluster } = readers[type](entry, config, [...path, "config"], surroundings);
  return [
    {
      type,
      priority: Number.isFinite(priority) ? priority : 0,
      registry: { value: { id: entry.id, type, ...registry }, path },
      cluster: cluster && { value: cluster, path },
    },
  ];
}

type Reader = (
  entry: Section,
  config: Section,
  path: readonly (string | number)[],
  surroundings: Surroundings,
) => { readonly registry: Section; readonly cluster?: Section };

const readers: Readonly<Record<Type, Reader>> = {
  nacos(entry, config, path, { defaults, discovery, file }) {
    const retried = ["retryInterval", "maxRetries"];
    const known = ["serverAddrs", "namespace", "group", "username", "password", "accessKey", "secretKey", "timeout", ...retried];
    file.ignore(config, path, known);
    for (const key of retried) if (config[key] !== undefined) file.warn([...path, key], "nothing is ever given up; it is ignored");
    const auth = renamed(config, { username: "user", password: "password", accessKey: "accessKey", secretKey: "secretKey" });
    const { namespace, group } = config;
    return {
      registry: {
        servers: config.serverAddrs ?? entry.address ?? "127.0.0.1:8848",
        ...(typeof namespace === "string" && namespace !== "" && namespace !== "public" && { namespaces: [namespace] }),
        ...(typeof group === "string" && group !== "" && { groups: [group] }),
        ...renamed(defaults, { connectionTimeout: "connectTimeout", healthCheckInterval: "healthCheckInterval" }),
        ...renamed(config, { timeout: "connectTimeout" }),
        ...renamed(discovery, { syncInterval: "listInterval" }),
        ...(Object.keys(auth).length > 0 && { auth }),
      },
    };
  },
  zookeeper(entry, config, path, { defaults, file }) {
    const retried = ["retryInterval", "maxRetries"];
    file.ignore(config, path, ["servers", "root", "username", "password", "timeout", "sessionTimeout", ...retried]);
    for (const key of retried) if (config[key] !== undefined) file.warn([...path, key], "nothing is ever given up; it is ignored");
    const auth = renamed(config, { username: "user", password: "password" });
    return {
      registry: {
        servers: config.servers ?? entry.address ?? "127.0.0.1:2181",
        ...renamed(config, { root: "root", sessionTimeout: "sessionTimeout" }),
        ...renamed(defaults, { connectionTimeout: "connectTimeout" }),
        ...renamed(config, { timeout: "connectTimeout" }),
        ...(Object.keys(auth).length > 0 && { auth }),
      },
    };
  },
  kubernetes(entry, config, path, { defaults, file }) {
    file.ignore(config, path, ["kubeconfig", "namespace"]);
    const { kubeconfig = "", namespace = "" } = config;
    const cluster = { id: entry.id, ...(kubeconfig === "" ? { inCluster: true } : { kubeconfig }) };
    return {
      registry: {
        clusters: [entry.id],
        ...(namespace !== "" && { namespaces: [namespace] }),
        ...renamed(defaults, { connectionTimeout: "request" }),
      },
      cluster,
    };
  },
};
