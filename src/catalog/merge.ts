/**
 * Joining the parts of one service that several registries give. The result depends on the set
 * of contributions and their priorities alone, never on the order in which they arrived:
 *
 * - an endpoint (network, address, named ports) appears once; the registry that comes first in
 *   the configuration tells its facts (weight, health, labels, …), all that name it are listed;
 * - declared ports are those of the first registry that declares any;
 * - an annotation is that of the first registry that has it.
 */
import type { NamedService } from "../naming/named-service.ts";
import type { Instance, Port } from "../registries/service.ts";
import { endpointIdentity } from "./endpoint-identity.ts";
import type { MergedEndpoint, MergedService } from "./merged-service.ts";

export interface Contribution {
  readonly registry: string;
  /** Position of the registry in the configuration; smaller goes first. */
  readonly priority: number;
  /** Network of its addresses that name none. */
  readonly network: string | undefined;
  readonly named: NamedService;
}

/** The hosts after the collision rule. */
export interface FinalHosts {
  readonly host: string;
  readonly otherHosts: readonly string[];
}

/** All contributions are of one identity; there is at least one. */
export function merge(contributions: readonly Contribution[], hosts: FinalHosts): MergedService {
  const ordered = contributions.length > 1 ? [...contributions].sort(byPriority) : contributions;
  const first = ordered[0]?.named;
  if (first === undefined) throw new RangeError("a service is merged from at least one contribution");
  const endpoints = mergeEndpoints(ordered);
  return {
    namespace: first.namespace,
    host: hosts.host,
    otherHosts: [...new Set(hosts.otherHosts)].sort(),
    identity: first.identity,
    kind: first.kind,
    key: first.key,
    protocol: first.protocol,
    ports: mergePorts(ordered, first.protocol === undefined || endpoints.length === 0),
    endpoints,
    annotations: ordered.length === 1 ? first.annotations : Object.assign({}, ...ordered.map(({ named }) => named.annotations).reverse()),
    registries: [...new Set(ordered.map(({ registry }) => registry))].sort(),
  };
}

function byPriority(one: Contribution, other: Contribution): number {
  return one.priority - other.priority || compare(one.registry, other.registry);
}

/** Ports that one registry remembers for an empty part say nothing once another one has endpoints. */
function mergePorts(ordered: readonly Contribution[], wanted: boolean): readonly Port[] {
  return (wanted ? ordered.find(({ named }) => named.ports.length > 0)?.named.ports : undefined) ?? [];
}

interface Known {
  instance: Instance;
  readonly network: string | undefined;
  /** The registry whose description counts. */
  readonly by: string;
  registries: readonly string[];
}

function mergeEndpoints(ordered: readonly Contribution[]): readonly MergedEndpoint[] {
  const byIdentity = new Map<string, Known>();
  for (const { registry, network, named } of ordered) {
    // One array for all endpoints that only this registry names.
    const alone = [registry];
    for (const instance of named.instances) {
      const identity = endpointIdentity(instance, network);
      const known = byIdentity.get(identity);
      if (known === undefined) byIdentity.set(identity, { instance, network, by: registry, registries: alone });
      else if (known.by === registry) known.instance = precedes(instance, known.instance) ? instance : known.instance;
      else if (!known.registries.includes(registry)) known.registries = [...known.registries, registry].sort();
    }
  }
  const sorted = [...byIdentity].sort(([one], [other]) => compare(one, other));
  return sorted.map(([, { instance, network, registries }]) => ({ ...instance, network: instance.network ?? network, registries }));
}

/** Which of two descriptions of one endpoint by one registry counts: the smaller id, then the smaller text. */
function precedes(one: Instance, other: Instance): boolean {
  return one.id === other.id ? JSON.stringify(one) < JSON.stringify(other) : one.id < other.id;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
