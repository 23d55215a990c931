/** Where an instance is, as far as Nacos tells: its cluster. */
import type { Locality } from "../../service.ts";
import { defaultCluster } from "../nacos-service.ts";
import type { MeaningSettings } from "./settings.ts";

/** Label that holds the cluster's name. */
export const clusterLabel = "cluster";

export interface Placed {
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: Locality;
}

/**
 * Makes of the cluster, which stands among the labels, what it is to be. The default cluster is no place.
 * @param instance with the cluster's label
 */
export function placed<Instance extends Placed>(instance: Instance, clusters: MeaningSettings["clusters"]): Instance {
  const cluster = instance.labels?.[clusterLabel];
  if (cluster === undefined || clusters === "label") return instance;
  const { [clusterLabel]: _, ...labels } = instance.labels ?? {};
  const { locality, ...rest } = instance;
  const isPlace = clusters !== "none" && cluster !== defaultCluster;
  const here = isPlace ? { ...locality, [clusters]: cluster } : locality;
  return { ...rest, labels, ...(here && { locality: here }) } as Instance;
}
