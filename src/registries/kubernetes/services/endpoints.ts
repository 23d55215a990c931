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
  const endpoints = new Map<string, Endpoint>();
  for (const { family, ports, endpoints: named } of slices) {
    if (!families.has(family)) continue;
    for (const { address, state, zone, node } of named) {
      const other = endpoints.get(address);
      const endpoint = { address, state, zone, node, ports };
      endpoints.set(address, other ? joined(other, endpoint) : endpoint);
    }
  }
  return [...endpoints.values()].sort((one, other) => (one.address < other.address ? -1 : 1));
}

/** In an order of their own: that of the slices says nothing. */
function joined(one: Endpoint, other: Endpoint): Endpoint {
  const [first, second] = compare(one, other) <= 0 ? [one, other] : [other, one];
  const missing = second.ports.filter(({ name }) => !first.ports.some((port) => port.name === name));
  return { ...first, ports: missing.length === 0 ? first.ports : [...first.ports, ...missing] };
}

function compare(one: Endpoint, other: Endpoint): number {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  return rank[one.state] - rank[other.state] || (a < b ? -1 : a > b ? 1 : 0);
}
