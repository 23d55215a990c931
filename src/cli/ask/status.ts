/** `tributary status`: how a running server is doing. */
import { statusText } from "../../admin/text/status-text.ts";
import { StatusResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { endWithReader } from "../closed-pipe.ts";
import { print } from "../output.ts";
import { ask } from "./admin-client.ts";
import type { AskOptions } from "./ask-options.ts";

export async function status(options: AskOptions): Promise<number> {
  endWithReader();
  const answer = await ask(options, (client) => client.status({}));
  print(StatusResponseSchema, answer, options.output, (message) => statusText(message, Date.now()));
  return 0;
}
