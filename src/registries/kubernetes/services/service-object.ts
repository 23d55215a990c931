/** What is read of a Kubernetes Service. */
import type { KubeObject } from "../reflector/kube-object.ts";

export interface ServicePort {
  /** Empty where the Service has one port without a name. */
  readonly name: string;
  /** 1 … 65535: what clients use. */
  readonly number: number;
  /** As the API writes it: `TCP`, `UDP`, `SCTP`. */
  readonly transport: string;
  readonly appProtocol: string | undefined;
}

/** `headless`: clients find the pods themselves; `external`: an alias of a DNS name (ExternalName), without endpoints. */
export type ServiceType = "cluster-ip" | "headless" | "external";

export interface ServiceObject {
  readonly namespace: string;
  readonly name: string;
  readonly type: ServiceType;
  readonly ports: readonly ServicePort[];
  /** Of the Service's own address; undefined where it does not say. */
  readonly primaryFamily: "IPv4" | "IPv6" | undefined;
  /** `networking.istio.io/exportTo`; undefined: it says nothing. */
  readonly exportTo: string | undefined;
}

const exportToAnnotation = "networking.istio.io/exportTo";
/** An API server admits that many. */
const maxPorts = 1_000;
const maxExportTo = 4_096;

export function readService({ metadata, spec }: KubeObject): ServiceObject | undefined {
  const { namespace, name, annotations } = metadata;
  if (namespace === undefined) return undefined;
  const { type, clusterIP, ports, ipFamilies } = (spec ?? {}) as Record<string, unknown>;
  const exportTo = annotations?.[exportToAnnotation];
  return {
    namespace,
    name,
    type: type === "ExternalName" ? "external" : clusterIP === "None" ? "headless" : "cluster-ip",
    ports: Array.isArray(ports) ? ports.slice(0, maxPorts).flatMap(readPort) : [],
    primaryFamily: Array.isArray(ipFamilies) ? familyOf(ipFamilies[0]) : undefined,
    exportTo: typeof exportTo === "string" ? exportTo.slice(0, maxExportTo) : undefined,
  };
}

function readPort(value: unknown): ServicePort[] {
  const { name, port, protocol, appProtocol } = (value ?? {}) as Record<string, unknown>;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) return [];
  return [
    {
      name: typeof name === "string" ? name : "",
      number: port,
      transport: typeof protocol === "string" ? protocol : "TCP",
      appProtocol: typeof appProtocol === "string" && appProtocol !== "" ? appProtocol : undefined,
    },
  ];
}

function familyOf(value: unknown): "IPv4" | "IPv6" | undefined {
  return value === "IPv4" || value === "IPv6" ? value : undefined;
}
