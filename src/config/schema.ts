/**
 * The one schema of `tributary.yaml`. Types, JSON Schema (`schema/tributary.schema.json`) and the
 * documentation table (`docs/config.md`) are made from it; every `describe` is read by users.
 *
 * Registry kinds bring their own keys: `configSchema(kinds)` joins them.
 */
import * as z from "zod";
import type { ClusterCredential } from "../clusters/credential.ts";
import type { RegistryKind } from "../registries/contract.ts";
import type { Locality } from "../registries/service.ts";
import { importsSchema } from "./imports/imports-schema.ts";
import { type ClustersConfig, clustersSchema } from "./sections/clusters-schema.ts";
import { type MergingConfig, mergingSchema } from "./sections/merging-schema.ts";
import { type AdminConfig, adminSchema, type MetricsConfig, metricsSchema, type XdsConfig, xdsSchema } from "./sections/ports-schema.ts";
import {
  clusterSelectionShape,
  commonRegistryShape,
  type EnrichConfig,
  type NamingConfig,
  type OperatorWord,
  type ProtectionConfig,
  type WorkerConfig,
} from "./sections/registry-schema.ts";
import { between, duration, hostPort, ipv4Cidr, port } from "./sections/values.ts";

export type { ClusterConfig, ClustersConfig } from "./sections/clusters-schema.ts";
export type { AdminConfig, MetricsConfig, TlsConfig, XdsConfig } from "./sections/ports-schema.ts";
export type { NamingConfig, OperatorWord, ProtectionConfig } from "./sections/registry-schema.ts";

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
    sourceLabels: z
      .boolean()
      .default(false)
      .describe(
        'Endpoints carry a label of its own for every registry and cluster that names them, `registry.tributary.dev/ID: "true"` and `cluster.tributary.dev/ID: "true"`, so that a subset can select one of several.',
      ),
  })
  .prefault({})
  .describe("How services become Istio objects.");

const lastKnownGoodSchema = z
  .strictObject({
    folder: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Folder in which the last known state of every registry is kept, so that a restart serves it while a registry is down; relative to this configuration. It belongs to one process. Absent: nothing is kept.",
      ),
    peers: z
      .array(hostPort)
      .max(16)
      .default([])
      .describe(
        "Admin ports of other replicas, as `host:port`: a start with nothing kept of a registry takes its last known state from one of them. A name may stand for several addresses (a headless Service). Needs `admin.tls`, whose certificate is shown and whose `allow` names who may answer, too.",
      ),
    peerTimeout: between("100ms", "5m")
      .prefault("10s")
      .describe("Most time that taking a registry's state from peers may take; nothing waits longer for it."),
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
    z.strictObject({
      type: z.literal(kind.id).describe(kind.summary),
      ...commonRegistryShape,
      ...(kind.needsClusters && clusterSelectionShape),
      ...kind.schema.shape,
    }),
  );
  return z.strictObject({
    registries: z
      .array(z.discriminatedUnion("type", registries as never))
      .min(1)
      .describe("The registries to watch."),
    freeze: z
      .boolean()
      .default(false)
      .describe(
        "Nothing leaves: what any registry removes is served on until this is taken back. Additions and changes pass. Meant for maintenance; loud.",
      ),
    clusters: clustersSchema,
    merging: mergingSchema,
    imports: importsSchema,
    mesh: meshSchema,
    xds: xdsSchema,
    metrics: metricsSchema,
    admin: adminSchema,
    lastKnownGood: lastKnownGoodSchema,
    readBack: readBackSchema,
    log: logSchema,
  });
}

export type ImportsConfig = z.output<typeof importsSchema>;
export type MeshConfig = z.output<typeof meshSchema>;
export type LastKnownGoodConfig = z.output<typeof lastKnownGoodSchema>;
export type ReadBackConfig = z.output<typeof readBackSchema>;
export type LogConfig = z.output<typeof logSchema>;

/** A registry's settings: the common keys, and beside them those of its kind. */
export interface RegistryConfig {
  readonly id: string;
  readonly type: string;
  readonly required: boolean;
  readonly network?: string | undefined;
  readonly hostNames: "resolve" | "dns" | "skip";
  readonly enrich?: EnrichConfig | undefined;
  readonly naming: NamingConfig;
  readonly protection: ProtectionConfig;
  readonly worker: WorkerConfig;
  readonly frozen?: boolean | undefined;
  readonly paused?: boolean | undefined;
  readonly release?: string | undefined;
  /** What operators want of it, here or in the configuration; not in the file. */
  readonly operator?: OperatorWord;
  /** Of its instances that name none; not in the file, but made from the cluster. */
  readonly locality?: Locality;
  /** Of a source in a cluster: how to reach it; not in the file. */
  readonly cluster?: ClusterCredential;
  readonly [kindKey: string]: unknown;
}

/** A registry that was added at run time and cannot be read now, such as one whose secret is missing. */
export interface UnreadableRegistry {
  readonly id: string;
  readonly required: boolean;
}

export interface Config {
  readonly registries: readonly RegistryConfig[];
  /** Not in the file. First answers wait for those that are required: without them they would remove what istiod has. */
  readonly unreadable?: readonly UnreadableRegistry[];
  readonly freeze: boolean;
  readonly clusters: ClustersConfig;
  readonly merging: MergingConfig;
  readonly imports: ImportsConfig;
  readonly mesh: MeshConfig;
  readonly xds: XdsConfig;
  readonly metrics: MetricsConfig;
  readonly admin: AdminConfig;
  readonly lastKnownGood: LastKnownGoodConfig;
  readonly readBack: ReadBackConfig;
  readonly log: LogConfig;
}
