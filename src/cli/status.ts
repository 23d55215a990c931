/** `tributary status`: how a running server is doing. */
import { statusText } from "../admin/text/status-text.ts";
import { StatusResponseSchema } from "../gen/tributary/admin/v1/admin_pb.ts";
import { type AdminServerAt, ask } from "./admin-client.ts";
import { endWithReader } from "./closed-pipe.ts";
import { type OutputFormat, print } from "./output.ts";

export async function status(options: AdminServerAt & { output: OutputFormat }): Promise<number> {
  endWithReader();
  const answer = await ask(options, (client) => client.status({}));
  print(StatusResponseSchema, answer, options.output, (message) => statusText(message, Date.now()));
  return 0;
}
