/** The section of the Kubernetes clusters: where they come from, and what is settled for each. */
import * as z from "zod";
import { clusterId, duration } from "./values.ts";

const clusterSchema = z
  .strictObject({
    id: clusterId.describe("Name of the cluster, unique among all: part of labels, metrics and the names of sources."),
    enabled: z.boolean().default(true).describe("`false`: the cluster is left out, wherever it comes from."),
    kubeconfig: z
      .string()
      .min(1)
      .optional()
      .describe(
        "File with its kubeconfig, read again when it changes. Absent, and not `inCluster`: this entry only settles what holds for a cluster that comes from `folder` or `remoteSecrets`.",
      ),
    context: z.string().min(1).optional().describe("Context of the kubeconfig. Absent: its current one."),
    inCluster: z.boolean().default(false).describe("The cluster that Tributary runs in, by the service account of its pod."),
    local: z
      .boolean()
      .optional()
      .describe("The cluster that istiod itself runs in and watches: its Services are not served a second time. Absent: as `inCluster`."),
    optional: z.boolean().default(false).describe("First answers to istiod do not wait for this cluster; it is taken in when it comes."),
    network: z.string().min(1).optional().describe("Istio network of its endpoints that name none. Absent: the registry's."),
    region: z.string().min(1).optional().describe("Region of its endpoints whose locality is not known otherwise."),
    zone: z
      .string()
      .min(1)
      .optional()
      .describe("Zone of its endpoints whose locality is not known otherwise; without `region`, it says nothing."),
    priority: z
      .int()
      .default(0)
      .describe("Where clusters disagree about a service, the one with the higher number has precedence; equal ones are ordered by id."),
    unreachable: z
      .enum(["keep", "drain"])
      .optional()
      .describe("What happens to its endpoints while it cannot be reached. Absent: the registry's `protection.unreachable`."),
    drainAfter: duration
      .optional()
      .describe("With `unreachable: drain`: they leave after this time without contact. Absent: the registry's `protection.drainAfter`."),
  })
  .refine(({ kubeconfig, inCluster }) => kubeconfig === undefined || !inCluster, {
    error: "`kubeconfig` and `inCluster` are two ways to reach a cluster; one is enough",
  })
  .refine(({ kubeconfig, context }) => context === undefined || kubeconfig !== undefined, {
    error: "`context` is one of a `kubeconfig`, which is missing",
  });

export const clustersSchema = z
  .strictObject({
    list: z
      .array(clusterSchema)
      .refine((list) => list.filter(({ inCluster }) => inCluster).length <= 1, {
        error: "the process runs in one cluster: two are `inCluster`",
      })
      .default([])
      .describe("Clusters by name, and what holds for those that come from elsewhere."),
    folder: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Folder of kubeconfigs, watched: each file is a cluster, whose id is the name of the cluster of its current context. Relative to this configuration.",
      ),
    remoteSecrets: z
      .strictObject({
        namespace: z.string().min(1).default("istio-system").describe("Namespace of the Secrets."),
      })
      .optional()
      .describe(
        "Clusters from Istio's remote secrets: Secrets with the label `istio/multiCluster=true` in the default cluster, watched. Absent: none.",
      ),
    default: clusterId
      .optional()
      .describe("The cluster in which `remoteSecrets` are read. Absent: the `local` one, else the first of `list` that has a credential."),
    allow: z
      .array(z.enum(["exec", "file-paths", "skip-tls-verify", "impersonation", "proxy"]))
      .default([])
      .describe(
        "What kubeconfigs may do although they come from outside: run a command that prints a token (`exec`), name files of this machine (`file-paths`), leave the server's certificate unchecked (`skip-tls-verify`), act for others (`impersonation`), go through a `proxy`. What is not named here refuses the kubeconfig before anything in it is followed.",
      ),
    health: z
      .strictObject({
        interval: duration.prefault("10s").describe("Between two questions for an API server's `/readyz`."),
        timeout: duration.prefault("5s").describe("Most time for an answer."),
        unhealthyThreshold: z.int().min(1).max(100).default(3).describe("So many failures in a row make a cluster unhealthy."),
        healthyThreshold: z.int().min(1).max(100).default(2).describe("So many answers in a row make it healthy again."),
      })
      .prefault({})
      .describe("Probes of the API servers. Their outcome is shown and speeds up reconnecting; it never removes an endpoint."),
    syncTimeout: duration
      .prefault("30s")
      .describe("A cluster that was not listed after this time is shown as timed out; it goes on being tried."),
  })
  .prefault({})
  .describe("Kubernetes clusters, for the registries that read from them.");

/** How to reach a cluster that was added at run time: by the path of its kubeconfig or by its text. */
export interface AddedCluster {
  readonly id: string;
  readonly path: string | undefined;
  readonly context: string | undefined;
  readonly text: string | undefined;
}

export type ClustersConfig = z.output<typeof clustersSchema> & {
  /** Not in the file. Absent: none was added. */
  readonly added?: readonly AddedCluster[];
};
export type ClusterConfig = ClustersConfig["list"][number];
