/** The `kubernetes` kind: Services of other Kubernetes clusters. */
import * as z from "zod";
import type { RegistryKind } from "../../contract.ts";
import { timesShape } from "../reflector/times-schema.ts";
import type { KubernetesSettings } from "./settings.ts";

const kubernetesSchema = z.strictObject({
  ...timesShape,
  namespaces: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Namespaces to serve, `*` and `?` as wildcards; empty: all. If none has a wildcard, only these are read, and permissions there are enough.",
    ),
  excludeNamespaces: z
    .array(z.string().min(1))
    .default(["kube-*", "istio-system"])
    .describe("Namespaces to leave out, by the same wildcards."),
  labelSelector: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe("Only Services with these labels, in the form of Kubernetes: `mesh=yes,tier!=test`. Absent: all."),
  addressFamilies: z
    .enum(["primary", "ipv4", "ipv6", "both"])
    .default("primary")
    .describe(
      "Which addresses of endpoints are served where there are IPv4 and IPv6 ones: those of the Service's `primary` family, one family, or `both`, each as an endpoint.",
    ),
  exportTo: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("Namespaces that see Services without an annotation `networking.istio.io/exportTo`. Absent: `mesh.exportTo`."),
  ownCluster: z.boolean().default(false).describe("Serve the Services of istiod's own cluster, too. It has them already."),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof kubernetesSchema>): Omit<KubernetesSettings, "cluster"> => parsed;
void _settings;

export const kubernetesKind: RegistryKind<typeof kubernetesSchema.shape> = {
  id: "kubernetes",
  summary: "Services of other Kubernetes clusters, with the endpoints of their EndpointSlices.",
  schema: kubernetesSchema,
  naming: { suffix: "svc", template: "{name}.{namespace}", usualProtocols: ["tcp"], underClusterDomain: true },
  needsClusters: true,
  sharesWorker: true,
  session: new URL("./session.ts", import.meta.url),
};
