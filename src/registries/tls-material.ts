/** Certificates and keys for connections to registries. Loaded only where they are used: workers start quickly. */
import type { SecureContextOptions } from "node:tls";
import { certificatesIn, chainIn, readPem } from "../access/pem-files.ts";
import type { TlsSettings } from "./tls-settings.ts";

/**
 * The files are read every time, so renewed ones are taken up by the next connection.
 * @throws TributaryError TLS_UNUSABLE if a file cannot be used
 */
export function readTlsMaterial({ ca, certificate, key }: TlsSettings): Pick<SecureContextOptions, "ca" | "cert" | "key"> {
  const authorities = ca === undefined ? undefined : readPem(ca, "tls.ca");
  if (authorities) certificatesIn(authorities);
  if (certificate === undefined || key === undefined) return { ...(authorities && { ca: authorities.text }) };
  const own = { certificate: readPem(certificate, "tls.certificate"), key: readPem(key, "tls.key") };
  chainIn(own.certificate, own.key);
  return { ...(authorities && { ca: authorities.text }), cert: own.certificate.text, key: own.key.text };
}
