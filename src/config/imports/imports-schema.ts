/** Files of dubbo-kubernetes that become part of the configuration. */
import * as z from "zod";

export const importsSchema = z
  .strictObject({
    multiCluster: z
      .string()
      .min(1)
      .optional()
      .describe("Its `multi-cluster.yaml`: the clusters in it join those of `clusters.list`. Relative to this configuration."),
    multiRegistry: z
      .string()
      .min(1)
      .optional()
      .describe("Its `multi-registry.yaml`: the registries in it come behind those of `registries`. Relative to this configuration."),
    multiClusterEnabled: z.boolean().default(false).describe("The first counts although it does not say `enabled: true` itself."),
    multiRegistryEnabled: z.boolean().default(false).describe("The second counts although it does not say `enabled: true` itself."),
  })
  .prefault({})
  .describe("Configuration files of dubbo-kubernetes that count here, too.");
