/**
 * Encoded resources within the payload of a frame, one after the other:
 *
 *     lengths of name, inputs, VIP, body   4 × u32 ┐ little-endian
 *     length of the framed bytes           u32     ┘
 *     version                              24 bytes
 *     name, inputs, VIP                    UTF-8
 *     framed bytes, which end with the body
 */
import { frameHeaderLength, sealFrame } from "../journal-frames.ts";

/** A resource as it was served, and what it was made of. */
export interface KeptResource {
  /** "namespace/name". */
  readonly name: string;
  /** 24 characters. */
  readonly version: string;
  /** The bytes of one `resources` field of a DiscoveryResponse. */
  readonly framed: Uint8Array;
  /** A view into `framed`, whose end it is. */
  readonly body: Uint8Array;
  /** Digest of all that registries say of it. */
  readonly inputs: string;
  /** Its virtual address; empty if it has none. */
  readonly vip: string;
}

const fixedLength = 5 * 4;
const versionLength = 24;

/** One frame, sealed. */
export function encodeResources(resources: readonly KeptResource[]): Buffer {
  let length = frameHeaderLength;
  for (const { name, inputs, vip, framed } of resources) {
    length += fixedLength + versionLength + Buffer.byteLength(name) + inputs.length + vip.length + framed.length;
  }
  const frame = Buffer.allocUnsafe(length);
  let at = frameHeaderLength;
  for (const { name, version, inputs, vip, body, framed } of resources) {
    const texts = at + fixedLength + versionLength;
    frame.write(version, at + fixedLength, versionLength, "latin1");
    const nameLength = frame.write(name, texts);
    frame.write(inputs + vip, texts + nameLength, "latin1");
    for (const value of [nameLength, inputs.length, vip.length, body.length, framed.length]) at = frame.writeUInt32LE(value, at);
    at = texts + nameLength + inputs.length + vip.length;
    frame.set(framed, at);
    at += framed.length;
  }
  return sealFrame(frame);
}

/** Their bytes are views into the file. @throws RangeError if the payload is not made of resources; its checksum was right, so it was written so. */
export function* decodeResources(file: Buffer, start: number, end: number): Generator<KeptResource> {
  let at = start;
  const number = (): number => {
    at += 4;
    return file.readUInt32LE(at - 4);
  };
  const piece = (length: number): number => {
    at += length;
    if (at > end) throw new RangeError("a resource is longer than its frame");
    return at - length;
  };
  while (at < end) {
    const [nameLength, inputsLength, vipLength, bodyLength, framedLength] = [number(), number(), number(), number(), number()];
    const version = file.toString("latin1", piece(versionLength), at);
    const name = file.toString("utf8", piece(nameLength), at);
    const inputs = file.toString("latin1", piece(inputsLength), at);
    const vip = file.toString("latin1", piece(vipLength), at);
    const framed = new Uint8Array(file.buffer, file.byteOffset + piece(framedLength), framedLength);
    if (bodyLength > framedLength) throw new RangeError("a body is longer than its resource");
    yield { name, version, framed, body: framed.subarray(framedLength - bodyLength), inputs, vip };
  }
}
