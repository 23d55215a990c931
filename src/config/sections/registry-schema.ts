/** The keys that every registry has, whatever its kind. */
import * as z from "zod";
import { clusterId, duration, registryId } from "./values.ts";

const namingSchema = z
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
    massRemovalWindow: duration.prefault("10s").describe("Time over which removals, and additions, are added up."),
    massRemovalHold: duration.prefault("5m").describe("A held mass removal is honoured after this time."),
    serviceRemovalRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.8)
      .describe(
        "The same for a single service: removals within `massRemovalWindow` are held for `massRemovalHold` when they are more than this share of its endpoints (0 … 1) and more than `serviceRemovalEndpoints`. 1: never.",
      ),
    serviceRemovalEndpoints: z
      .int()
      .min(0)
      .default(20)
      .describe("Removals of no more endpoints of a service than this are never held as its mass removal."),
    flapDamping: duration
      .prefault("0s")
      .describe(
        "An instance that the registry removes is served on for this time; one that returns meanwhile never left. 0s: removals count at once. For registries whose instances blink.",
      ),
    growth: z
      .enum(["report", "hold"])
      .default("report")
      .describe(
        "What happens when a registry, or a service, has more than `growthFactor` times the endpoints it had `massRemovalWindow` before: only `report` it, or also `hold` additions for `growthHold`.",
      ),
    growthFactor: z
      .number()
      .min(0)
      .default(3)
      .describe("Growth to more than so many times the endpoints is reported; a first listing never is. 0: none is."),
    growthEndpoints: z.int().min(0).default(100).describe("Growth by no more endpoints than this is never reported."),
    growthHold: duration.prefault("5m").describe("Growth is shown for this time; with `growth: hold`, additions are taken over after it."),
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

const enrichSchema = z
  .strictObject({
    labels: z
      .array(z.string().min(1))
      .default([])
      .describe(
        "Labels of the pod that its endpoints take where the registry gives none of that name; `*` and `?` are wildcards. As of all labels, those named in `mesh.labels` reach the mesh.",
      ),
    locality: z.boolean().default(true).describe("Take the locality of the pod's node where the registry tells none."),
    network: z.boolean().default(true).describe("Take the pod's network where neither the registry nor its `network` tells one."),
    serviceAccount: z
      .boolean()
      .default(true)
      .describe("Take the service account of pods that have a sidecar: with `mesh.endpointTls: auto`, these are spoken to with mTLS."),
  })
  .optional()
  .describe("What endpoints take of the facts about their addresses, as `pod-facts` and `file` registries tell them. Absent: nothing.");

/** The key of every registry that reads from Kubernetes clusters. */
export const clusterSelectionShape = {
  clusters: z.array(clusterId).default([]).describe("Ids of the clusters it reads from; empty: all there are."),
} as const;

const workerSchema = z
  .strictObject({
    heapMb: z.int().min(32).max(65_536).default(512).describe("Most JavaScript heap, MiB."),
    externalMb: z.int().min(32).max(65_536).default(512).describe("Most memory outside of it (buffers), MiB."),
  })
  .prefault({})
  .describe(
    "Memory of the worker that reads this registry. A worker that needs more is ended and started again with back-off; what is known stays. Registries that share one (those of many clusters) agree on it.",
  );

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
  hostNames: z
    .enum(["resolve", "dns", "skip"])
    .default("resolve")
    .describe(
      "Instances registered by host name: `resolve` the names here and serve their addresses; leave them to the proxies' `dns` (a ServiceEntry with resolution DNS); or `skip` them, counted.",
    ),
  enrich: enrichSchema,
  naming: namingSchema,
  protection: protectionSchema,
  worker: workerSchema,
  frozen: z
    .boolean()
    .default(false)
    .describe("Nothing of this registry leaves until this is taken back; additions and changes pass. As `freeze`, for one registry."),
  paused: z
    .boolean()
    .default(false)
    .describe("The registry is not read at all: its last state is served. Its worker ends, and starts again when this is taken back."),
  release: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Any word, such as a date: whenever a reload changes it, what is held of the registry at that moment is released. As `tributary release`, for all replicas.",
    ),
} as const;

/** Why a registry is frozen or paused; absent: it is not. */
export interface OperatorWord {
  readonly frozen?: string | undefined;
  readonly paused?: string | undefined;
}

export type WorkerConfig = z.output<typeof workerSchema>;
export type EnrichConfig = NonNullable<z.output<typeof enrichSchema>>;
export type NamingConfig = z.output<typeof namingSchema>;
export type ProtectionConfig = z.output<typeof protectionSchema>;
