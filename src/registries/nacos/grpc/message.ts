/** A message of Nacos over gRPC: the name of its class, and its fields as JSON in an envelope. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { PayloadSchema } from "../../../gen/nacos/payload_pb.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface Message {
  /** Simple name of its class: `SubscribeServiceRequest`. */
  readonly type: string;
  readonly fields: Fields;
  readonly headers?: Readonly<Record<string, string>>;
}

export function encodeMessage({ type, fields, headers = {} }: Message): Buffer {
  const value = new TextEncoder().encode(JSON.stringify(fields));
  const payload = create(PayloadSchema, { metadata: { type, headers: { ...headers } }, body: { value } });
  const bytes = toBinary(PayloadSchema, payload);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * @param bytes untrusted
 * @throws Error if they are no such message
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const { metadata, body } = fromBinary(PayloadSchema, bytes);
  if (!metadata || metadata.type === "") throw new Error("a message without a type");
  const text = new TextDecoder().decode(body?.value);
  const fields: unknown = text === "" ? {} : JSON.parse(text);
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) throw new Error(`${metadata.type} holds no object`);
  return { type: metadata.type, fields: fields as Fields, headers: metadata.headers };
}
