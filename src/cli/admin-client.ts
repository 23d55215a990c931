/** Asks a running server's admin API, and says in a user's words what may be wrong. */
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { TributaryError } from "../errors/tributary-error.ts";
import { AdminService } from "../gen/tributary/admin/v1/admin_pb.ts";

/** A question has this long, in ms; a diff of a large mesh takes seconds. */
const patience = 60_000;

/** @throws TributaryError NOT_RUNNING; Error with the server's words */
export async function ask<Answer>(address: string, question: (client: Client<typeof AdminService>) => Promise<Answer>): Promise<Answer> {
  const transport = createConnectTransport({ baseUrl: `http://${address}`, httpVersion: "1.1", defaultTimeoutMs: patience });
  try {
    return await question(createClient(AdminService, transport));
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    throw inWords(error, address);
  }
}

function inWords(error: ConnectError, address: string): Error {
  const reason = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  const hint = "start one with `tributary serve`, or name its admin port with --address (16021 by default)";
  if (reason?.startsWith("E") || (reason === undefined && error.code === Code.Unavailable)) {
    return new TributaryError("NOT_RUNNING", `no server answers at ${address}: ${error.rawMessage}`, { hint, cause: error });
  }
  if (reason !== undefined || error.code === Code.Unimplemented || error.code === Code.Unknown) {
    return new TributaryError("NOT_RUNNING", `what answers at ${address} is not Tributary's admin API: ${error.rawMessage}`, {
      hint,
      cause: error,
    });
  }
  return new Error(error.rawMessage, { cause: error });
}
