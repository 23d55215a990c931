/** What is read of an EndpointSlice. */
import type { KubeObject } from "../reflector/kube-object.ts";

export interface EndpointSlice {
  readonly namespace: string;
  /** The Service it belongs to. */
  readonly service: string;
  readonly family: "IPv4" | "IPv6";
  /** Of all its endpoints, sorted; the Service knows them by name, which may be empty. */
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

export interface SlicePort {
  readonly name: string;
  readonly number: number;
}

export interface SliceEndpoint {
  readonly address: string;
  readonly state: EndpointState;
  readonly zone?: string;
  readonly node?: string;
}

/**
 * - `ready`: takes requests
 * - `draining`: is ending, but still serves
 * - `not-ready`: everything else
 */
export type EndpointState = "ready" | "draining" | "not-ready";

const serviceLabel = "kubernetes.io/service-name";
/** An API server admits 1000 endpoints and 20,000 ports. */
const maxEndpoints = 1_000;
const maxPorts = 1_000;

/** Undefined for slices that belong to no Service, and for those of names (`FQDN`), which nothing writes any more. */
export function readEndpointSlice(object: KubeObject): EndpointSlice | undefined {
  const { namespace, labels } = object.metadata;
  const { addressType, ports, endpoints } = object;
  const service = labels?.[serviceLabel];
  if (namespace === undefined || typeof service !== "string" || service === "") return undefined;
  if (addressType !== "IPv4" && addressType !== "IPv6") return undefined;
  return {
    namespace,
    service,
    family: addressType,
    ports: Array.isArray(ports) ? ports.slice(0, maxPorts).flatMap(readPort).sort(byNameAndNumber) : [],
    endpoints: Array.isArray(endpoints) ? endpoints.slice(0, maxEndpoints).flatMap(readEndpoint) : [],
  };
}

function readPort(value: unknown): SlicePort[] {
  const { name, port } = (value ?? {}) as Record<string, unknown>;
  // Without a number it would mean all ports.
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) return [];
  return [{ name: typeof name === "string" ? name : "", number: port }];
}

function byNameAndNumber(one: SlicePort, other: SlicePort): number {
  return one.name === other.name ? one.number - other.number : one.name < other.name ? -1 : 1;
}

function readEndpoint(value: unknown): SliceEndpoint[] {
  const { addresses, conditions, zone, nodeName } = (value ?? {}) as Record<string, unknown>;
  // All addresses of one endpoint are alike; consumers take the first.
  const [address] = Array.isArray(addresses) ? addresses : [];
  if (typeof address !== "string" || address === "") return [];
  return [
    {
      address,
      state: stateOf(conditions),
      ...(typeof zone === "string" && zone !== "" && { zone: once(zone) }),
      ...(typeof nodeName === "string" && nodeName !== "" && { node: once(nodeName) }),
    },
  ];
}

/** Zones and nodes stand in thousands of endpoints: one text for all of them. */
const texts = new Map<string, string>();
const mostTexts = 20_000;

function once(text: string): string {
  const known = texts.get(text);
  if (known === undefined && texts.size < mostTexts) texts.set(text, text);
  return known ?? text;
}

/** A condition that is absent or null is unknown; the API says how that counts: ready as true, serving as ready, terminating as false. */
function stateOf(conditions: unknown): EndpointState {
  const { ready, serving, terminating } = (conditions ?? {}) as Record<string, unknown>;
  if (ready !== false) return "ready";
  return terminating === true && serving === true ? "draining" : "not-ready";
}
