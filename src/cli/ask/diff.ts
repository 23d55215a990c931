/**
 * `tributary diff`: what another configuration would change in a running server. Exits as `diff`
 * and `kubectl diff` do: 0 no difference, 1 differences, 2 trouble.
 */
import { diffText } from "../../admin/text/diff-text.ts";
import { DiffResponseSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { endWithReader } from "../closed-pipe.ts";
import { print } from "../output.ts";
import { ask } from "./admin-client.ts";
import type { AskOptions } from "./ask-options.ts";
import { readConfigText } from "./config-text.ts";

export interface DiffOptions extends AskOptions {
  readonly config: string;
  readonly limit: number;
}

export async function diff({ config, output, limit, ...server }: DiffOptions): Promise<number> {
  endWithReader();
  const candidate = readConfigText(config);
  const answer = await ask(server, (client) => client.diff({ ...candidate, limit }));
  print(DiffResponseSchema, answer, output, diffText);
  return answer.equal ? 0 : 1;
}
