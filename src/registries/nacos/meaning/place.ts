/** Where an instance is, as far as Nacos tells: its cluster. */
import type { Locality } from "../../service.ts";
import { defaultCluster } from "../nacos-service.ts";
import type { MeaningSettings } from "./settings.ts";

/** Label that holds the cluster's name. */
export const clusterLabel = "cluster";

/** The default cluster is no place, so it is not worth a label on every endpoint. */
export function clusterLabels(clusterName: string): Record<string, string> {
  return clusterName === defaultCluster ? {} : { [clusterLabel]: clusterName };
}

export interface Placed {
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: Locality;
}

/**
 * Makes of the cluster, which stands among the labels, what it is to be.
 * @param instance with the cluster's label
 */
export function placed<Instance extends Placed>(instance: Instance, clusters: MeaningSettings["clusters"]): Instance {
  const cluster = instance.labels?.[clusterLabel];
  if (cluster === undefined || clusters === "label") return instance;
  const { [clusterLabel]: _, ...labels } = instance.labels ?? {};
  const { locality, ...rest } = instance;
  const here = clusters === "none" ? locality : { ...locality, [clusters]: cluster };
  return { ...rest, labels, ...(here && { locality: here }) } as Instance;
}
