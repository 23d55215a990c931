/** What a change did. */
import type { ChangeResponse } from "../../gen/tributary/admin/v1/registries_pb.ts";
import { oneLine } from "./columns.ts";

export function changeText({ added, changed, unchanged, removed, notes }: ChangeResponse): string {
  const lines = [
    ...added.map((id) => `${id} added`),
    ...changed.map((id) => `${id} changed`),
    ...unchanged.map((id) => `${id} is so already`),
    ...removed.map((id) => `${id} removed`),
  ];
  return [...(lines.length === 0 ? ["nothing changed"] : lines), ...notes.map((note) => `  ${oneLine(note)}`)]
    .map((line) => `${line}\n`)
    .join("");
}
