/** The endpoints of one Service, from all of its slices: each address once. */
import type { EndpointSlice, EndpointState, SlicePort } from "./endpoint-slice.ts";

export interface Endpoint {
  readonly address: string;
  readonly state: EndpointState;
  readonly zone: string | undefined;
  readonly node: string | undefined;
  readonly ports: readonly SlicePort[];
}

/** While an endpoint moves from one slice to another, both name it: the better word counts. */
const rank: Readonly<Record<EndpointState, number>> = { ready: 0, draining: 1, "not-ready": 2 };

/**
 * Sorted by address.
 * @param families which addresses count; of a pod in two families, each is an endpoint of its own
 */
export function endpointsOf(slices: Iterable<EndpointSlice>, families: ReadonlySet<string>): readonly Endpoint[] {
  const words = new Map<string, Endpoint[]>();
  for (const { family, ports, endpoints } of slices) {
    if (!families.has(family)) continue;
    for (const { address, state, zone, node } of endpoints) {
      const endpoint = { address, state, zone, node, ports };
      const others = words.get(address);
      if (others) others.push(endpoint);
      else words.set(address, [endpoint]);
    }
  }
  return Array.from(words.values(), joined).sort((one, other) => (one.address < other.address ? -1 : 1));
}

/** In an order of their own: that of the slices says nothing. */
function joined(words: readonly Endpoint[]): Endpoint {
  const [first, ...others] = words.length > 1 ? words.toSorted(compare) : words;
  const ports = new Map(first!.ports.map((port) => [port.name, port]));
  for (const port of others.flatMap((other) => other.ports)) if (!ports.has(port.name)) ports.set(port.name, port);
  return ports.size === first!.ports.length ? first! : { ...first!, ports: [...ports.values()] };
}

function compare(one: Endpoint, other: Endpoint): number {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  return rank[one.state] - rank[other.state] || (a < b ? -1 : a > b ? 1 : 0);
}
