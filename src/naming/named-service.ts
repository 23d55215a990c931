/** A part of a registry's service under the host it is served by: the output of the naming room. */
import type { Consumer, Instance, Port, ServiceKey } from "../registries/service.ts";

export interface NamedService {
  /** Namespace of the ServiceEntry. */
  readonly namespace: string;
  /** The host before the collision rule, all others (explicit hosts) behind it. Lower-case, DNS-valid. */
  readonly host: string;
  readonly otherHosts: readonly string[];
  /**
   * The exact form of (key, protocol): two named services are the same service if and only if their
   * identities are equal, whatever registry of whatever kind they come from.
   */
  readonly identity: string;
  readonly kind: string;
  readonly key: ServiceKey;
  /** The protocol that this part carries; undefined where the service declares its ports. */
  readonly protocol: string | undefined;
  /** Declared ports, or empty: the instances tell. */
  readonly ports: readonly Port[];
  /** Only instances that have the part's protocol, and of those only its ports. */
  readonly instances: readonly Instance[];
  readonly consumers: readonly Consumer[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Namespaces that shall see it, where the registry says. */
  readonly exportTo?: readonly string[];
  /** What the host lost of the exact names: `case`, `replaced`, `cut`; empty if nothing. */
  readonly lost: readonly NameLoss[];
}

export type NameLoss = "case" | "replaced" | "cut";

/** Why a service gets no host. */
export interface NamingRefusal {
  readonly code: "host-under-cluster-domain" | "host-outside-suffix" | "host-invalid" | "bad-template";
  readonly host: string;
  readonly message: string;
}
