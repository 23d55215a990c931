/**
 * What registries in Kubernetes need to read, one set of objects per feature. In istiod's own cluster istiod's ServiceAccount has all
 * of it already; a remote cluster and a stand-alone Deployment have not. Registries outside Kubernetes need none.
 */
import { istiodName, type Manifest, type ManifestSettings } from "./settings.ts";

interface Rights {
  /** `Role`: in istiod's namespace only. */
  readonly kind: "ClusterRole" | "Role";
  readonly rules: readonly Manifest[];
}

const verbs = ["get", "list", "watch"];

const features = {
  /** Services of a cluster. Without nodes, localities are those of the EndpointSlices. */
  services: {
    kind: "ClusterRole",
    rules: [
      { apiGroups: [""], resources: ["services", "nodes"], verbs },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs },
    ],
  },
  /** What is known of pods. */
  pods: { kind: "ClusterRole", rules: [{ apiGroups: [""], resources: ["pods", "nodes"], verbs }] },
  /** Credentials of clusters, as `istioctl create-remote-secret` makes them. */
  "remote-secrets": { kind: "Role", rules: [{ apiGroups: [""], resources: ["secrets"], verbs }] },
} satisfies Record<string, Rights>;

export function rightsOf(feature: keyof typeof features, settings: ManifestSettings): Manifest[] {
  const { kind, rules }: Rights = features[feature];
  const { namespace } = settings;
  const metadata = { name: `tributary-${feature}`, ...(kind === "Role" && { namespace }) };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return [
    { apiVersion, kind, metadata, rules },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: metadata.name },
      // On its own, or in a cluster that a remote secret names: put that ServiceAccount here.
      subjects: [{ kind: "ServiceAccount", name: istiodName(settings), namespace }],
    },
  ];
}
