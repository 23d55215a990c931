/** Where a node is, by its labels. */
import type { Locality } from "../../service.ts";
import type { KubeObject } from "../reflector/kube-object.ts";

const regionLabel = "topology.kubernetes.io/region";
const zoneLabel = "topology.kubernetes.io/zone";
const subzoneLabel = "topology.istio.io/subzone";

/** Undefined: its labels say nothing. */
export function readNodeLocality({ metadata: { labels } }: KubeObject): Locality | undefined {
  const { [regionLabel]: region, [zoneLabel]: zone, [subzoneLabel]: subzone } = labels ?? {};
  if (!region && !zone && !subzone) return undefined;
  return { ...(region && { region }), ...(zone && { zone }), ...(subzone && { subzone }) };
}
