/** What the operators' commands print. */
import type { OperationResponse, ReleaseResponse } from "../../gen/tributary/admin/v1/operations_pb.ts";
import { oneLine } from "./columns.ts";

export function releaseText({ registries, hosts, released, notes }: ReleaseResponse): string {
  const what = [...registries.map((id) => `registry ${id}`), ...hosts].join(", ");
  const head = released === 0 ? `nothing of ${what} was held` : `released ${released} ${released === 1 ? "item" : "items"} of ${what}`;
  return `${head}\n${lines(released === 0 ? [] : notes)}`;
}

/** `verb`: what was asked for. */
export function operationText(verb: string, { changed, standing, notes }: OperationResponse): string {
  const state = verb === "freeze" || verb === "unfreeze" ? "frozen" : "paused";
  const now =
    standing.length === 0 ? [`nothing is ${state}`] : standing.map(({ registry, word }) => `${state}: ${registry}, ${oneLine(word)}`);
  return `${changed ? "" : "no change\n"}${now.map((line) => `${line}\n`).join("")}${lines(notes)}`;
}

function lines(notes: readonly string[]): string {
  return notes.map((note) => `note: ${oneLine(note)}\n`).join("");
}
