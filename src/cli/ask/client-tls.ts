/** The options with which a command is let in by a server with TLS. */
import type { Command } from "commander";
import { readBoundedFile } from "../../config/files/bounded-file.ts";
import { TributaryError } from "../../errors/tributary-error.ts";

/** Files (PEM); any of them means TLS. */
export interface ClientTlsOptions {
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** PEM text. Without `ca`, the authorities that Node knows are trusted. */
export interface ClientTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const maxPemBytes = 1024 * 1024;

/** @param setting with which a server demands it */
export function withTlsOptions(command: Command, setting: "xds.tls" | "admin.tls"): Command {
  return command
    .option("--tls-ca <file>", `for a server with ${setting}: the authority of its certificate (PEM)`)
    .option("--tls-cert <file>", "own client certificate (PEM)")
    .option("--tls-key <file>", "its private key (PEM)");
}

/** @throws TributaryError TLS_UNUSABLE */
export function readClientTls({ tlsCa, tlsCert, tlsKey }: ClientTlsOptions): ClientTls | undefined {
  if (tlsCa === undefined && tlsCert === undefined && tlsKey === undefined) return undefined;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new TributaryError("TLS_UNUSABLE", "--tls-cert and --tls-key go together");
  return { ca: pem(tlsCa), cert: pem(tlsCert), key: pem(tlsKey) };
}

function pem(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readBoundedFile(file, maxPemBytes);
  } catch (cause) {
    throw new TributaryError("TLS_UNUSABLE", `cannot be read: ${(cause as Error).message}`, { position: { file }, cause });
  }
}
