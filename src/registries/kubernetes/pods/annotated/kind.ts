/** The `annotated-pods` kind: pods that describe their services in an annotation, in one of several forms. */
import * as z from "zod";
import type { RegistryKind } from "../../../contract.ts";
import { templateProblem } from "../../../pod-records/service-template.ts";
import type { AnnotatedPodsSettings } from "../settings.ts";
import { annotationKey, describedPodsShape, labelSelector } from "../settings-schema.ts";

const templateText = z.string().superRefine((text, context) => {
  const message = templateProblem(text);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

const annotatedPodsSchema = z.strictObject({
  ...describedPodsShape,
  labelSelector: labelSelector
    .default("tributary.dev/services")
    .describe(
      "Which pods are read, in the form of Kubernetes: `app.io/label=app.io-value`. By default those that `tributary register` marks.",
    ),
  annotation: annotationKey.default("tributary.dev/services").describe("Key of the annotation that is read."),
  decoder: z
    .enum(["json-services", "dubbo-records", "dubbo-metadata", "template"])
    .default("json-services")
    .describe(
      "Form of the annotation: `json-services`, a list of services; `dubbo-records`, as dubbo-go writes it; `dubbo-metadata`, as Dubbo for Java writes it (`io.dubbo/metadata`); `template`, a form of your own.",
    ),
  template: z
    .strictObject({
      name: templateText.default("{labels.app}").describe("Name of the service."),
      namespace: templateText.default("{namespace}").describe("Its namespace; empty: none."),
      group: templateText.optional().describe("Its group. Absent: none."),
      version: templateText.optional().describe("Its version. Absent: none."),
      port: templateText.default("{annotation}").describe("Number of its port."),
      protocol: templateText.default("tcp").describe("What is spoken there."),
    })
    .prefault({})
    .describe(
      "With `decoder: template`: the service of a pod, as texts with `{annotation}`, `{annotation.KEY}` of an annotation that is a JSON object, `{labels.KEY}`, `{pod}`, `{namespace}`.",
    ),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof annotatedPodsSchema>): Omit<AnnotatedPodsSettings, "cluster"> => parsed;
void _settings;

export const annotatedPodsKind: RegistryKind<typeof annotatedPodsSchema.shape> = {
  id: "annotated-pods",
  summary: "Services that pods describe in an annotation of their own, for example by `tributary register`.",
  schema: annotatedPodsSchema,
  naming: {
    suffix: "pods",
    template: "[{protocol}.]{name}[.v-{version}][.g-{group}][.{namespace}].pods",
    usualProtocols: ["http", "tcp", "grpc"],
  },
  needsClusters: true,
  sharesWorker: true,
  session: new URL("./session.ts", import.meta.url),
};
