/** `tributary clients`: who is connected to a running server, and what they have. */
import { clientsText } from "../../admin/text/clients-text.ts";
import { ClientsResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { endWithReader } from "../closed-pipe.ts";
import { print } from "../output.ts";
import { ask } from "./admin-client.ts";
import type { AskOptions } from "./ask-options.ts";

export async function clients(options: AskOptions): Promise<number> {
  endWithReader();
  const answer = await ask(options, (client) => client.clients({}));
  print(ClientsResponseSchema, answer, options.output, (message) => clientsText(message, Date.now()));
  return 0;
}
