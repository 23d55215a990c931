import type { ClusterCredential } from "../../../clusters/credential.ts";
import type { ClusterTimes } from "../reflector/cluster-times.ts";
import type { AddressFamilies } from "./mesh-service.ts";

/** What the session needs to know; made by the schema in `kind.ts`, the cluster by the cluster manager. */
export interface KubernetesSettings extends ClusterTimes {
  readonly cluster: ClusterCredential;
  /** Names, `*` and `?` as wildcards; empty: all. */
  readonly namespaces: readonly string[];
  readonly excludeNamespaces: readonly string[];
  /** In the API's own form. */
  readonly labelSelector?: string | undefined;
  readonly addressFamilies: AddressFamilies;
  readonly exportTo?: readonly string[] | undefined;
  /** Also istiod's own cluster is served. */
  readonly ownCluster: boolean;
}
