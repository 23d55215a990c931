/** What the methods that change something share: their answers, and how a refusal is told. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { stringify } from "yaml";
import { type ChangeResponse, ChangeResponseSchema, type OwnerSchema } from "../../gen/tributary/admin/v1/registries_pb.ts";
import { type ChangeOutcome, ChangeRefused, type OwnedEntry, type RefusalKind } from "../changes.ts";
import { instant } from "./instants.ts";

const codes: Readonly<Record<RefusalKind, Code>> = {
  invalid: Code.InvalidArgument,
  taken: Code.AlreadyExists,
  unknown: Code.NotFound,
  full: Code.ResourceExhausted,
};

const scope = "in effect on this replica only: others, and replicas to come, have what the configuration says";

/** @throws ConnectError */
export async function changed(change: () => Promise<ChangeOutcome>): Promise<ChangeResponse> {
  try {
    const { notKept, ...names } = await change();
    const ids = Object.fromEntries(Object.entries(names).map(([word, list]) => [word, [...list]]));
    return create(ChangeResponseSchema, { ...ids, notKept: notKept ?? "", notes: [scope, keptNote(notKept)] });
  } catch (error) {
    if (error instanceof ChangeRefused) throw new ConnectError(error.message, codes[error.kind]);
    throw error;
  }
}

/** `notKept`: why it does not survive a restart; undefined: it does. */
export function keptNote(notKept: string | undefined): string {
  return notKept === undefined ? "it survives a restart of this replica" : `it does not survive a restart: ${notKept}`;
}

export function ownerOf({ position, by, at, problem }: OwnedEntry): MessageInitShape<typeof OwnerSchema> {
  return { position: position ?? "", addedBy: by ?? "", added: instant(at), problem: problem ?? "" };
}

/** As YAML; empty for an entry of the configuration. */
export function excerptOf({ excerpt }: OwnedEntry): string {
  return excerpt === undefined ? "" : stringify(excerpt, { lineWidth: 0 });
}

/** How messages call what was given. */
export function nameOf(fileName: string): string {
  return fileName.slice(0, 256).replace(/\p{Cc}/gu, "") || "what was given";
}
