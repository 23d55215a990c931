/** `tributary status`: how a running server is doing. */
import { statusText } from "../admin/text/status-text.ts";
import { StatusResponseSchema } from "../gen/tributary/admin/v1/admin_pb.ts";
import { ask } from "./admin-client.ts";
import { endWithReader } from "./closed-pipe.ts";
import { type OutputFormat, print } from "./output.ts";

export async function status(options: { address: string; output: OutputFormat }): Promise<number> {
  endWithReader();
  const answer = await ask(options.address, (client) => client.status({}));
  print(StatusResponseSchema, answer, options.output, (message) => statusText(message, Date.now()));
  return 0;
}
