/** Cuts the byte stream of a Bolt connection into its frames. Bytes are copied once at most, whatever the size of a frame. */
import { BadFrame, type Frame, frameLength, headLength, readFrame } from "./frame.ts";

/** The longest head of a frame. */
const longestHead = 22;

export class Frames {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #gathered = 0;
  /** Whole length of the frame being gathered; 0 while that is unknown. */
  #wanted = 0;

  /** @param maxBytes larger frames are refused */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Calls back with every complete frame.
   * @throws BadFrame for what cannot be the beginning of a frame, and for one that is too large
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    let rest = chunk;
    if (this.#gathered > 0) {
      this.#parts.push(chunk);
      this.#gathered += chunk.length;
      if (this.#wanted === 0) this.#wanted = this.#length(this.#beginning());
      if (this.#wanted === 0 || this.#gathered < this.#wanted) return;
      rest = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#gathered = 0;
    }
    this.#wanted = 0;
    let at = 0;
    while (at < rest.length) {
      const length = this.#length(at === 0 ? rest : rest.subarray(at));
      if (length === 0 || at + length > rest.length) {
        this.#wanted = length;
        break;
      }
      onFrame(readFrame(rest.subarray(at, at + length)));
      at += length;
    }
    if (at < rest.length) {
      this.#parts = [rest.subarray(at)];
      this.#gathered = rest.length - at;
    }
  }

  /** Enough of what was gathered to find a head in it. */
  #beginning(): Buffer {
    const [first] = this.#parts;
    return first !== undefined && first.length >= longestHead ? first : Buffer.concat(this.#parts);
  }

  /** Of the frame that begins with these bytes; 0 while there are too few of them. */
  #length(bytes: Buffer): number {
    const head = headLength(bytes);
    if (head === 0 || bytes.length < head) return 0;
    const length = frameLength(bytes, head);
    if (length > this.#maxBytes) throw new BadFrame(`a frame of ${length} bytes; more than ${this.#maxBytes} are not taken`);
    return length;
  }
}
