/** What one of Istio's remote secrets offers. */
import type { Problem } from "../../registries/contract.ts";
import type { KubeObject } from "../../registries/kubernetes/reflector/kube-object.ts";
import type { KubeconfigAllowance } from "../kubeconfig/allowance.ts";
import { readKubeconfig } from "../kubeconfig/read-kubeconfig.ts";
import { type ClusterOffer, isClusterId } from "../offer.ts";

export interface RemoteSecret {
  readonly offers: readonly ClusterOffer[];
  readonly problems: readonly Problem[];
}

/** One key that is bad costs only itself. */
export function remoteSecret({ metadata, data }: KubeObject, allow: readonly KubeconfigAllowance[]): RemoteSecret {
  const name = `secret ${metadata.namespace}/${metadata.name}`;
  const { creationTimestamp: since } = metadata as { creationTimestamp?: unknown };
  const offers: ClusterOffer[] = [];
  const problems: Problem[] = [];
  for (const [id, value] of Object.entries((data ?? {}) as Record<string, unknown>)) {
    const bad = (where: string, message: string): void => void problems.push({ code: "bad-kubeconfig", where, message });
    if (!isClusterId(id)) {
      bad(
        `${name}, key ${id}`,
        "the key is no cluster id: it begins and ends with a letter or digit, and has at most 63 letters, digits, -, _ and .",
      );
      continue;
    }
    const read = readKubeconfig(textOf(value), { allow });
    if (read.refused !== undefined) bad(`cluster ${id}, ${name}`, read.refused);
    const usable = read.access ? { access: read.access } : { refused: read.refused };
    offers.push({ id, owner: name, ...usable, ...(typeof since === "string" && { since }) });
  }
  return { offers, problems };
}

/** The API gives values in base64. What is no text is no kubeconfig either, and the reading says so. */
function textOf(value: unknown): string {
  return typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : "";
}
