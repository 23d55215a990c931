/**
 * The frames of a journal: what was written at once is read at once, or not at all.
 *
 *     length of the payload   u32 ┐
 *     CRC-32 of the payload   u32 ┤ little-endian
 *     CRC-32 of the above     u32 ┘
 *     payload
 *
 * The lengths have a checksum of their own: a damaged one would otherwise look like a frame that
 * was never finished, and everything behind it would be cut off without a word.
 */
import { crc32 } from "node:zlib";

export const frameHeaderLength = 12;

/** Where a journal ends. Offsets in bytes from the beginning of the file. */
export type End =
  /** Everything up to `good` is whole; `torn` bytes behind it are of a frame that was being written. */
  { readonly is: "end"; readonly good: number; readonly torn: number } | { readonly is: "damaged"; readonly at: number };

/** Fills in the header of a frame whose payload starts at `frameHeaderLength`. */
export function sealFrame(frame: Buffer): Buffer {
  frame.writeUInt32LE(frame.length - frameHeaderLength, 0);
  frame.writeUInt32LE(crc32(frame.subarray(frameHeaderLength)), 4);
  frame.writeUInt32LE(crc32(frame.subarray(0, 8)), 8);
  return frame;
}

/** Yields the start and end of each payload; returns where and how it ends. */
export function* readFrames(file: Buffer, from: number): Generator<readonly [start: number, end: number], End> {
  let at = from;
  while (at < file.length) {
    const left = file.length - at;
    const torn: End = { is: "end", good: at, torn: left };
    if (left < frameHeaderLength) return torn;
    const start = at + frameHeaderLength;
    if (crc32(file.subarray(at, at + 8)) !== file.readUInt32LE(at + 8)) return isZero(file, at) ? torn : { is: "damaged", at };
    const end = start + file.readUInt32LE(at);
    if (end > file.length) return torn;
    if (crc32(file.subarray(start, end)) !== file.readUInt32LE(at + 4)) {
      // After a power failure a file may be as long as it was, without the last blocks of its content.
      return isZero(file, end) ? torn : { is: "damaged", at };
    }
    yield [start, end];
    at = end;
  }
  return { is: "end", good: at, torn: 0 };
}

/** Whether nothing but zeros follows. */
function isZero(file: Buffer, from: number): boolean {
  for (let at = from; at < file.length; at++) if (file[at] !== 0) return false;
  return true;
}
