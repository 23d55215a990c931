/** Asks a running server's admin API, and says in a user's words what may be wrong. */
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { readBoundedFile } from "../config/bounded-file.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import { AdminService } from "../gen/tributary/admin/v1/admin_pb.ts";

/** Where the admin API is, and how to be let in. */
export interface AdminServerAt {
  /** `host:port`. */
  readonly address: string;
  /** Files (PEM) for a server with `admin.tls`; any of them means TLS. */
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** A question has this long, in ms; a diff of a large mesh takes seconds. */
const patience = 60_000;
const maxPemBytes = 1024 * 1024;

/** @throws TributaryError NOT_RUNNING, TLS_UNUSABLE; Error with the server's words */
export async function ask<Answer>(
  server: AdminServerAt,
  question: (client: Client<typeof AdminService>) => Promise<Answer>,
): Promise<Answer> {
  const { address } = server;
  const tls = tlsOf(server);
  const baseUrl = `${tls ? "https" : "http"}://${address}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", defaultTimeoutMs: patience, ...(tls && { nodeOptions: tls }) });
  try {
    return await question(createClient(AdminService, transport));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw inWords(error, address);
  }
}

function tlsOf({ tlsCa, tlsCert, tlsKey }: AdminServerAt) {
  if (tlsCa === undefined && tlsCert === undefined && tlsKey === undefined) return undefined;
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

const nobody = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"];

function inWords(error: ConnectError, address: string): Error {
  const { code, rawMessage } = error;
  const reason = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  const hint = "start one with `tributary serve`, or name its admin port with --address (16021 by default)";
  if (reason !== undefined && nobody.includes(reason)) {
    return new TributaryError("NOT_RUNNING", `no server answers at ${address}: ${rawMessage}`, { hint, cause: error });
  }
  if (code === Code.PermissionDenied) {
    const message = `the server at ${address} refuses this client: ${rawMessage}; without admin.tls it must be called by a name of its own machine, with it by a certificate that admin.tls.allow names`;
    return new Error(message, { cause: error });
  }
  if (reason !== undefined || code === Code.Unimplemented || code === Code.Unknown || code === Code.Internal) {
    const message = `what answers at ${address} does not answer as Tributary's admin API: ${rawMessage}`;
    return new TributaryError("NOT_RUNNING", message, { hint, cause: error });
  }
  return new Error(rawMessage, { cause: error });
}
