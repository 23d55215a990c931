/** Reads the PEM files of a `tls` section and says what is wrong with them before a client finds out. */
import type { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { TlsConfig } from "../config/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { certificatesIn, chainIn, oneLine, readPem } from "./pem-files.ts";

/** What a TLS context is made of: PEM text, checked. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** End of the server certificate's validity, epoch ms. */
  readonly expires: number;
  /** What works but will not for everybody, such as an expired certificate. */
  readonly warnings: readonly string[];
}

/**
 * @param section where the settings stand, such as `xds.tls`
 * @param now epoch ms
 * @throws TributaryError TLS_UNUSABLE naming the setting, the file and the reason
 */
export function readTlsFiles(tls: TlsConfig, section: string, now: number): TlsMaterial {
  const [certificate, key, clientCa] = [
    readPem(tls.certificate, `${section}.certificate`),
    readPem(tls.key, `${section}.key`),
    readPem(tls.clientCa, `${section}.clientCa`),
  ];
  const chain = chainIn(certificate, key);
  const authorities = certificatesIn(clientCa);
  const pem = { cert: certificate.text, key: key.text, ca: clientCa.text };
  try {
    createSecureContext(pem);
  } catch (error) {
    // What can be read may still be too weak to be used.
    const { reason } = error as { reason?: string };
    const message = `${section}: ${tls.certificate}, ${tls.key} and ${tls.clientCa} cannot be used for TLS: ${reason ?? (error as Error).message}`;
    throw new TributaryError("TLS_UNUSABLE", message, { cause: error });
  }
  const warnings = [
    ...[...chain.entries()].flatMap(([index, each]) => validity(each, `certificate ${index + 1} in ${tls.certificate}`, now)),
    ...authorities.flatMap((each) => validity(each, `the authority ${oneLine(each.subject)} in ${tls.clientCa}`, now)),
    ...authorities
      .filter((each) => !each.ca)
      .map((each) => `${oneLine(each.subject)} in ${tls.clientCa} is no authority: it can sign nothing`),
  ];
  return { ...pem, expires: Date.parse(chain[0]!.validTo), warnings };
}

function validity({ validFrom, validTo }: X509Certificate, which: string, now: number): string[] {
  if (Date.parse(validTo) < now) return [`${which} expired at ${new Date(validTo).toISOString()}`];
  if (Date.parse(validFrom) > now) return [`${which} is not valid before ${new Date(validFrom).toISOString()}`];
  return [];
}
