/**
 * The one schema of `tributary.yaml`. Types, JSON Schema (`schema/tributary.schema.json`) and the
 * documentation table (`docs/config.md`) are made from it; every `describe` is read by users.
 *
 * Registry kinds bring their own keys: `configSchema(kinds)` joins them.
 */
import { z } from "zod";
import type { RegistryKind } from "../registries/contract.ts";
import { duration, ipv4Cidr, port, registryId } from "./values.ts";

export const namingSchema = z
  .strictObject({
    template: z
      .string()
      .min(1)
      .optional()
      .describe("Host template; absent: the kind's own. `[...]` is left out when a placeholder in it is empty."),
    suffix: z
      .string()
      .min(1)
      .optional()
      .describe("Last labels of every host of this registry, without leading dot; absent: the kind's own."),
    namespace: z.string().min(1).optional().describe("Namespace of the ServiceEntries; absent: `mesh.namespace`."),
    allowOutsideSuffix: z
      .boolean()
      .default(false)
      .describe("Allow explicit hosts outside the suffix. Registry data could then capture other traffic."),
    allowClusterDomain: z
      .boolean()
      .default(false)
      .describe("Allow hosts under the cluster domain. Registry data could then capture a Kubernetes Service's traffic."),
  })
  .prefault({})
  .describe("How services of this registry are called in the mesh.");

export const protectionSchema = z
  .strictObject({
    hold: duration.prefault("30s").describe("After a reconnect or restart, shrinkage waits this long, is read again, then honoured."),
    massRemovalRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe("More than this share of a registry's endpoints within the window is held …"),
    massRemovalEndpoints: z.int().min(0).default(20).describe("… if it is also more than this number of endpoints."),
    massRemovalWindow: duration.prefault("10s").describe("Window in which removals are added up."),
    massRemovalHold: duration.prefault("5m").describe("A held mass removal is honoured after this time."),
    unreachable: z.enum(["keep", "drain"]).default("keep").describe("What happens to the services of an unreachable registry."),
    drainAfter: duration.prefault("1h").describe("With `unreachable: drain`: endpoints leave after this time without contact."),
    emptyServiceFor: duration
      .prefault("24h")
      .describe(
        "A service that lost its last instance is served empty for this time, unless the registry confirms that the service is gone.",
      ),
  })
  .prefault({})
  .describe("What may shrink the view, and when.");

const commonRegistryShape = {
  id: registryId.describe("Unique id: part of labels, metrics and state files."),
  required: z.boolean().default(true).describe("First answers wait for this registry's first complete listing."),
  network: z.string().min(1).optional().describe("Istio network of its addresses."),
  naming: namingSchema,
  protection: protectionSchema,
} as const;

const meshSchema = z
  .strictObject({
    namespace: z.string().min(1).default("tributary").describe("Namespace of the ServiceEntries."),
    exportTo: z.array(z.string().min(1)).min(1).default(["*"]).describe("Visibility of the services."),
    clusterDomain: z.string().min(1).default("cluster.local").describe("Kubernetes cluster domain, protected from registry data."),
    vipCidr: ipv4Cidr.default("241.0.0.0/8").describe("Range of the services' virtual addresses; must not overlap with anything routed."),
    endpointTls: z
      .enum(["off", "istio", "auto"])
      .default("off")
      .describe("mTLS to endpoints: `off`, `istio` (all have sidecars), `auto` (where facts say so)."),
    servicePorts: z.record(z.string(), port).default({}).describe("Service port by protocol; absent: the most common instance port."),
    labels: z
      .array(z.string().min(1))
      .default(["application", "group", "version", "dubbo.tag", "zone", "region"])
      .describe("Instance labels that reach the endpoints; `*` at the end matches a prefix, `*` alone all."),
  })
  .prefault({})
  .describe("How services become Istio objects.");

const xdsSchema = z
  .strictObject({
    address: z.string().min(1).default("127.0.0.1").describe("Listening address; must be loopback."),
    port: port.default(16010).describe("Listening port, the one in istiod's `configSources`."),
    maxStreams: z.int().min(1).default(100).describe("Streams at a time; further ones end with RESOURCE_EXHAUSTED."),
    maxRequestBytes: z
      .int()
      .min(1024)
      .default(4 * 1024 * 1024)
      .describe("Largest request; a larger one ends its stream."),
    maxTypes: z.int().min(1).default(100).describe("Types one stream may ask for."),
    maxNames: z.int().min(1).default(100_000).describe("Resource names one stream may subscribe to."),
    pacing: z
      .strictObject({
        perMegabyte: duration.prefault("25ms").describe("Least gap to the next full-state push, per MB of the last one."),
        ackWarning: duration.prefault("60s").describe("An unacknowledged push is reported after this time."),
        ackTimeout: duration.prefault("5m").describe("An unacknowledged push ends its stream after this time."),
      })
      .prefault({})
      .describe("Pacing of full-state pushes."),
    initialSync: z
      .strictObject({
        timeout: duration.prefault("60s").describe("How long a cold istiod waits for required registries."),
        onTimeout: z.enum(["serve", "wait"]).default("serve").describe("Then: serve what is known, or wait without limit."),
        istiodPorts: z.array(port).default([15010, 15012, 15017]).describe("istiod is warm if one of these accepts on loopback."),
        istiodHttpPorts: z
          .array(port)
          .default([8080, 15014])
          .describe("istiod is cold if one of these answers and none of the above accepts."),
      })
      .prefault({})
      .describe("First answer to the istiod beside us."),
  })
  .prefault({})
  .describe("The xDS server.");

const metricsSchema = z
  .strictObject({
    address: z.string().min(1).default("127.0.0.1").describe("Listening address; the pod's address or 0.0.0.0 for kubelet and Prometheus."),
    port: port.default(16020).describe("Listening port of `/metrics`, `/healthz`, `/readyz`, `/startupz`."),
  })
  .prefault({})
  .describe("Metrics and health.");

const logSchema = z
  .strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("Least severity that is written."),
    format: z.enum(["auto", "json", "text"]).default("auto").describe("`auto`: text on a terminal, JSON elsewhere."),
  })
  .prefault({})
  .describe("Logging.");

/** Joins the kinds' own keys into the whole schema. */
export function configSchema(kinds: readonly RegistryKind[]) {
  const registries = kinds.map((kind) =>
    z.strictObject({ type: z.literal(kind.id).describe(kind.summary), ...commonRegistryShape, ...kind.schema.shape }),
  );
  return z.strictObject({
    registries: z
      .array(z.discriminatedUnion("type", registries as never))
      .min(1)
      .describe("The registries to watch."),
    mesh: meshSchema,
    xds: xdsSchema,
    metrics: metricsSchema,
    log: logSchema,
  });
}

export type NamingConfig = z.output<typeof namingSchema>;
export type ProtectionConfig = z.output<typeof protectionSchema>;
export type MeshConfig = z.output<typeof meshSchema>;
export type XdsConfig = z.output<typeof xdsSchema>;
export type MetricsConfig = z.output<typeof metricsSchema>;
export type LogConfig = z.output<typeof logSchema>;

/** A registry's settings: the common keys, and beside them those of its kind. */
export interface RegistryConfig {
  readonly id: string;
  readonly type: string;
  readonly required: boolean;
  readonly network?: string | undefined;
  readonly naming: NamingConfig;
  readonly protection: ProtectionConfig;
  readonly [kindKey: string]: unknown;
}

export interface Config {
  readonly registries: readonly RegistryConfig[];
  readonly mesh: MeshConfig;
  readonly xds: XdsConfig;
  readonly metrics: MetricsConfig;
  readonly log: LogConfig;
}
