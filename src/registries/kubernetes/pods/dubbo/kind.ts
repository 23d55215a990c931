/** The `dubbo-pods` kind: pods in which dubbo-go wrote what they provide and consume. */
import * as z from "zod";
import type { RegistryKind } from "../../../contract.ts";
import type { DescribedPodsSettings } from "../settings.ts";
import { annotationKey, describedPodsShape, labelSelector } from "../settings-schema.ts";

const dubboPodsSchema = z.strictObject({
  ...describedPodsShape,
  labelSelector: labelSelector
    .default("dubbo.io/label")
    .describe("Which pods are read, in the form of Kubernetes. By default those with dubbo-go's label, whatever its value."),
  annotation: annotationKey.default("dubbo.io/annotation").describe("Key of the annotation that is read."),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof dubboPodsSchema>): Omit<DescribedPodsSettings, "cluster"> => parsed;
void _settings;

export const dubboPodsKind: RegistryKind<typeof dubboPodsSchema.shape> = {
  id: "dubbo-pods",
  summary: "Services that dubbo-go registers in annotations of its pods.",
  schema: dubboPodsSchema,
  naming: { suffix: "dubbo", template: "[{protocol}.]{name}[.v-{version}][.g-{group}].dubbo", usualProtocols: ["dubbo"] },
  needsClusters: true,
  sharesWorker: true,
  session: new URL("./session.ts", import.meta.url),
};
