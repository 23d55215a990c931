import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import type { Refused } from "./protocol.ts";
import { printable } from "./stream/client.ts";

/** Reads a client's message, or says what is wrong with it. Fields that we do not know are dropped. */
export function decodeRequest<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> | Refused {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { refused: "INVALID_ARGUMENT", reason: `not a ${schema.name}: ${printable(why)}` };
  }
}
