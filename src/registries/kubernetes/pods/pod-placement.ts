/** What a pod's place in its cluster says of its endpoints. */
import type { ClusterCredential } from "../../../clusters/credential.ts";
import type { Instance, Locality } from "../../service.ts";
import { hasSidecar, type Pod } from "./pod.ts";

export type ClusterDefaults = Pick<ClusterCredential, "id" | "network" | "region" | "zone">;

/** The node's labels count, then what the cluster is said to be. */
export function localityOf(node: Locality | undefined, cluster: ClusterDefaults): Locality | undefined {
  const region = node?.region ?? cluster.region;
  const zone = node?.zone ?? cluster.zone;
  if (region === undefined && zone === undefined && node?.subzone === undefined) return undefined;
  return {
    ...(region !== undefined && { region }),
    ...(zone !== undefined && { zone }),
    ...(node?.subzone !== undefined && { subzone: node.subzone }),
  };
}

/** Told only where a sidecar vouches for it: a service account alone would make istiod expect one. */
export function accountOf(pod: Pod): Pick<Instance, "serviceAccount"> {
  const { serviceAccount, namespace } = pod;
  return serviceAccount !== undefined && hasSidecar(pod) ? { serviceAccount: `${namespace}/${serviceAccount}` } : {};
}
