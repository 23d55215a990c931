/**
 * The ports a service was seen with: what keeps its hosts, and the names and numbers of its
 * service ports, where they are while it has no instances. Remembered is what was offered: of
 * each protocol the ports that all its instances had or, without any such, the one that most had.
 */
import type { Port, Service } from "../registries/service.ts";

/** Longest unchanged protocol first. */
export type KnownPorts = readonly Port[];

/** A service that keeps changing its protocols forgets the one it has not changed for longest. */
const maxKnownPorts = 32;

/** One port as all instances that have it see it. */
interface SeenPort {
  /** Empty if it has none. */
  readonly name: string;
  readonly numbers: Map<number, number>;
  count: number;
}

interface SeenProtocol {
  /** Instances that speak it. */
  speakers: number;
  readonly ports: Map<string, SeenPort>;
}

/** `known` brought up to date with the service's present instances; the same array if nothing changed. */
export function rememberPorts(known: KnownPorts, service: Service): KnownPorts {
  if (service.ports !== undefined) return known.length === 0 ? known : [];
  if (isOnlyPort(known, service)) return known;
  const protocols = new Map<string, SeenProtocol>();
  for (const { ports } of service.instances) see(ports, protocols);
  let result = known;
  for (const [protocol, seen] of protocols) {
    const now = offered(protocol, seen);
    const before = known.filter((port) => port.protocol === protocol);
    if (same(before, now)) continue;
    result = [...result.filter((port) => port.protocol !== protocol), ...now];
  }
  return result === known ? known : shared(result.slice(-maxKnownPorts));
}

/** Whether one port is all there is and was, as with most services: told without counting. */
function isOnlyPort(known: KnownPorts, { instances }: Service): boolean {
  const [only] = known;
  if (known.length !== 1 || only === undefined) return false;
  const { number, protocol, name } = only;
  return instances.every(({ ports }) => {
    const [port] = ports;
    return ports.length === 1 && port?.number === number && port.protocol === protocol && port.name === name;
  });
}

/** For a file; empty if there is nothing to remember. */
export function portsText(known: KnownPorts): string {
  return known.length === 0 ? "" : JSON.stringify(known);
}

/** Back from that text; whatever in it is no port is left out. */
export function parsePorts(text: string): KnownPorts {
  if (text === "") return [];
  if (text !== lastRead.text) lastRead = { text, known: readPorts(text) };
  return lastRead.known;
}

/** Most services of a registry have the same ports, and a start reads one after the other. */
let lastRead: { readonly text: string; readonly known: KnownPorts } = { text: "", known: [] };

function readPorts(text: string): KnownPorts {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? shared(value.filter(isPort).slice(-maxKnownPorts)) : [];
  } catch {
    return [];
  }
}

function isPort(value: unknown): value is Port {
  const { name, number, protocol } = (value ?? {}) as Partial<Record<keyof Port, unknown>>;
  return Number.isInteger(number) && typeof protocol === "string" && (name === undefined || typeof name === "string");
}

function see(ports: readonly Port[], protocols: Map<string, SeenProtocol>): void {
  const [only] = ports;
  // Most instances have one port.
  if (ports.length === 1 && only !== undefined) seeProtocol(only.protocol, ports, protocols);
  else for (const [protocol, own] of Map.groupBy(ports, (port) => port.protocol)) seeProtocol(protocol, own, protocols);
}

/** Ports of one name belong together, and those without one by their rank among the instance's own. */
function seeProtocol(protocol: string, own: readonly Port[], protocols: Map<string, SeenProtocol>): void {
  const seen = protocols.get(protocol) ?? { speakers: 0, ports: new Map<string, SeenPort>() };
  protocols.set(protocol, seen);
  seen.speakers += 1;
  const [only] = own;
  if (own.length === 1 && only !== undefined) {
    count(seen, only.name ?? "", only);
    return;
  }
  const numbers = new Map<string, number>();
  for (const port of [...own].sort((one, other) => one.number - other.number)) {
    const { name = "", number } = port;
    let key = name;
    // No name holds a line end; two numbers under one name are two ports.
    for (let nth = 2; numbers.has(key) && numbers.get(key) !== number; nth++) key = `${name}\n${nth}`;
    if (numbers.has(key)) continue;
    numbers.set(key, number);
    count(seen, key, port);
  }
}

function count(seen: SeenProtocol, key: string, { name = "", number }: Port): void {
  const port = seen.ports.get(key) ?? { name, count: 0, numbers: new Map<number, number>() };
  seen.ports.set(key, port);
  port.count += 1;
  port.numbers.set(number, (port.numbers.get(number) ?? 0) + 1);
}

function offered(protocol: string, { speakers, ports }: SeenProtocol): readonly Port[] {
  const sorted = ports.size === 1 ? [...ports] : [...ports].sort(([one], [other]) => (one < other ? -1 : 1));
  const ofAll = sorted.filter(([, { count }]) => count === speakers);
  const most = sorted.reduce((largest, [, { count }]) => Math.max(largest, count), 0);
  const chosen = ofAll.length > 0 ? ofAll : sorted.filter(([, { count }]) => count === most).slice(0, 1);
  return chosen.map(([, { name, numbers }]) => ({ ...(name !== "" && { name }), number: mostCommon(numbers), protocol }));
}

function same(before: readonly Port[], now: readonly Port[]): boolean {
  return before.length === now.length && before.every(({ name, number }, at) => name === now[at]?.name && number === now[at]?.number);
}

/** Most services of a registry have the same one port: one array for all of them. */
const interned = new Map<string, KnownPorts>();
const maxInterned = 1024;

function shared(known: KnownPorts): KnownPorts {
  const only = known[0];
  if (only === undefined || known.length > 1) return known;
  const key = JSON.stringify([only.protocol, only.number, only.name]);
  const alike = interned.get(key);
  if (alike === undefined && interned.size < maxInterned) interned.set(key, known);
  return alike ?? known;
}

/** The most common number, the smallest one on a tie: the design's rule for service ports. */
function mostCommon(numbers: ReadonlyMap<number, number>): number {
  let best = 0;
  let most = 0;
  for (const [number, count] of numbers) {
    if (count > most || (count === most && number < best)) {
      best = number;
      most = count;
    }
  }
  return best;
}
