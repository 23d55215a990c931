/**
 * The ports a service was seen with, one per protocol: what keeps its hosts and its service
 * ports where they are while it has no instances.
 */
import type { Port, Service } from "../registries/service.ts";

/** Longest unchanged first. */
export type KnownPorts = readonly Port[];

/** A service that keeps changing its protocols forgets the one it has not changed for longest. */
const maxKnownPorts = 16;

/** `known` brought up to date with the service's present instances; the same array if nothing changed. */
export function rememberPorts(known: KnownPorts, service: Service): KnownPorts {
  if (service.ports !== undefined) return known.length === 0 ? known : [];
  const counts = new Map<string, Map<number, number>>();
  for (const { ports } of service.instances) {
    for (const { protocol, number } of ports) {
      const numbers = counts.get(protocol) ?? new Map<number, number>();
      counts.set(protocol, numbers.set(number, (numbers.get(number) ?? 0) + 1));
    }
  }
  let result = known;
  for (const [protocol, numbers] of counts) {
    const number = mostCommon(numbers);
    const before = result.find((port) => port.protocol === protocol);
    if (before?.number !== number) result = [...result.filter((port) => port !== before), { number, protocol }];
  }
  return result === known ? known : shared(result.slice(-maxKnownPorts));
}

/** Most services of a registry have the same one port: one array for all of them. */
const interned = new Map<string, KnownPorts>();
const maxInterned = 1024;

function shared(known: KnownPorts): KnownPorts {
  const only = known[0];
  if (only === undefined || known.length > 1) return known;
  const key = `${only.protocol}:${only.number}`;
  const same = interned.get(key);
  if (same === undefined && interned.size < maxInterned) interned.set(key, known);
  return same ?? known;
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
