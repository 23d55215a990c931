/** An interface's provider nodes as services: one per group and version. */
import type { Problem } from "../contract.ts";
import type { Instance, Service, ServiceKey } from "../service.ts";
import { type ConsumerUrl, consumersOf } from "./consumer-url.ts";
import { isProvider, type ProviderUrl, parseProvider } from "./provider-url.ts";

export interface ProviderNodes {
  /** The interface's name, decoded. */
  readonly name: string;
  /** Path of the parent of the nodes, for problems. */
  readonly path: string;
  /** As the server names them. */
  readonly nodes: readonly string[];
  readonly consumers: readonly ConsumerUrl[];
  /** Providers that applications tell of; where a node tells of the same one, it counts. */
  readonly others?: readonly ProviderUrl[];
}

interface Registration {
  readonly provider: ProviderUrl;
  readonly node: string;
}

/** By group, version and id. */
type Registrations = Map<string | undefined, Map<string | undefined, Map<string, Registration>>>;

/**
 * The services behind an interface's providers. A node that is none costs only itself.
 * @param met is told every provider that has a node
 */
export function servicesOf(
  { name, path, nodes, consumers, others = [] }: ProviderNodes,
  report: (problem: Problem) => void,
  met?: (provider: ProviderUrl) => void,
): Service[] {
  const byGroup: Registrations = new Map();
  for (const node of nodes) {
    const parsed = parseProvider(node);
    if (!isProvider(parsed)) {
      if (parsed.problem) report({ ...parsed.problem, where: `${path}/${shortened(node)}` });
      continue;
    }
    // Consumers compare the names too, and never call such a provider.
    if (parsed.interface !== undefined && parsed.interface !== name) {
      report({
        code: "wrong-interface",
        where: `${path}/${shortened(node)}`,
        message: `says that it provides ${shortened(parsed.interface)}`,
      });
      continue;
    }
    met?.(parsed);
    const registrations = registrationsOf(byGroup, parsed);
    const id = instanceId(parsed);
    const other = registrations.get(id);
    // A provider that was killed and started again has two nodes until its old session ends.
    if (!other || isNewer({ provider: parsed, node }, other)) registrations.set(id, { provider: parsed, node });
  }
  if (others.length > 0) complete(byGroup, others);
  const services: Service[] = [];
  for (const [group, byVersion] of byGroup) {
    for (const [version, registrations] of byVersion) {
      const instances = [...registrations].map(([id, { provider }]) => instanceOf(id, provider)).sort((a, b) => (a.id < b.id ? -1 : 1));
      services.push(
        serviceOf({ ...(group !== undefined && { group }), name, ...(version !== undefined && { version }) }, instances, consumers),
      );
    }
  }
  return services;
}

/** Adds the providers that are not there yet, whoever offers their port and protocol. */
function complete(byGroup: Registrations, providers: readonly ProviderUrl[]): void {
  const offered = new Map<Map<string, Registration>, Set<string>>();
  for (const provider of providers) {
    const registrations = registrationsOf(byGroup, provider);
    const id = instanceId(provider);
    const ids = entry(offered, registrations, () => new Set([...registrations.values()].flatMap((each) => offeredBy(each.provider))));
    if (ids.has(id)) continue;
    registrations.set(id, { provider, node: "" });
    for (const each of offeredBy(provider)) ids.add(each);
  }
}

/** Ids under which others may tell of the same provider: one for every protocol on its port. */
function offeredBy(provider: ProviderUrl): string[] {
  return provider.ports.map(({ protocol }) => instanceId({ ...provider, scheme: protocol }));
}

function registrationsOf(byGroup: Registrations, { group, version }: ProviderUrl): Map<string, Registration> {
  const byVersion = entry(byGroup, group, newMap<string | undefined, Map<string, Registration>>);
  return entry(byVersion, version, newMap<string, Registration>);
}

/** A service of this kind, also an empty one. */
export function serviceOf(key: ServiceKey, instances: readonly Instance[], consumers: readonly ConsumerUrl[]): Service {
  const callers = consumers.length === 0 ? [] : consumersOf(key, consumers);
  const annotations: Record<string, string> = { "dubbo.interface": key.name };
  if (key.group !== undefined) annotations["dubbo.group"] = key.group;
  if (key.version !== undefined) annotations["dubbo.version"] = key.version;
  return { key, instances, ...(callers.length > 0 && { consumers: callers }), annotations };
}

function entry<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}

function newMap<K, V>(): Map<K, V> {
  return new Map();
}

/** The same for every registration of one provider, at either level. */
export function instanceId({ scheme, address, ports }: ProviderUrl): string {
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}:${ports[0]!.number}`;
}

function isNewer(a: Registration, b: Registration): boolean {
  if (a.provider.timestamp !== b.provider.timestamp) return a.provider.timestamp > b.provider.timestamp;
  // Without a difference in time any fixed order will do, as long as it does not depend on the listing's.
  return a.node > b.node;
}

export function instanceOf(id: string, provider: ProviderUrl): Instance {
  const instance: { -readonly [K in keyof Instance]: Instance[K] } = { id, address: provider.address, ports: provider.ports };
  if (provider.weight !== undefined) instance.weight = provider.weight;
  if (provider.disabled) instance.health = "disabled";
  instance.labels = provider.labels;
  if (provider.persistent) instance.persistent = true;
  return instance;
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
