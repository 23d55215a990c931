/**
 * Reads protobuf messages field by field, without their schema: enough to pick a few fields out
 * of Envoy's large messages.
 */
import protobuf from "google-protobuf";

/** A message's fields by number, each in order of appearance. */
export class Fields {
  readonly #values = new Map<number, (number | Uint8Array)[]>();

  constructor(bytes: Uint8Array) {
    const reader = new protobuf.BinaryReader(bytes);
    while (reader.nextField()) {
      const number = reader.getFieldNumber();
      const value = readValue(reader);
      if (value === undefined) continue;
      const values = this.#values.get(number);
      if (values === undefined) this.#values.set(number, [value]);
      else values.push(value);
    }
  }

  /** Every message of a repeated field. */
  messages(number: number): Fields[] {
    return this.#bytes(number).map((bytes) => new Fields(bytes));
  }

  /** The message at the end of a path of field numbers; undefined if one is absent. */
  message(...path: readonly number[]): Fields | undefined {
    return path.reduce<Fields | undefined>((fields, number) => fields?.messages(number)[0], this);
  }

  strings(number: number): string[] {
    return this.#bytes(number).map((bytes) => new TextDecoder().decode(bytes));
  }

  /** "" if absent. */
  string(number: number): string {
    return this.strings(number)[0] ?? "";
  }

  /** 0 if absent. */
  number(number: number): number {
    const value = this.#values.get(number)?.[0];
    return typeof value === "number" ? value : 0;
  }

  #bytes(number: number): Uint8Array[] {
    return (this.#values.get(number) ?? []).filter((value) => typeof value !== "number");
  }
}

function readValue(reader: protobuf.BinaryReader): number | Uint8Array | undefined {
  switch (reader.getWireType()) {
    case 0:
      return reader.readUint64();
    case 2:
      return reader.readBytes();
    default:
      reader.skipField();
      return undefined;
  }
}
