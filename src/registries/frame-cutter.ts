/** Cuts the byte stream of a connection into its frames. Bytes are copied once at most, whatever the size of a frame. */
export class FrameCutter {
  readonly #longestHead: number;
  readonly #lengthAt: (bytes: Buffer, at: number) => number;
  #parts: Buffer[] = [];
  #gathered = 0;
  /** Whole length of the frame being gathered; 0 while that is unknown. */
  #wanted = 0;

  /**
   * @param longestHead so many bytes always tell a frame's length
   * @param lengthAt whole length of the frame that begins there; 0 while there are too few bytes to tell. It may throw
   */
  constructor(longestHead: number, lengthAt: (bytes: Buffer, at: number) => number) {
    this.#longestHead = longestHead;
    this.#lengthAt = lengthAt;
  }

  /** Calls back with every complete frame. @throws what `lengthAt` throws */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let rest = chunk;
    if (this.#gathered > 0) {
      this.#parts.push(chunk);
      this.#gathered += chunk.length;
      if (this.#wanted === 0) this.#wanted = this.#lengthAt(this.#beginning(), 0);
      if (this.#wanted === 0 || this.#gathered < this.#wanted) return;
      rest = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#gathered = 0;
    }
    this.#wanted = 0;
    let at = 0;
    while (at < rest.length) {
      const length = this.#lengthAt(rest, at);
      if (length === 0 || at + length > rest.length) {
        this.#wanted = length;
        break;
      }
      onFrame(rest.subarray(at, at + length));
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
    return first !== undefined && first.length >= this.#longestHead ? first : Buffer.concat(this.#parts);
  }
}
