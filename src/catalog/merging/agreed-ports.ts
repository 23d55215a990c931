/**
 * One name for what several registries call differently: which of a service's ports are the same one although their protocol or
 * name differs, or although one registry declares ports for the service and another one tells them of each instance. Such
 * services meet where they are declared to be one.
 *
 * A port is that port of the first registry in precedence which has its key (name, or protocol without one), or else the same
 * protocol where one of both has no name, or else the same number. It is then called as the first one calls it, and a difference is
 * a conflict. Its number stays: instances serve it where they do.
 */
import type { Instance, Port } from "../../registries/service.ts";
import type { Contribution } from "../contribution.ts";
import { type ConflictList, isSamePort } from "./conflicts.ts";

/** @param ordered first in precedence first */
export function agreedPorts(ordered: readonly Contribution[], conflicts: ConflictList): readonly Contribution[] {
  const protocol = ordered[0]?.named.protocol;
  const first = protocol === undefined ? ordered.find(({ named }) => named.ports.length > 0) : ordered[0];
  if (first === undefined || ordered.every((one) => one === first || isCalledAlike(first, one))) return ordered;
  const believed = portsOf(first);
  return ordered
    .map(withExplicitPorts)
    .map((one, at) => (ordered[at] === first || isCalledAlike(first, one) ? one : renamed(one, first, believed, conflicts)));
}

/** Declared ports as each instance's own, so that endpoints can be compared with those of registries that declare none. */
export function withExplicitPorts(one: Contribution): Contribution {
  const { named } = one;
  if (named.protocol !== undefined || named.instances.every(({ ports }) => ports.length > 0)) return one;
  const instances = named.instances.map((instance) => (instance.ports.length > 0 ? instance : { ...instance, ports: named.ports }));
  return { ...one, named: { ...named, instances } };
}

/** Declared ports of one name are one port; without names, those of one protocol. */
export function portKey({ name, protocol }: Port): string {
  return name ? `name ${name}` : protocol;
}

function isCalledAlike({ named: first }: Contribution, { named }: Contribution): boolean {
  if (first.protocol !== undefined || named.protocol !== undefined) return first.protocol === named.protocol;
  return named.ports.every((port) => first.ports.some((other) => portKey(other) === portKey(port) || other.number !== port.number));
}

function renamed(one: Contribution, first: Contribution, believed: readonly Port[], conflicts: ConflictList): Contribution {
  const { named, registry } = one;
  const meanings = new Map<string, Port>();
  for (const port of portsOf(one)) {
    const meant = meaningOf(port, believed);
    if (meant === undefined || meanings.has(portKey(port))) continue;
    meanings.set(portKey(port), meant);
    if (!isSamePort(meant, port)) conflicts.comparePorts(meant, first.registry, port, registry);
  }
  const called = (port: Port): Port => {
    const meant = meanings.get(portKey(port));
    return meant ? { ...(meant.name && { name: meant.name }), number: port.number, protocol: meant.protocol } : port;
  };
  const isDeclared = first.named.protocol === undefined;
  const instances = named.instances.map((instance): Instance => {
    const common = instance.ports.filter((port) => meanings.has(portKey(port)));
    // Whoever serves none of them keeps what it has: the translation says what is wrong with it.
    return { ...instance, ports: (isDeclared || common.length === 0 ? instance.ports : common).map(called) };
  });
  const ports = isDeclared && named.protocol !== undefined ? portsOf(one) : named.ports;
  return { ...one, named: { ...named, ports: ports.map(called), instances } };
}

function meaningOf(port: Port, believed: readonly Port[]): Port | undefined {
  return (
    believed.find((other) => portKey(other) === portKey(port)) ??
    believed.find((other) => other.protocol === port.protocol && (!other.name || !port.name)) ??
    believed.find((other) => other.number === port.number)
  );
}

/** What a registry declares or remembers of a service, or else what its instances tell, in an order that is not theirs. */
function portsOf({ named }: Contribution): readonly Port[] {
  if (named.protocol === undefined || named.instances.length === 0) return named.ports;
  const ports = new Map<string, Port>();
  for (const { ports: own } of named.instances) for (const port of own) ports.set(`${portKey(port)} ${port.number}`, port);
  return [...ports].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, port]) => port);
}
