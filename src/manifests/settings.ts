/** What the manifests depend on, and what follows from it. */
export interface ManifestSettings {
  /** Namespace of istiod; default `istio-system`. */
  readonly namespace: string;
  /** Revision of istiod; empty: none. */
  readonly revision: string;
  /** `xds.shards` of the configuration that goes with them, 1 … 10. */
  readonly shards: number;
  /** Name and tag of our image. */
  readonly image: string;
}

/** A Kubernetes object, or a part of one. */
export type Manifest = Readonly<Record<string, unknown>>;

export const firstXdsPort = 16010;
export const metricsPort = 16020;
export const metricsPortName = "http-tributary";
/** As it stands in the Dockerfile; any other works as well, as long as it is a number and not 0. */
export const userId = 65_532;
export const configMapName = "tributary";
export const configFolder = "/etc/tributary";
export const stateFolder = "/var/lib/tributary";

/** istiod's Deployment and Service, and the ServiceAccount that our container shares with it. */
export function istiodName({ revision }: ManifestSettings): string {
  return revision === "" ? "istiod" : `istiod-${revision}`;
}

/** `k8s://` first: without it istiod reads no resources of its own any more, and users' objects win over ours. */
export function configSources({ shards }: ManifestSettings): Manifest[] {
  const ours = Array.from({ length: shards }, (_, index) => ({ address: `xds://127.0.0.1:${firstXdsPort + index}` }));
  return [{ address: "k8s://" }, ...ours];
}

/** Labels by which the pods of istiod are chosen, with us in them. */
export function istiodLabels({ revision }: ManifestSettings): Record<string, string> {
  return { app: "istiod", ...(revision !== "" && { "istio.io/rev": revision }) };
}
