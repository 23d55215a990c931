/** Finds the first field of a JSON document that a message does not have; protobuf-es reports it without its path. */
import type { DescMessage } from "@bufbuild/protobuf";

/** `egress[0].tls`, or undefined if every field is known. Values of the wrong type are left to the decoder. */
export function unknownField(schema: DescMessage, json: unknown, path = ""): string | undefined {
  if (json === null || typeof json !== "object" || Array.isArray(json)) return undefined;
  for (const [key, value] of Object.entries(json)) {
    const here = path === "" ? key : `${path}.${key}`;
    const field = schema.fields.find((one) => one.jsonName === key || one.name === key);
    if (!field) return here;
    if (field.message && field.fieldKind === "message") {
      const inner = unknownField(field.message, value, here);
      if (inner !== undefined) return inner;
    }
    if (field.fieldKind === "list" && field.listKind === "message" && Array.isArray(value)) {
      for (const [index, element] of value.entries()) {
        const inner = unknownField(field.message, element, `${here}[${index}]`);
        if (inner !== undefined) return inner;
      }
    }
  }
  return undefined;
}
