/** How services of Nacos are understood; made by the schema in `settings-schema.ts`. */
export interface MeaningSettings {
  /** Spoken where an instance does not say otherwise: `http`. */
  readonly protocol: string;
  /** Metadata that hold further ports, and what is spoken there. */
  readonly portKeys: Readonly<Record<string, string>>;
  /** Whether an IPv6 address in the metadata is used in place of an IPv4 address. */
  readonly ipv6: boolean;
  /** What becomes of a cluster's name. */
  readonly clusters: "label" | "zone" | "region" | "none";
  /** Whether the server is believed that calls all instances healthy, since too few are. */
  readonly protectionThreshold: "believe" | "ignore";
  /** Which services of the same name are one. */
  readonly merge: "none" | "groups" | "namespaces";
  /** Whether who calls a Dubbo interface is told, too. */
  readonly consumers: boolean;
  readonly applications: {
    readonly enabled: boolean;
    /** What becomes of instances of which nothing tells the services. */
    readonly fallback: "application" | "none";
  };
}
