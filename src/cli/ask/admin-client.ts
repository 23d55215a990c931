/** Asks a running server's admin API, and says in a user's words what may be wrong. */
import type { DescService } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { TributaryError } from "../../errors/tributary-error.ts";
import { AdminService } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { type ClientTlsOptions, readClientTls } from "./client-tls.ts";

/** Where the admin API is, and how to be let in. */
export interface AdminServerAt extends ClientTlsOptions {
  /** `host:port`. */
  readonly address: string;
}

/** A question has this long, in ms; a diff of a large mesh takes seconds. */
const patience = 60_000;

/** @throws TributaryError NOT_RUNNING, TLS_UNUSABLE; Error with the server's words */
export function ask<Answer>(server: AdminServerAt, question: (client: Client<typeof AdminService>) => Promise<Answer>): Promise<Answer> {
  return askService(AdminService, server, question);
}

/** The same of another service on that port. */
export async function askService<Service extends DescService, Answer>(
  service: Service,
  server: AdminServerAt,
  question: (client: Client<Service>) => Promise<Answer>,
): Promise<Answer> {
  const { address } = server;
  const tls = readClientTls(server);
  const baseUrl = `${tls ? "https" : "http"}://${address}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: "1.1", defaultTimeoutMs: patience, ...(tls && { nodeOptions: tls }) });
  try {
    return await question(createClient(service, transport));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw inWords(error, address);
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
  // What Connect says for a failure of the method itself.
  if (code === Code.Internal && rawMessage === "internal error") {
    return new Error(`the server at ${address} failed to answer; its log says more`, { cause: error });
  }
  if (reason !== undefined || code === Code.Unimplemented || code === Code.Unknown || code === Code.Internal) {
    const message = `what answers at ${address} does not answer as Tributary's admin API: ${rawMessage}`;
    return new TributaryError("NOT_RUNNING", message, { hint, cause: error });
  }
  return new Error(rawMessage, { cause: error });
}
