declare module "sofa-hessian-node" {
  /** @param value objects as `{ $class, $ }`; `classes`: their fields with types, in the order of the wire */
  export function encode(value: unknown, version: "2.0", classes: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Buffer;
  /** The first value in the bytes; objects without their class. @throws Error */
  export function decode(bytes: Buffer, version: "2.0"): unknown;
}
