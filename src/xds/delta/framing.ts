/**
 * One `resources` field of a DeltaDiscoveryResponse, made of an entry's bytes without encoding anything
 * again. What an entry carries as `framed` (tag, length and Any of DiscoveryResponse.resources, field 2) is
 * byte for byte what delta's Resource has as its own field 2; only version and name are put before it.
 */
import { framedLength } from "../../snapshot/leaf.ts";
import type { Entry, TypeKey } from "../../snapshot/snapshot.ts";
import { objectTypeUrl, type ResourceForm } from "../type-url.ts";

/** Field 2, length-delimited: `resources` in both responses, `resource` in Resource, `value` in Any. */
const secondField = 0x12;
/** Field 1: `version` in Resource, `type_url` in Any. */
const firstField = 0x0a;
/** Field 3: `name` in Resource. */
const thirdField = 0x1a;

/** Bytes of the field, tag and length included. */
export function frameLength(type: TypeKey, form: ResourceForm, entry: Entry): number {
  return fieldLength(resourceLength(type, form, entry));
}

/** Writes the field at `at`; returns where it ends. */
export function writeFrame(target: Buffer, at: number, type: TypeKey, form: ResourceForm, entry: Entry): number {
  let end = writeTag(target, at, secondField, resourceLength(type, form, entry));
  end = writeText(target, end, firstField, entry.version);
  end = writeText(target, end, thirdField, entry.name);
  if (form === "envelope") return writeBytes(target, end, entry.framed);
  const typeUrl = objectTypeUrl(type);
  end = writeTag(target, end, secondField, anyLength(typeUrl, entry));
  end = writeText(target, end, firstField, typeUrl);
  end = writeTag(target, end, secondField, entry.body.length);
  return writeBytes(target, end, entry.body);
}

export function frameOf(type: TypeKey, form: ResourceForm, entry: Entry): Buffer {
  const frame = Buffer.allocUnsafeSlow(frameLength(type, form, entry));
  writeFrame(frame, 0, type, form, entry);
  return frame;
}

function resourceLength(type: TypeKey, form: ResourceForm, entry: Entry): number {
  const head = fieldLength(Buffer.byteLength(entry.version)) + fieldLength(Buffer.byteLength(entry.name));
  return head + (form === "envelope" ? framedLength(entry) : fieldLength(anyLength(objectTypeUrl(type), entry)));
}

function anyLength(typeUrl: string, entry: Entry): number {
  return fieldLength(typeUrl.length) + fieldLength(entry.body.length);
}

/** A tag of one byte, a length, and that many bytes. */
function fieldLength(bytes: number): number {
  let length = 2 + bytes;
  for (let rest = bytes; rest > 0x7f; rest = Math.floor(rest / 128)) length += 1;
  return length;
}

function writeTag(target: Buffer, at: number, tag: number, bytes: number): number {
  let end = at;
  target[end++] = tag;
  let rest = bytes;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) target[end++] = (rest % 128) | 0x80;
  target[end++] = rest;
  return end;
}

function writeText(target: Buffer, at: number, tag: number, text: string): number {
  const start = writeTag(target, at, tag, Buffer.byteLength(text));
  return start + target.write(text, start, "utf8");
}

function writeBytes(target: Buffer, at: number, bytes: Uint8Array): number {
  target.set(bytes, at);
  return at + bytes.length;
}
