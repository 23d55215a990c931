/**
 * The registry-neutral model: what a registry says, in its own words and before any rule of
 * Istio. Every registry kind produces these shapes and nothing downstream knows a registry.
 *
 * The shapes are plain JSON, because they travel between threads and lie in journals as text.
 */

import type { ClusterItem } from "../clusters/offer.ts";

/** How the registry itself calls a service. Absent and empty are the same thing: leave empty parts out. */
export interface ServiceKey {
  readonly namespace?: string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
}

/** A port and what is spoken there. */
export interface Port {
  /** Only where the registry names its ports; ports of one service with the same name belong together. */
  readonly name?: string;
  /** 1 … 65535. */
  readonly number: number;
  /** The registry's own word, lower-case: `dubbo`, `tri`, `rest`, `http`, `grpc`, `tcp`, … */
  readonly protocol: string;
}

/** What the registry says about an instance's readiness; absent means that it says nothing. */
export type Health = "healthy" | "unhealthy" | "disabled";

export interface Locality {
  readonly region?: string;
  readonly zone?: string;
  readonly subzone?: string;
}

export interface Instance {
  /** Stable over re-registrations of the same process slot; unique within its service. */
  readonly id: string;
  /** IPv4, IPv6 without brackets, or a host name. */
  readonly address: string;
  /** Empty where the service declares its ports: the instance then serves each at the declared number. */
  readonly ports: readonly Port[];
  /** As the registry writes it (any non-negative number); absent means unset. */
  readonly weight?: number;
  readonly health?: Health;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: Locality;
  /** Istio network of the address; absent means the registry's default. */
  readonly network?: string;
  /** Kubernetes cluster in which it runs, by the id it has in Tributary. */
  readonly cluster?: string;
  readonly serviceAccount?: string;
  /** True where the registry keeps the entry although nobody renews it. */
  readonly persistent?: boolean;
}

/** Somebody who calls the service, where the registry tells. */
export interface Consumer {
  readonly application?: string;
  readonly address?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Service {
  readonly key: ServiceKey;
  /** Exact hosts wanted by whoever wrote the registration; absent: the naming template decides. */
  readonly hosts?: readonly string[];
  /**
   * Ports declared by the service itself: a promise that every instance serves all of them
   * (an instance's port of the same name overrides the number). Absent: each instance tells its own.
   */
  readonly ports?: readonly Port[];
  readonly instances: readonly Instance[];
  readonly consumers?: readonly Consumer[];
  /** Exact names and facts that a host cannot hold (`dubbo.interface`, …). */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Namespaces that shall see it, or `*`, where the registry says; absent: the mesh's own rule. */
  readonly exportTo?: readonly string[];
}

/** A ready Istio object that passes through unmerged. `spec` is its JSON form. */
export interface IstioResource {
  readonly apiVersion: string;
  readonly kind: "ServiceEntry" | "WorkloadEntry" | "Sidecar";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What is known of an address, a node or an application; enriches the instances of other registries. */
export interface Fact {
  /** `service`: a Service that istiod's own cluster has. */
  readonly subject: "address" | "node" | "application" | "service";
  /** The address, node name, application name, or `namespace/name` of the Service. */
  readonly name: string;
  readonly cluster?: string;
  readonly network?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: Locality;
  readonly serviceAccount?: string;
  readonly sidecar?: boolean;
  /** For applications: the services it calls. */
  readonly calls?: readonly ServiceKey[];
}

/** One thing a registry holds: the three payloads of the contract. */
export type Item =
  | { readonly kind: "service"; readonly service: Service }
  | { readonly kind: "resource"; readonly resource: IstioResource }
  | { readonly kind: "fact"; readonly fact: Fact };

/** The exact, injective text form of a key: `namespace|group|name|version`, with `|` and `\` escaped. */
export function keyText(key: ServiceKey): string {
  return [key.namespace, key.group, key.name, key.version].map((part) => (part ?? "").replace(/[\\|]/g, "\\$&")).join("|");
}

/** The key behind its text form. */
export function parseKeyText(text: string): ServiceKey {
  const parts: string[] = [""];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "|") parts.push("");
    else parts[parts.length - 1] += character === "\\" ? text.charAt(++at) : character;
  }
  const [namespace = "", group = "", name = "", version = ""] = parts;
  return { ...(namespace && { namespace }), ...(group && { group }), name, ...(version && { version }) };
}

/** The identity of an item within its registry, or within the place that clusters come from. */
export function itemId(item: Item | ClusterItem): string {
  switch (item.kind) {
    case "cluster":
      return `cluster/${item.cluster.id}/${item.cluster.owner}`;
    case "service":
      return `service/${keyText(item.service.key)}`;
    case "resource":
      return `resource/${item.resource.kind}/${item.resource.metadata.namespace}/${item.resource.metadata.name}`;
    case "fact":
      return `fact/${item.fact.cluster ?? ""}/${item.fact.network ?? ""}/${item.fact.subject}/${item.fact.name}`;
  }
}
