/**
 * Joining the parts of one service that several registries give. The result depends on the set
 * of contributions and their priorities alone, never on the order in which they arrived:
 *
 * - an endpoint (network, address, ports) appears once; the registry that comes first in
 *   precedence tells its facts (weight, health, labels, …), all that name it are listed, and what they tell
 *   differently is a conflict;
 * - declared ports are those of the first registry that declares any, as far as all that have endpoints declare
 *   them: each promises only its own. Is there none in common, only the endpoints of the first count;
 * - an annotation is that of the first registry that has it, and so is who may see the service.
 */

import { compareText } from "../naming/compare-text.ts";
import type { Instance, Port } from "../registries/service.ts";
import { byPriority, type Contribution } from "./contribution.ts";
import { endpointIdentity } from "./endpoint-identity.ts";
import type { MergedEndpoint, MergedService } from "./merged-service.ts";
import { agreedPorts, portKey } from "./merging/agreed-ports.ts";
import { ConflictList, isSamePort } from "./merging/conflicts.ts";

/** The hosts after the collision rule. */
export interface FinalHosts {
  readonly host: string;
  readonly otherHosts: readonly string[];
}

export type Reweigh = (endpoints: readonly MergedEndpoint[], contributions: readonly Contribution[]) => readonly MergedEndpoint[];

/**
 * All contributions are of one identity; there is at least one.
 * @param reweigh the weights of the endpoints, where a policy decides them; it is given what they are merged from, too
 */
export function merge(contributions: readonly Contribution[], hosts: FinalHosts, reweigh: Reweigh = asTheyAre): MergedService {
  const conflicts = new ConflictList();
  const ordered = contributions.length > 1 ? agreedPorts([...contributions].sort(byPriority), conflicts) : contributions;
  const first = ordered[0]?.named;
  if (first === undefined) throw new RangeError("a service is merged from at least one contribution");
  const declared = first.protocol === undefined ? sharePorts(ordered) : undefined;
  if (declared !== undefined && ordered.length > 1) clashingPorts(ordered, conflicts);
  const serving = declared?.contributions ?? ordered;
  const endpoints = reweigh(mergeEndpoints(serving, conflicts), serving);
  const exportTo = ordered.find(({ named }) => named.exportTo)?.named.exportTo;
  return {
    namespace: first.namespace,
    host: hosts.host,
    otherHosts: [...new Set(hosts.otherHosts)].sort(),
    identity: first.identity,
    kind: first.kind,
    key: first.key,
    protocol: first.protocol,
    ports: declared?.ports ?? rememberedPorts(ordered, endpoints.length === 0),
    endpoints,
    annotations: ordered.length === 1 ? first.annotations : Object.assign({}, ...ordered.map(({ named }) => named.annotations).reverse()),
    registries: [...new Set(ordered.map(({ registry }) => registry))].sort(),
    ...(exportTo && { exportTo }),
    ...(declared && declared.unshared.length > 0 && { unsharedPorts: declared.unshared }),
    ...(conflicts.conflicts && { conflicts: conflicts.conflicts }),
  };
}

function asTheyAre(endpoints: readonly MergedEndpoint[]): readonly MergedEndpoint[] {
  return endpoints;
}

/** Declared ports of one number that are something else in another registry. */
function clashingPorts(ordered: readonly Contribution[], conflicts: ConflictList): void {
  const believed = new Map<number, { readonly port: Port; readonly registry: string }>();
  for (const { registry, named } of ordered) {
    for (const port of named.ports) {
      const first = believed.get(port.number);
      if (first === undefined) believed.set(port.number, { port, registry });
      else if (first.registry !== registry && !isSamePort(first.port, port))
        conflicts.comparePorts(first.port, first.registry, port, registry);
    }
  }
}

interface SharedPorts {
  readonly ports: readonly Port[];
  readonly unshared: readonly Port[];
  /** Those whose endpoints serve them. */
  readonly contributions: readonly Contribution[];
}

function sharePorts(ordered: readonly Contribution[]): SharedPorts {
  const first = ordered.find(({ named }) => named.ports.length > 0);
  const ports = first?.named.ports ?? [];
  const others = ordered.filter((other) => other !== first && other.named.instances.length > 0 && other.named.ports.length > 0);
  const declares = ({ named }: Contribution, port: Port) => named.ports.some((own) => portKey(own) === portKey(port));
  const shared = ports.filter((port) => others.every((other) => declares(other, port)));
  if (shared.length === ports.length) return { ports, unshared: [], contributions: ordered };
  if (shared.length > 0) return { ports: shared, unshared: ports.filter((port) => !shared.includes(port)), contributions: ordered };
  const strangers = others.filter((other) => !ports.some((port) => declares(other, port)));
  const left = ordered.filter((one) => !strangers.includes(one));
  // Among those that share some port with the first, there may still be none that all share.
  if (strangers.length > 0) return withUnshared(sharePorts(left), strangers);
  return withUnshared({ ports, unshared: [], contributions: ordered.filter((one) => !others.includes(one)) }, others);
}

function withUnshared(shared: SharedPorts, left: readonly Contribution[]): SharedPorts {
  return { ...shared, unshared: [...shared.unshared, ...left.flatMap(({ named }) => named.ports)] };
}

/** Ports that one registry remembers for an empty part say nothing once another one has endpoints. */
function rememberedPorts(ordered: readonly Contribution[], wanted: boolean): readonly Port[] {
  return (wanted ? ordered.find(({ named }) => named.ports.length > 0)?.named.ports : undefined) ?? [];
}

/** One registry's word about one endpoint. */
interface Word {
  readonly identity: string;
  /** Position of the contribution; smaller goes first. */
  readonly rank: number;
  readonly instance: Instance;
}

function mergeEndpoints(ordered: readonly Contribution[], conflicts: ConflictList): readonly MergedEndpoint[] {
  const words: Word[] = [];
  ordered.forEach(({ network, named }, rank) => {
    for (const instance of named.instances) words.push({ identity: endpointIdentity(instance, network), rank, instance });
  });
  words.sort(byIdentityAndRank);
  // One array for all endpoints that only one registry names.
  const alone = ordered.map(({ registry }) => [registry]);
  const endpoints: MergedEndpoint[] = [];
  for (let at = 0; at < words.length; ) {
    const { identity, rank, instance } = words[at] as Word;
    let registries: readonly string[] = alone[rank] ?? [];
    const source = ordered[rank];
    for (at += 1; words[at]?.identity === identity; at += 1) {
      const other = words[at] as Word;
      const registry = ordered[other.rank]?.registry ?? "";
      registries = joined(registries, registry);
      if (other.rank !== rank) conflicts.compare(instance, source?.registry ?? "", other.instance, registry);
    }
    const dns = source?.hostNames === "dns" && ({ dns: true } as const);
    const locality = source?.locality && instance.locality === undefined && { locality: source.locality };
    endpoints.push({ ...instance, ...locality, network: instance.network ?? source?.network, registries, ...dns });
  }
  return endpoints;
}

/** Of two words of one registry about one endpoint the smaller id counts, then the smaller text. */
function byIdentityAndRank(one: Word, other: Word): number {
  return (
    compareText(one.identity, other.identity) ||
    one.rank - other.rank ||
    compareText(one.instance.id, other.instance.id) ||
    compareText(JSON.stringify(one.instance), JSON.stringify(other.instance))
  );
}

function joined(registries: readonly string[], another: string): readonly string[] {
  return registries.includes(another) ? registries : [...registries, another].sort();
}
