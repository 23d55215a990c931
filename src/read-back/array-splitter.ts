/**
 * Cuts a JSON array of objects into the bytes of its elements while it streams in, so that a dump of
 * any size takes the memory of its largest object. It looks at quotes and brackets only; whether an
 * element is good JSON shows when it is parsed.
 */
import { DumpError } from "./dump-error.ts";

const space = [0x20, 0x09, 0x0a, 0x0d];
const quote = 0x22;
const comma = 0x2c;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

export class ArraySplitter {
  readonly #maxElementBytes: number;
  /** 0 before and behind the array, 1 between its elements, more inside an element. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  #started = false;
  #finished = false;
  /** The beginning of an element that goes on in the next chunk. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;

  constructor(maxElementBytes: number) {
    this.#maxElementBytes = maxElementBytes;
  }

  /** True behind the closing bracket. */
  get finished(): boolean {
    return this.#finished;
  }

  /** The elements that end in this chunk. @throws DumpError `content`, `too-large` */
  *push(chunk: Uint8Array): Generator<Buffer> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#depth < 2) {
        this.#between(byte);
        if (this.#depth === 2) start = at;
        continue;
      }
      this.#inside(byte);
      if (this.#depth === 1) yield this.#take(chunk.subarray(start, at + 1));
    }
    if (this.#depth > 1) this.#keep(chunk.subarray(start));
  }

  #between(byte: number): void {
    if (space.includes(byte)) return;
    if (!this.#started && byte === openArray) {
      this.#started = true;
      this.#depth = 1;
    } else if (this.#depth === 1 && byte === openObject) {
      this.#depth = 2;
    } else if (this.#depth === 1 && byte === closeArray) {
      this.#depth = 0;
      this.#finished = true;
    } else if (this.#depth === 0 || byte !== comma) {
      throw new DumpError("content", "it is not a JSON list of objects");
    }
  }

  #inside(byte: number): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === backslash) this.#escaped = true;
      else if (byte === quote) this.#inString = false;
    } else if (byte === quote) this.#inString = true;
    else if (byte === openObject || byte === openArray) this.#depth++;
    else if (byte === closeObject || byte === closeArray) this.#depth--;
  }

  #take(last: Uint8Array): Buffer {
    this.#keep(last);
    const element = Buffer.concat(this.#pieces, this.#pieceBytes);
    this.#pieces = [];
    this.#pieceBytes = 0;
    return element;
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#pieceBytes += piece.byteLength;
    if (this.#pieceBytes > this.#maxElementBytes) {
      throw new DumpError("too-large", `one object is larger than ${this.#maxElementBytes} bytes`);
    }
  }
}
