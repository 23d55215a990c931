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
      .describe(
        "Host template: literal text, `{name}` `{namespace}` `{group}` `{version}` `{protocol}` `{registry}`, and `[…]`, left out when a placeholder in it is empty. Absent: the kind's own.",
      ),
    suffix: z
      .string()
      .min(1)
      .optional()
      .describe("Last labels of every host of this registry, without a leading dot. Absent: the kind's own."),
    namespace: z.string().min(1).optional().describe("Namespace of this registry's ServiceEntries. Absent: `mesh.namespace`."),
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
    hold: duration
      .prefault("30s")
      .describe(
        "After a reconnect, a lost session or a restart of the registry, removals wait this long; the registry is read again, then they are honoured. Additions never wait.",
      ),
    massRemovalRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe(
        "Removals within `massRemovalWindow` are held when they are more than this share of the registry's endpoints (0 … 1) and more than `massRemovalEndpoints`.",
      ),
    massRemovalEndpoints: z.int().min(0).default(20).describe("Removals of no more endpoints than this are never held as a mass removal."),
    massRemovalWindow: duration.prefault("10s").describe("Time over which removals are added up."),
    massRemovalHold: duration.prefault("5m").describe("A held mass removal is honoured after this time."),
    unreachable: z
      .enum(["keep", "drain"])
      .default("keep")
      .describe(
        "What happens to the services of an unreachable registry: `keep` them as they were last seen, or `drain` them after `drainAfter`.",
      ),
    drainAfter: duration
      .prefault("1h")
      .describe("With `unreachable: drain`: endpoints leave after this time without contact. Otherwise without effect."),
    emptyServiceFor: duration
      .prefault("24h")
      .describe(
        "A service that lost its last instance is served empty for this time, unless the registry confirms that the service is gone.",
      ),
  })
  .prefault({})
  .describe("What may remove endpoints that were served, and when: a failure must not look like a removal.");

/** Keys that every registry has, whatever its kind; `type` comes first. */
export const commonRegistryShape = {
  id: registryId.describe("Name of this registry, unique in the file: part of labels, metrics and state files."),
  required: z
    .boolean()
    .default(true)
    .describe(
      "The first answer to an istiod waits for this registry's first complete listing, or for what is kept of it (`lastKnownGood`).",
    ),
  network: z.string().min(1).optional().describe("Istio network of its addresses. Absent: none, the mesh's own."),
  naming: namingSchema,
  protection: protectionSchema,
} as const;

export const meshSchema = z
  .strictObject({
    namespace: z.string().min(1).default("tributary").describe("Namespace of the ServiceEntries."),
    exportTo: z
      .array(z.string().min(1))
      .min(1)
      .default(["*"])
      .describe("Namespaces that see the services: `*` for all, `.` for the own one, or names."),
    clusterDomain: z
      .string()
      .min(1)
      .default("cluster.local")
      .describe("DNS domain of the Kubernetes cluster; registry data must not claim hosts under it."),
    vipCidr: ipv4Cidr.default("241.0.0.0/8").describe("Range of the services' virtual addresses; must not overlap with anything routed."),
    endpointTls: z
      .enum(["off", "istio", "auto"])
      .default("off")
      .describe("mTLS to the endpoints: `off`; `istio`, all have sidecars; `auto`, those that are known to have one."),
    servicePorts: z
      .record(z.string(), port)
      .default({})
      .describe(
        "Port of the services by protocol, such as `dubbo: 20880`. A protocol that is absent: the most common port of the instances, the smallest on a tie.",
      ),
    labels: z
      .array(z.string().min(1))
      .default(["application", "group", "version", "dubbo.tag", "zone", "region"])
      .describe("Instance labels that become labels of the endpoints; `*` at the end matches a prefix, `*` alone matches all."),
  })
  .prefault({})
  .describe("How services become Istio objects.");

const tlsSchema = z
  .strictObject({
    certificate: z.string().min(1).describe("File of the server's certificate chain (PEM); read again when it changes."),
    key: z.string().min(1).describe("File of its private key (PEM)."),
    clientCa: z.string().min(1).describe("File of the authorities whose client certificates are trusted (PEM)."),
    allow: z
      .array(z.string().min(1))
      .min(1)
      .describe("Who may connect: subject alternative names (DNS name or URI, as `spiffe://…`) of client certificates, in full."),
  })
  .optional();

const xdsSchema = z
  .strictObject({
    address: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe("Listening address; another than loopback needs `tls`, because everybody there could read everything."),
    port: port
      .default(16010)
      .describe("Listening port, the one in the `configSources` of istiod's mesh configuration; with `shards`, the first of several."),
    shards: z
      .int()
      .min(1)
      .max(16)
      .default(1)
      .describe(
        "Ports in a row, each of which serves a part of the hosts: a change is sent again with its part only. istiod's `configSources` must name all of them, so their number needs a restart of both.",
      ),
    tls: tlsSchema.describe("TLS with client certificates. Absent: plain text, on loopback only."),
    maxStreams: z.int().min(1).default(100).describe("Streams at a time; a further one ends with RESOURCE_EXHAUSTED."),
    maxRequestBytes: z
      .int()
      .min(1024)
      .default(4 * 1024 * 1024)
      .describe("Largest request in bytes; a larger one ends its stream."),
    maxTypes: z.int().min(1).default(100).describe("Types one stream may ask for."),
    maxNames: z
      .int()
      .min(1)
      .default(100_000)
      .describe("Resource names one stream may subscribe to or, with delta xDS, say to hold; all streams together three times as many."),
    pacing: z
      .strictObject({
        perMegabyte: duration
          .prefault("25ms")
          .describe("Least gap between an acknowledgement and the next full-state push, per MB of the last one."),
        ackWarning: duration.prefault("60s").describe("An unacknowledged push is reported after this time."),
        ackTimeout: duration.prefault("5m").describe("An unacknowledged push ends its stream after this time."),
      })
      .prefault({})
      .describe("Pacing of full-state pushes."),
    initialSync: z
      .strictObject({
        timeout: duration
          .prefault("60s")
          .describe(
            "How long an istiod that has just started (cold) waits for the required registries. A warm one, which has state to lose, waits without limit.",
          ),
        onTimeout: z.enum(["serve", "wait"]).default("serve").describe("After `timeout`: `serve` what is known, or `wait` without limit."),
        istiodPorts: z.array(port).default([15010, 15012, 15017]).describe("istiod is warm if one of these accepts on loopback."),
        istiodHttpPorts: z
          .array(port)
          .default([8080, 15014])
          .describe("istiod is cold if one of these answers and none of the above accepts."),
      })
      .prefault({})
      .describe("First answer to the istiod in the same pod."),
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

const adminSchema = z
  .strictObject({
    address: z.string().min(1).default("127.0.0.1").describe("Listening address; another than loopback needs `tls`."),
    port: port
      .default(16021)
      .describe("Listening port of the admin API and `/debug`: what `tributary why`, `diff`, `clients` and `dump` ask."),
    tls: tlsSchema.describe("TLS with client certificates. Absent: plain text, on loopback only."),
  })
  .prefault({})
  .describe("The admin API.");

const lastKnownGoodSchema = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Folder in which the last known state of every registry is kept, so that a restart serves it while a registry is down; relative to this configuration. It belongs to one process. Absent: nothing is kept.",
      ),
  })
  .prefault({})
  .describe("What survives a restart.");

const readBackSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Ask the istiod in the same pod what it took of what was sent."),
    ports: z.array(port).min(1).default([8080, 15014]).describe("Ports of istiod's `/debug` on loopback; the first that answers is asked."),
    after: duration.prefault("30s").describe("How long nothing must have been sent before istiod is asked."),
    interval: duration.prefault("10m").describe("istiod is asked at least this often: its dump is large."),
  })
  .prefault({})
  .describe("Read-back: sending is not accepting.");

const logSchema = z
  .strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("Least severity that is written, to standard error."),
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
    admin: adminSchema,
    lastKnownGood: lastKnownGoodSchema,
    readBack: readBackSchema,
    log: logSchema,
  });
}

export type NamingConfig = z.output<typeof namingSchema>;
export type ProtectionConfig = z.output<typeof protectionSchema>;
export type MeshConfig = z.output<typeof meshSchema>;
export type XdsConfig = z.output<typeof xdsSchema>;
export type MetricsConfig = z.output<typeof metricsSchema>;
export type TlsConfig = NonNullable<z.output<typeof tlsSchema>>;
export type AdminConfig = z.output<typeof adminSchema>;
export type LastKnownGoodConfig = z.output<typeof lastKnownGoodSchema>;
export type ReadBackConfig = z.output<typeof readBackSchema>;
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
  readonly admin: AdminConfig;
  readonly lastKnownGood: LastKnownGoodConfig;
  readonly readBack: ReadBackConfig;
  readonly log: LogConfig;
}
