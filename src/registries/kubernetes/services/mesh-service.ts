/** A Kubernetes Service and its endpoints in registry-neutral words. Pure. */
import type { ClusterCredential } from "../../../clusters/credential.ts";
import type { ProblemCode } from "../../../errors/problem-codes.ts";
import type { Instance, Locality, Port, Service } from "../../service.ts";
import type { EndpointSlice } from "./endpoint-slice.ts";
import { type Endpoint, endpointsOf } from "./endpoints.ts";
import { readExportTo } from "./export-to.ts";
import { protocolOf } from "./port-protocol.ts";
import type { ServiceObject } from "./service-object.ts";

/** Which addresses of a Service in two families are served. */
export type AddressFamilies = "primary" | "ipv4" | "ipv6" | "both";

export interface ServiceSurroundings {
  readonly cluster: Pick<ClusterCredential, "id" | "region" | "zone">;
  readonly families: AddressFamilies;
  /** Who sees Services that do not say themselves; undefined: the mesh's own rule. */
  readonly exportTo: readonly string[] | undefined;
  nodeLocality(node: string): Locality | undefined;
  report(code: ProblemCode, message: string): void;
}

/** Undefined: it is not to be served. */
export function meshService(service: ServiceObject, slices: Iterable<EndpointSlice>, around: ServiceSurroundings): Service | undefined {
  const { namespace, name, type } = service;
  if (type === "external") {
    around.report("external-name", "a Service of type ExternalName is an alias of a DNS name and has no endpoints to serve");
    return undefined;
  }
  const exportTo = exportOf(service, around);
  if (exportTo?.length === 0) return undefined;
  const declared = declaredPorts(service, around);
  const endpoints = endpointsOf(slices, familiesOf(service, around.families));
  const { ports, served } = sharedPorts(declared, endpoints, around);
  // What is ending is still better than nobody: the rule of every proxy of Kubernetes.
  const ready = served.some(({ state }) => state === "ready") ? "ready" : "draining";
  return {
    key: { namespace, name },
    ports,
    instances: served.map((endpoint) => instanceOf(endpoint, ports, endpoint.state === ready || endpoint.state === "ready", around)),
    ...(exportTo && { exportTo }),
    ...(type === "headless" && { annotations: { "kubernetes.type": "headless" } }),
  };
}

function exportOf({ exportTo, namespace }: ServiceObject, around: ServiceSurroundings): readonly string[] | undefined {
  if (exportTo === undefined) return around.exportTo;
  const { to, bad } = readExportTo(exportTo, namespace);
  if (bad.length > 0) around.report("bad-annotation", `networking.istio.io/exportTo names what is no namespace: ${bad.join(", ")}`);
  return to;
}

function declaredPorts({ ports }: ServiceObject, around: ServiceSurroundings): readonly Port[] {
  return ports.flatMap((port) => {
    const protocol = protocolOf(port);
    if (protocol !== undefined) return [{ ...(port.name !== "" && { name: port.name }), number: port.number, protocol }];
    around.report("bad-port", `port ${port.number} speaks ${port.transport}, which proxies do not carry; it is left out`);
    return [];
  });
}

function familiesOf({ primaryFamily }: ServiceObject, families: AddressFamilies): ReadonlySet<string> {
  switch (families) {
    case "ipv4":
      return new Set(["IPv4"]);
    case "ipv6":
      return new Set(["IPv6"]);
    case "primary":
      if (primaryFamily !== undefined) return new Set([primaryFamily]);
  }
  return new Set(["IPv4", "IPv6"]);
}

/**
 * The ports that all endpoints have, because declared ports are a promise of all. Pods whose own port names differ have
 * slices with different ports. Is no port common to all, the one that most have is left, and the endpoints that have it.
 */
function sharedPorts(declared: readonly Port[], endpoints: readonly Endpoint[], around: ServiceSurroundings) {
  const count = ({ name = "" }: Port): number => endpoints.filter(({ ports }) => ports.some((port) => port.name === name)).length;
  const counts = new Map(declared.map((port) => [port, count(port)]));
  const most = Math.max(0, ...counts.values());
  if (endpoints.length === 0 || most === 0) return { ports: declared, served: [] };
  const ofAll = declared.filter((port) => counts.get(port) === endpoints.length);
  const ports = ofAll.length > 0 ? ofAll : declared.filter((port) => counts.get(port) === most).slice(0, 1);
  for (const port of declared) {
    if (ports.includes(port)) continue;
    const what = `port ${port.name ?? port.number} is on ${counts.get(port)} of ${endpoints.length} endpoints and is not offered`;
    around.report("port-not-offered", what);
  }
  const served = endpoints.filter((endpoint) => ports.every(({ name = "" }) => endpoint.ports.some((port) => port.name === name)));
  if (served.length < endpoints.length)
    around.report("port-missing", `${endpoints.length - served.length} endpoints lack the port that most have`);
  return { ports, served };
}

function instanceOf(
  { address, zone, node, ports: own }: Endpoint,
  ports: readonly Port[],
  healthy: boolean,
  around: ServiceSurroundings,
): Instance {
  const { cluster } = around;
  const locality = localityOf(zone, node === undefined ? undefined : around.nodeLocality(node), cluster);
  return {
    id: address,
    address,
    ports: ports.map((port) => ({ ...port, number: own.find(({ name }) => name === (port.name ?? ""))?.number ?? port.number })),
    health: healthy ? "healthy" : "unhealthy",
    ...(locality && { locality }),
    cluster: cluster.id,
  };
}

/** The nearest word counts: the endpoint's zone, its node's labels, then what the cluster is said to be. */
function localityOf(
  zone: string | undefined,
  node: Locality | undefined,
  cluster: Pick<ClusterCredential, "region" | "zone">,
): Locality | undefined {
  const region = node?.region ?? cluster.region;
  const nearest = zone ?? node?.zone ?? cluster.zone;
  if (region === undefined && nearest === undefined) return undefined;
  const subzone = node?.subzone;
  return {
    ...(region !== undefined && { region }),
    ...(nearest !== undefined && { zone: nearest }),
    ...(subzone !== undefined && { subzone }),
  };
}
