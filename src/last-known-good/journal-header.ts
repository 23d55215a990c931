/**
 * The first line of a journal, for programs and people: `head -1` tells whose it is.
 *
 *     tributary-journal 1 zookeeper zk-main 89abcdef⏎
 *
 * Magic word, format version, kind, registry id, and the CRC-32 of everything before it. The magic
 * word, the place of the version and the checksum hold for every version to come.
 */
import { checksum } from "./checksum.ts";

const formatVersion = 1;

/** Bytes; more is no header. */
const longest = 512;
const magic = "tributary-journal";

export interface JournalOwner {
  /** The registry's id. */
  readonly registry: string;
  /** The registry's `type`. */
  readonly kind: string;
}

export type HeaderReading =
  | { readonly is: "ours"; readonly length: number }
  /** The file ends within what could become our header: it was being created. */
  | { readonly is: "torn" }
  | { readonly is: "newer"; readonly version: number }
  /** Of another registry or kind, of nothing we know, or damaged. */
  | { readonly is: "strange"; readonly why: string };

export function encodeHeader({ registry, kind }: JournalOwner): Buffer {
  const line = `${magic} ${formatVersion} ${kind} ${registry} `;
  return Buffer.from(`${line}${checksumOf(line)}\n`);
}

/** @param bytes the beginning of the file, or all of it. */
export function readHeader(bytes: Buffer, owner: JournalOwner): HeaderReading {
  const ours = encodeHeader(owner);
  if (bytes.subarray(0, ours.length).equals(ours)) return { is: "ours", length: ours.length };
  if (bytes.length < ours.length && ours.subarray(0, bytes.length).equals(bytes)) return { is: "torn" };
  const end = bytes.subarray(0, longest).indexOf("\n");
  const line = bytes.subarray(0, Math.max(end, 0)).toString("latin1");
  const space = line.lastIndexOf(" ") + 1;
  const [word, version = "", kind, registry] = line.split(" ");
  if (word !== magic) return { is: "strange", why: "it is no journal of Tributary" };
  if (line.slice(space) !== checksumOf(line.slice(0, space))) return { is: "strange", why: "its first line is damaged" };
  if (/^\d{1,9}$/.test(version) && Number(version) > formatVersion) return { is: "newer", version: Number(version) };
  return { is: "strange", why: `it belongs to registry ${registry} of type ${kind}` };
}

function checksumOf(line: string): string {
  return checksum(Buffer.from(line, "latin1"));
}
