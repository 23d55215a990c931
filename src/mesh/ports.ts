/**
 * Which ports a ServiceEntry offers, how they are called, and where each endpoint serves them.
 *
 * istiod crosses every endpoint with every port: where an endpoint does not serve a port, traffic
 * goes to the service's number there. So a port is offered only if all endpoints have it.
 *
 * Everything here is decided by what is registered, not by what is healthy or has weight right
 * now: a port that comes and goes with the health of one instance would be a full push each time.
 */

import { compareText } from "../naming/compare-text.ts";
import type { Port } from "../registries/service.ts";
import { maxLabelLength, toDnsLabel } from "./object-names.ts";
import type { MeshPolicy } from "./policy.ts";
import { type ProblemList, quoted } from "./problem-list.ts";
import type { MeshProtocol } from "./profiles/profile.ts";

export interface OfferedPort {
  readonly name: string;
  /** The number clients use. */
  readonly number: number;
  readonly protocol: MeshProtocol;
}

export interface PortPlan {
  /** By number. */
  readonly ports: readonly OfferedPort[];
  /** For each instance its number of each port, in the order of `ports`; undefined: it lacks one and cannot be served. */
  readonly numbers: readonly (readonly number[] | undefined)[];
}

interface PortBearer {
  readonly address: string;
  readonly ports: readonly Port[];
}

/** What the plan reads of a service. */
export interface PortSource {
  /** The part's one protocol, or undefined where the service declares its ports. */
  readonly protocol: string | undefined;
  /** Declared; or, where there is a protocol, remembered of the last instances of a service that is empty now. */
  readonly ports: readonly Port[];
  /** Those that can be served as far as their address goes. */
  readonly instances: readonly PortBearer[];
  /** The others; they are asked for ports only if nobody else can tell. */
  readonly unusable: readonly PortBearer[];
}

/** One port of the service as all who have it see it. */
interface Candidate {
  /** Ports with equal keys belong together: the name, or for ports without one the protocol (and its how manieth port it is). */
  readonly key: string;
  readonly name: string | undefined;
  readonly word: string;
  /** Numbers and how many instances use each. */
  readonly votes: Map<number, number>;
  /** How many instances have it. */
  count: number;
}

/**
 * Ports are told by the instances that can be served; without any such, by the others; without
 * any at all, by what is remembered of the last ones. So a service keeps its ports when it becomes empty.
 */
export function planPorts(source: PortSource, policy: MeshPolicy, problems: ProblemList): PortPlan {
  if (source.protocol === undefined && source.ports.length > 0) return planDeclared(source, policy, problems);
  const instances = source.instances.map((instance) => keyedPorts(instance.ports, instance.address, problems));
  const offered = chooseOffered(source, instances, problems);
  const ports = assign(offered, policy, (candidate) => preferredNumbers(candidate, policy.servicePorts.get(candidate.word)), problems);
  return {
    ports: ports.map((port) => port.offered),
    numbers: instances.map((own, index) => {
      const numbers = ports.map((port) => numberOf(own, port.key));
      if (ports.length > 0 && numbers.every((number) => number !== undefined)) return numbers;
      const address = source.instances[index]?.address ?? "";
      if (own.length === 0) problems.instance("bad-port", address, "the instance tells no usable port");
      else if (ports.length > 0) problems.instance("port-missing", address, "the instance lacks the port that most others have");
      return undefined;
    }),
  };
}

/** Declared ports are a promise that all instances serve them; an instance's port of the same name (or, without names, protocol) tells another number. */
function planDeclared(source: PortSource, policy: MeshPolicy, problems: ProblemList): PortPlan {
  const declared = keyedPorts(source.ports, undefined, problems).map(
    ({ key, port }): Candidate => ({
      key,
      name: port.name || undefined,
      word: port.protocol,
      votes: new Map([[port.number, 1]]),
      count: 1,
    }),
  );
  const ports = assign(declared, policy, (candidate) => [...candidate.votes.keys()], problems);
  return {
    ports: ports.map((port) => port.offered),
    numbers: source.instances.map((instance) => {
      if (instance.ports.length === 0) return ports.map((port) => port.offered.number);
      const own = keyedPorts(instance.ports, instance.address, problems);
      return ports.map((port) => numberOf(own, port.key) ?? port.offered.number);
    }),
  };
}

function isUsable(port: Port): boolean {
  return Number.isInteger(port.number) && port.number >= 1 && port.number <= 65535;
}

/** A name cannot be taken for a protocol word. Made without a copy in the most frequent case. */
function portKey(port: Port): string {
  return port.name ? `name\n${port.name}` : port.protocol;
}

interface KeyedPort {
  readonly key: string;
  readonly port: Port;
}

function numberOf(ports: readonly KeyedPort[], key: string): number | undefined {
  return ports.find((one) => one.key === key)?.port.number;
}

/** An instance's ports, each with a key of its own. `where`: address for the problem of a bad one. */
function keyedPorts(ports: readonly Port[], where: string | undefined, problems: ProblemList): readonly KeyedPort[] {
  const only = ports[0];
  if (ports.length === 1 && only && isUsable(only)) return [{ key: portKey(only), port: only }];
  const keyed = new Map<string, Port>();
  const usable = ports.filter(isUsable);
  // An instance without any usable port is a problem of its own.
  if (usable.length < ports.length && (usable.length > 0 || where === undefined)) {
    const whose = where === undefined ? "the service" : quoted(where);
    problems.note("bad-port", `a port of ${whose} is not within 1 … 65535 and is left out`);
  }
  // In an order of their own, so that the registry's order cannot exchange two unnamed ports.
  for (const port of usable.sort(
    (a, b) => a.number - b.number || compareText(a.protocol, b.protocol) || compareText(a.name ?? "", b.name ?? ""),
  )) {
    const base = portKey(port);
    let key = base;
    for (let nth = 2; keyed.has(key) && keyed.get(key)?.number !== port.number; nth++) key = `${base} ${nth}`;
    keyed.set(key, port);
  }
  return [...keyed].map(([key, port]) => ({ key, port }));
}

/** Sorted by key. */
function countVotes(instances: readonly (readonly KeyedPort[])[]): Candidate[] {
  const candidates = new Map<string, { words: Map<string, number>; name: string | undefined; votes: Map<number, number>; count: number }>();
  for (const ports of instances) {
    for (const { key, port } of ports) {
      let candidate = candidates.get(key);
      if (!candidate) {
        candidate = { words: new Map(), name: port.name || undefined, votes: new Map(), count: 0 };
        candidates.set(key, candidate);
      }
      candidate.count++;
      candidate.votes.set(port.number, (candidate.votes.get(port.number) ?? 0) + 1);
      candidate.words.set(port.protocol, (candidate.words.get(port.protocol) ?? 0) + 1);
    }
  }
  return [...candidates]
    .map(([key, { words, name, votes, count }]) => ({ key, name, votes, count, word: mostCommon(words)[0] ?? "tcp" }))
    .sort((a, b) => compareText(a.key, b.key));
}

function chooseOffered(source: PortSource, instances: readonly (readonly KeyedPort[])[], problems: ProblemList): readonly Candidate[] {
  let voters = instances.filter((ports) => ports.length > 0);
  if (voters.length === 0) {
    voters = source.unusable.map(({ ports, address }) => keyedPorts(ports, address, problems)).filter((ports) => ports.length > 0);
  }
  if (voters.length > 0) return common(countVotes(voters), voters.length, problems);
  // As if one instance had all that is remembered.
  return countVotes([keyedPorts(source.ports, undefined, problems)]);
}

/** Those that all have; if there is none, the one that most have: better some instances than none. */
function common(candidates: readonly Candidate[], instances: number, problems: ProblemList): readonly Candidate[] {
  const ofAll = candidates.filter((candidate) => candidate.count === instances);
  const most = candidates.reduce((largest, candidate) => Math.max(largest, candidate.count), 0);
  const offered = ofAll.length > 0 ? ofAll : candidates.filter((candidate) => candidate.count === most).slice(0, 1);
  for (const candidate of candidates) {
    if (offered.includes(candidate)) continue;
    problems.note(
      "port-not-offered",
      `port ${quoted(candidate.name ?? candidate.word)} is on ${candidate.count} of ${instances} instances and is not offered`,
    );
  }
  return offered;
}

/** Numbers to try, best first: the setting, then the most common, the smallest on a tie. */
function preferredNumbers(candidate: Candidate, setting: number | undefined): readonly number[] {
  const common = mostCommon(candidate.votes);
  return setting === undefined ? common : [setting, ...common];
}

function mostCommon<T extends number | string>(votes: ReadonlyMap<T, number>): T[] {
  if (votes.size === 1) return [...votes.keys()];
  return [...votes].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([value]) => value);
}

/** Gives every port a number and a name that no other one has; sorted by number. */
function assign(
  candidates: readonly Candidate[],
  policy: MeshPolicy,
  numbersOf: (candidate: Candidate) => readonly number[],
  problems: ProblemList,
): readonly { readonly key: string; readonly offered: OfferedPort }[] {
  const assigned: { key: string; offered: OfferedPort }[] = [];
  const takenNumbers = new Set<number>();
  const takenNames = new Set<string>();
  for (const candidate of candidates) {
    const wanted = numbersOf(candidate);
    const number = wanted.find((one) => !takenNumbers.has(one));
    if (number === undefined) {
      problems.note("duplicate-port", `two ports want number ${wanted[0]}: ${quoted(candidate.name ?? candidate.word)} is not offered`);
      continue;
    }
    takenNumbers.add(number);
    const protocol = policy.profile.protocol(candidate.word);
    const name = uniqueName((candidate.name ? toDnsLabel(candidate.name) : "") || protocol.portName, takenNames);
    assigned.push({ key: candidate.key, offered: { name, number, protocol } });
  }
  return assigned.sort((a, b) => a.offered.number - b.offered.number);
}

/** `http`, `http-2`, `http-3`: by rank, not by number, so that a name survives when an instance moves to another port. */
function uniqueName(base: string, taken: Set<string>): string {
  let name = base;
  for (let nth = 2; taken.has(name); nth++) name = `${base.slice(0, maxLabelLength - 1 - String(nth).length)}-${nth}`;
  taken.add(name);
  return name;
}
