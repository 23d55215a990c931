/** The `pod-facts` kind: what is known of the pods of clusters, for the endpoints of other registries. */
import * as z from "zod";
import type { RegistryKind } from "../../../contract.ts";
import type { PodsSettings } from "../settings.ts";
import { labelSelector, podsShape } from "../settings-schema.ts";

const podFactsSchema = z.strictObject({
  ...podsShape,
  labelSelector: labelSelector.optional().describe("Only pods with these labels, in the form of Kubernetes. Absent: all."),
  labels: z
    .array(z.string().min(1))
    .default(["*"])
    .describe(
      "Labels of the pods that are kept, `*` and `?` as wildcards. What endpoints take of them is said by the `enrich` of their registry.",
    ),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof podFactsSchema>): Omit<PodsSettings, "cluster"> => parsed;
void _settings;

export const podFactsKind: RegistryKind<typeof podFactsSchema.shape> = {
  id: "pod-facts",
  summary: "No services: labels, locality, service account and sidecar of pods, for other registries' endpoints at their addresses.",
  schema: podFactsSchema,
  naming: { suffix: "pods", template: "{name}.pods", usualProtocols: ["http"] },
  needsClusters: true,
  sharesWorker: true,
  session: new URL("./session.ts", import.meta.url),
};
