/** The keys of every kind that reads the pods of clusters. */
import * as z from "zod";
import { timesShape } from "../reflector/times-schema.ts";

export const podsShape = {
  ...timesShape,
  namespaces: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Namespaces whose pods are read, `*` and `?` as wildcards; empty: all. If none has a wildcard, only these are read, and permissions there are enough.",
    ),
  excludeNamespaces: z
    .array(z.string().min(1))
    .default(["kube-*", "istio-system"])
    .describe("Namespaces to leave out, by the same wildcards."),
} as const;

export const describedPodsShape = {
  ...podsShape,
  labels: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Labels of a pod that its instances take where the registration gives none of that name; `*` and `?` are wildcards. As of all labels, those named in `mesh.labels` reach the mesh.",
    ),
  foreignAddresses: z
    .boolean()
    .default(false)
    .describe("Serve addresses that are not the registering pod's own, too. Whoever may write a pod could then claim any address."),
} as const;

export const labelSelector = z.string().min(1).max(4_096);
export const annotationKey = z.string().regex(/^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, {
  error: "expected the key of an annotation",
});
