/** Answers in the format that was asked for. */
import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { stringify } from "yaml";

export type OutputFormat = "text" | "json" | "yaml";

/** Prints a message of the admin API. */
export function print<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  format: OutputFormat,
  text: (message: MessageShape<Desc>) => string,
): void {
  if (format === "text") process.stdout.write(text(message));
  else if (format === "json") process.stdout.write(`${JSON.stringify(toJson(schema, message), undefined, 2)}\n`);
  else process.stdout.write(stringify(toJson(schema, message), { lineWidth: 0 }));
}
