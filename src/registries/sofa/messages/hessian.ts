/** Hessian 2, as far as it is needed. Loaded only where it is spoken. */
// @ts-expect-error It comes without types.
import hessian from "sofa-hessian-node";

/** By class, its fields with their Java types, in the order of the wire. */
export type HessianClasses = Readonly<Record<string, Readonly<Record<string, HessianField>>>>;

export interface HessianField {
  readonly type: string;
  /** Of a list or a map: what is in it. */
  readonly generic?: readonly HessianField[];
}

interface Library {
  encode(value: unknown, version: "2.0", classes: HessianClasses): Buffer;
  decode(bytes: Buffer, version: "2.0"): unknown;
}

const library = hessian as Library;

/** An object of a class; a field that the class lacks is left out. */
export function encodeObject(className: string, fields: Readonly<Record<string, unknown>>, classes: HessianClasses): Buffer {
  return library.encode({ $class: className, $: fields }, "2.0", classes);
}

/** The object in the bytes, without its class. @throws Error if there is none */
export function decodeObject(content: Uint8Array): Readonly<Record<string, unknown>> {
  const value = library.decode(Buffer.from(content.buffer, content.byteOffset, content.length), "2.0");
  if (typeof value !== "object" || value === null) throw new Error("the content is no object");
  return value as Readonly<Record<string, unknown>>;
}
