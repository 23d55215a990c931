/** `tributary why`: why a host is served as it is. Exits with 1 when the host is unknown or several are meant. */
import { whyText } from "../../admin/text/why-text.ts";
import { WhyResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { endWithReader } from "../closed-pipe.ts";
import { print } from "../output.ts";
import { ask } from "./admin-client.ts";
import type { AskOptions } from "./ask-options.ts";

export async function why(host: string, options: AskOptions): Promise<number> {
  endWithReader();
  const answer = await ask(options, (client) => client.why({ host }));
  print(WhyResponseSchema, answer, options.output, (message) => whyText(message, Date.now()));
  return answer.explanation === undefined ? 1 : 0;
}
