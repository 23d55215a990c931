/** One service per (namespace, host), joined from every registry that gives it: the catalog's output. */
import type { MergingPolicy } from "../config/sections/merging-schema.ts";
import type { NamedService } from "../naming/named-service.ts";
import type { Instance, IstioResource, Port } from "../registries/service.ts";
import type { Conflicts } from "./merging/conflicts.ts";
import type { Failover } from "./merging/failover.ts";
import type { Shadow } from "./merging/shadow.ts";

export interface MergedService
  extends Pick<NamedService, "namespace" | "otherHosts" | "identity" | "kind" | "key" | "protocol" | "ports" | "annotations" | "exportTo"> {
  /** Final host, after the collision rule. Also the name of the ServiceEntry. */
  readonly host: string;
  /** De-duplicated, in canonical order (network, address, ports). */
  readonly endpoints: readonly MergedEndpoint[];
  /** Registry ids that give this service, sorted. */
  readonly registries: readonly string[];
  /** `namespace/name` of a Service of istiod's own cluster that has the host, too. */
  readonly ownClusterService?: string;
  /** Declared ports that not all registries with endpoints declare: they are not offered. */
  readonly unsharedPorts?: readonly Port[];
  /** What its registries say differently of the same thing. */
  readonly conflicts?: Conflicts;
  /** How its registries were chosen; absent where one alone gives it under `union`. */
  readonly decision?: MergeDecision;
}

export interface MergeDecision {
  readonly policy: MergingPolicy;
  /** Setting that gives the policy. */
  readonly setting: string;
  /** Labels of its endpoints for which the setting holds, in words; absent: it does not ask for any. */
  readonly labels?: string;
  /** Sources whose endpoints are served, first in precedence first. */
  readonly serving: readonly string[];
  /** Sources that give it, too, and are not served. */
  readonly standby: readonly string[];
  readonly shadows: readonly Shadow[];
  readonly failover?: Failover;
}

export interface MergedEndpoint extends Instance {
  /** The registries that name this endpoint, sorted; the first in priority gave its facts. */
  readonly registries: readonly string[];
  /** A host name as its address is to be served as it is: `hostNames: dns` of the registry that gave its facts. */
  readonly dns?: true;
}

/** A ready resource that passes through, with the registry that gives it. */
export interface PassedResource {
  readonly registry: string;
  readonly resource: IstioResource;
}

/** What the catalog knows under one key: `service:namespace/host` or `resource:Kind/namespace/name`. */
export type CatalogEntry =
  | { readonly kind: "service"; readonly service: MergedService }
  | { readonly kind: "resource"; readonly passed: PassedResource };
