import type { ClusterCredential } from "../../../clusters/credential.ts";
import type { Decoder } from "../../pod-records/decoder.ts";
import type { ServiceTemplate } from "../../pod-records/service-template.ts";
import type { ClusterTimes } from "../reflector/cluster-times.ts";

/** What a session of every kind that reads pods needs to know; the cluster is added by the cluster manager. */
export interface PodsSettings extends ClusterTimes {
  readonly cluster: ClusterCredential;
  /** Names, `*` and `?` as wildcards; empty: all. */
  readonly namespaces: readonly string[];
  readonly excludeNamespaces: readonly string[];
  /** In the API's own form. */
  readonly labelSelector?: string | undefined;
  /** Labels of the pods that are taken over, `*` and `?` as wildcards. */
  readonly labels: readonly string[];
}

/** Of the kinds whose pods describe themselves. */
export interface DescribedPodsSettings extends PodsSettings {
  /** Key of the annotation that is read. */
  readonly annotation: string;
  readonly foreignAddresses: boolean;
}

export interface AnnotatedPodsSettings extends DescribedPodsSettings {
  readonly decoder: Decoder;
  readonly template: ServiceTemplate;
}
