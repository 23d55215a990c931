/** `tributary release`, `freeze`, `unfreeze`, `pause` and `resume`. */
import { operationText, releaseText } from "../../admin/text/operations-text.ts";
import { OperationResponseSchema, OperationsService, ReleaseResponseSchema } from "../../gen/tributary/admin/v1/operations_pb.ts";
import { print } from "../output.ts";
import { askService } from "./admin-client.ts";
import type { AskOptions } from "./ask-options.ts";

export async function release(target: string, options: AskOptions): Promise<number> {
  const answer = await askService(OperationsService, options, (client) => client.release({ target }));
  print(ReleaseResponseSchema, answer, options.output, releaseText);
  return 0;
}

export async function say(
  verb: "freeze" | "unfreeze" | "pause" | "resume",
  registry: string | undefined,
  options: AskOptions,
): Promise<number> {
  const answer = await askService(OperationsService, options, (client) => client[verb](registry === undefined ? {} : { registry }));
  print(OperationResponseSchema, answer, options.output, (message) => operationText(verb, message));
  return 0;
}
