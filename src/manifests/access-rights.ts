/**
 * Rights beyond those of istiod, whose ServiceAccount the container shares, one object per feature; and all that a stand-alone
 * Deployment needs. Nothing here is needed for registries outside Kubernetes.
 */
import { istiodName, type Manifest, type ManifestSettings } from "./settings.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const read = ["get", "list", "watch"];

/** By feature: what it needs that istiod's own role does not give. */
const features = {
  writer: [
    {
      apiGroups: ["networking.istio.io"],
      resources: ["serviceentries", "workloadentries", "sidecars"],
      verbs: [...read, "create", "update", "patch", "delete"],
    },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update", "patch"] },
  ],
  // istiod's role gives this in its own cluster; a remote one needs it of its own.
  cluster: [
    { apiGroups: [""], resources: ["pods", "services", "namespaces", "nodes"], verbs: read },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  ],
} satisfies Record<string, readonly Rule[]>;

export type Feature = keyof typeof features;

/** @param serviceAccount default: istiod's */
export function rightsOf(feature: Feature, settings: ManifestSettings, serviceAccount = istiodName(settings)): Manifest[] {
  const name = `tributary-${feature}`;
  return [
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules: features[feature] },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name: serviceAccount, namespace: settings.namespace }],
    },
  ];
}
