/**
 * The entries within a frame's payload: a byte that says what, then texts as a u32 length and
 * UTF-8 bytes, then for `kept` three doubles: when it was seen first and last, and since when the
 * service is empty, NaN if it is not.
 */
import type { JournalEntry, KeptItem } from "./journal-entry.ts";
import { frameHeaderLength, sealFrame } from "./journal-frames.ts";

const codes = { kept: 1, gone: 2, expired: 3, complete: 4 } as const;

/** An entry as it lies in a file; its text is cut out only when it is asked for. */
export type RawEntry =
  | { readonly what: "kept"; readonly id: string; readonly item: RawItem }
  | { readonly what: "gone" | "expired"; readonly id: string }
  | { readonly what: "complete" };

export interface RawItem extends Omit<KeptItem, "text"> {
  readonly textAt: number;
  readonly textEnd: number;
}

/** One frame, sealed. */
export function encodeEntries(entries: readonly JournalEntry[]): Buffer {
  let length = frameHeaderLength;
  for (const entry of entries) length += lengthOf(entry);
  const frame = Buffer.allocUnsafe(length);
  let at = frameHeaderLength;
  const text = (value: string): void => {
    const written = frame.write(value, at + 4);
    frame.writeUInt32LE(written, at);
    at += 4 + written;
  };
  for (const entry of entries) {
    frame[at++] = codes[entry.what];
    if (entry.what === "complete") continue;
    text(entry.id);
    if (entry.what !== "kept") continue;
    text(entry.item.ports);
    text(entry.item.text);
    for (const time of [entry.item.firstSeen, entry.item.lastSeen, entry.item.emptySince ?? Number.NaN]) at = frame.writeDoubleLE(time, at);
  }
  return sealFrame(frame);
}

/** @throws RangeError if the payload is not made of entries; its checksum was right, so it was written so. */
export function* decodeEntries(file: Buffer, start: number, end: number): Generator<RawEntry> {
  let at = start;
  const skipText = (): number => {
    const from = at + 4;
    at = from + file.readUInt32LE(at);
    if (at > end) throw new RangeError("a text is longer than its frame");
    return from;
  };
  const text = (): string => {
    const from = skipText();
    return file.toString("utf8", from, at);
  };
  const time = (): number => {
    at += 8;
    return file.readDoubleLE(at - 8);
  };
  while (at < end) {
    switch (file[at++]) {
      case codes.complete:
        yield { what: "complete" };
        break;
      case codes.gone:
        yield { what: "gone", id: text() };
        break;
      case codes.expired:
        yield { what: "expired", id: text() };
        break;
      case codes.kept: {
        const id = text();
        const ports = text();
        const textAt = skipText();
        const textEnd = at;
        const [firstSeen, lastSeen, empty] = [time(), time(), time()];
        yield {
          what: "kept",
          id,
          item: { ports, textAt, textEnd, firstSeen, lastSeen, emptySince: Number.isNaN(empty) ? undefined : empty },
        };
        break;
      }
      default:
        throw new RangeError(`an entry of an unknown kind at byte ${at - 1}`);
    }
  }
  if (at > end) throw new RangeError("an entry is longer than its frame");
}

function lengthOf(entry: JournalEntry): number {
  if (entry.what === "complete") return 1;
  const id = 1 + 4 + Buffer.byteLength(entry.id);
  if (entry.what !== "kept") return id;
  return id + 4 + Buffer.byteLength(entry.item.ports) + 4 + Buffer.byteLength(entry.item.text) + 3 * 8;
}
