/** The test certificates: see `certificates/README.md`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type CertificateName =
  | "server"
  | "server-next"
  | "server-expired"
  | "server-weak"
  | "client"
  | "client-dns"
  | "client-other"
  | "client-nameless"
  | "replica"
  | "client-expired"
  | "client-stranger";

/** What `client` is certified as. */
export const istiodIdentity = "spiffe://cluster.local/ns/istio-system/sa/istiod";

export function certificateFile(
  file: `${CertificateName}.pem` | `${CertificateName}.key` | "authority.pem" | "stranger-authority.pem",
): string {
  return join(import.meta.dirname, "certificates", file);
}

export const authority = readFileSync(certificateFile("authority.pem"));

export function certificate(name: CertificateName): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certificateFile(`${name}.pem`)), key: readFileSync(certificateFile(`${name}.key`)) };
}

/** Settings of a server that admits `client` and `client-dns`. */
export const tlsSettings = {
  certificate: certificateFile("server.pem"),
  key: certificateFile("server.key"),
  clientCa: certificateFile("authority.pem"),
  allow: [istiodIdentity, "istiod.istio-system.svc"],
};
