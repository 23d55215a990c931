/** Entries without an encoder: the table and the store only move bytes. */
import { hash } from "node:crypto";
import type { EncodedObject } from "../../src/snapshot/encode.ts";
import type { Entry, TypeKey } from "../../src/snapshot/snapshot.ts";

/** An entry whose bytes tell its name and version, `size` bytes long, the last quarter being the body. */
export function entryOf(name: string, version: string, size = 40, type: TypeKey = "networking.istio.io/ServiceEntry"): EncodedObject {
  const framed = new Uint8Array(size).fill(Buffer.from(version)[0]!);
  framed.set(Buffer.from(`${name}@${version}`).subarray(0, size));
  return { type, name, version, framed, body: framed.subarray(size - (size >> 2)), seenAt: 0 };
}

/** What can be compared of an entry: bytes as digests, so that a difference is shown in one line. */
export function contentOf(entry: Entry | undefined) {
  return (
    entry && { name: entry.name, version: entry.version, framed: sha256(entry.framed), body: sha256(entry.body), seenAt: entry.seenAt }
  );
}

export function sha256(bytes: Uint8Array): string {
  return `${bytes.length} bytes ${hash("sha256", bytes)}`;
}
