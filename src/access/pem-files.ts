/** Reads PEM files that settings name, and says what is wrong with them before the other side finds out. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readBoundedFile } from "../config/files/bounded-file.ts";
import { TributaryError } from "../errors/tributary-error.ts";

/** A chain has a few KiB; a mounted Kubernetes Secret at most 1 MiB. */
const maxBytes = 1024 * 1024;
const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

export interface PemFile {
  readonly text: string;
  readonly file: string;
  /** Where the file is named: `xds.tls.key`. */
  readonly setting: string;
}

/** @throws TributaryError TLS_UNUSABLE */
export function readPem(file: string, setting: string): PemFile {
  try {
    return { text: readBoundedFile(file, maxBytes), file, setting };
  } catch (error) {
    throw new TributaryError("TLS_UNUSABLE", `${setting}: cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** At least one. @throws TributaryError TLS_UNUSABLE */
export function certificatesIn({ text, file, setting }: PemFile): X509Certificate[] {
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

/** A certificate and those that lead to its authority. @throws TributaryError TLS_UNUSABLE, also if the key is not that of the first */
export function chainIn(certificate: PemFile, key: PemFile): X509Certificate[] {
  const chain = certificatesIn(certificate);
  if (!chain[0]!.checkPrivateKey(privateKeyIn(key))) {
    const whose = `${certificate.file} (${oneLine(chain[0]!.subject)})`;
    throw new TributaryError("TLS_UNUSABLE", `${key.setting}: ${key.file} is not the key of the first certificate in ${whose}`, {
      hint: "if both were just replaced, this ends when both are there",
    });
  }
  return chain;
}

function privateKeyIn({ text, file, setting }: PemFile): KeyObject {
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

/** Names are multi-line in Node. */
export function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
