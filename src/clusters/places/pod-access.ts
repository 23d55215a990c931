/** The cluster that the process runs in, as every pod with a service account finds it. */
import { readBoundedFile } from "../../config/files/bounded-file.ts";
import type { ClusterOffer } from "../offer.ts";

const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
/** The token in it is renewed by the kubelet. */
export const podFiles: readonly string[] = [`${folder}/token`, `${folder}/ca.crt`];
const maxBytes = 1024 * 1024;

/** @param id the cluster's */
export function podAccess(id: string, env: NodeJS.ProcessEnv = process.env, read = readBoundedFile): ClusterOffer {
  const offer = { id, owner: "the pod's service account", local: true } as const;
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  if (host === undefined || host === "") {
    return { ...offer, refused: "KUBERNETES_SERVICE_HOST is not set: the process does not run in a pod" };
  }
  try {
    const [token, ca] = podFiles.map((path) => read(path, maxBytes).trim());
    const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
    return { ...offer, access: { server, ...(ca && { ca }), ...(token && { token }) } };
  } catch (error) {
    return { ...offer, refused: `the service account's files in ${folder} cannot be read: ${(error as Error).message}` };
  }
}
