/** Reads the PEM files of a `tls` section and says what is wrong with them before a client finds out. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { readBoundedFile } from "../config/bounded-file.ts";
import type { TlsConfig } from "../config/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";

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

/** A chain has a few KiB; a mounted Kubernetes Secret at most 1 MiB. */
const maxBytes = 1024 * 1024;
const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * @param section where the settings stand, such as `xds.tls`
 * @param now epoch ms
 * @throws TributaryError TLS_UNUSABLE naming the setting, the file and the reason
 */
export function readTlsFiles(tls: TlsConfig, section: string, now: number): TlsMaterial {
  const [cert, key, ca] = (["certificate", "key", "clientCa"] as const).map((name) => read(tls[name], `${section}.${name}`));
  const chain = certificatesIn(cert!, tls.certificate, `${section}.certificate`);
  const authorities = certificatesIn(ca!, tls.clientCa, `${section}.clientCa`);
  const leaf = chain[0]!;
  if (!leaf.checkPrivateKey(privateKeyIn(key!, tls.key, `${section}.key`))) {
    const message = `${section}.key: ${tls.key} is not the key of the first certificate in ${tls.certificate} (${oneLine(leaf.subject)})`;
    throw new TributaryError("TLS_UNUSABLE", message, { hint: "if both were just replaced, this ends when both are there" });
  }
  try {
    createSecureContext({ cert: cert!, key: key!, ca: ca! });
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
  return { cert: cert!, key: key!, ca: ca!, expires: Date.parse(leaf.validTo), warnings };
}

function read(file: string, setting: string): string {
  try {
    return readBoundedFile(file, maxBytes);
  } catch (error) {
    throw new TributaryError("TLS_UNUSABLE", `${setting}: cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** At least one. */
function certificatesIn(text: string, file: string, setting: string): X509Certificate[] {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0) {
    const found = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1];
    const but = found ? `, only a ${found.toLowerCase()}` : "";
    throw new TributaryError("TLS_UNUSABLE", `${setting}: no PEM certificate in ${file}${but}`, {
      hint: "expected text that begins with -----BEGIN CERTIFICATE-----",
    });
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      const message = `${setting}: certificate ${index + 1} in ${file} cannot be read: ${(error as Error).message}`;
      throw new TributaryError("TLS_UNUSABLE", message, { cause: error });
    }
  });
}

function privateKeyIn(text: string, file: string, setting: string): KeyObject {
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text)) {
    throw new TributaryError("TLS_UNUSABLE", `${setting}: no PEM private key in ${file}`, {
      hint: "expected text that begins with -----BEGIN PRIVATE KEY----- or the like",
    });
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    const encrypted = /ENCRYPTED/.test(text);
    const reason = encrypted ? "it is encrypted; a key without a passphrase is expected" : (error as Error).message;
    throw new TributaryError("TLS_UNUSABLE", `${setting}: the key in ${file} cannot be read: ${reason}`, { cause: error });
  }
}

function validity({ validFrom, validTo }: X509Certificate, which: string, now: number): string[] {
  if (Date.parse(validTo) < now) return [`${which} expired at ${new Date(validTo).toISOString()}`];
  if (Date.parse(validFrom) > now) return [`${which} is not valid before ${new Date(validFrom).toISOString()}`];
  return [];
}

/** Names are multi-line in Node. */
function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
