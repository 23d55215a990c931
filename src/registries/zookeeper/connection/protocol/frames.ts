/**
 * Cuts the byte stream of a ZooKeeper connection into its frames (four bytes of length, then as
 * many bytes). Bytes are copied once at most, whatever the size of a frame.
 */
export class Frames {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #gathered = 0;
  /** Whole length of the frame being gathered, with its header; 0 while that is unknown. */
  #wanted = 0;

  /** @param maxBytes larger frames are refused */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Calls back with every complete frame, its length header included.
   * @throws RangeError for a length that is negative or too large
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let rest = chunk;
    if (this.#gathered > 0) {
      this.#parts.push(chunk);
      this.#gathered += chunk.length;
      if (this.#wanted === 0 && this.#gathered >= 4) this.#wanted = this.#length(Buffer.concat(this.#parts));
      if (this.#wanted === 0 || this.#gathered < this.#wanted) return;
      rest = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#gathered = 0;
    }
    this.#wanted = 0;
    let at = 0;
    while (rest.length - at >= 4) {
      const end = at + this.#length(rest, at);
      if (end > rest.length) {
        this.#wanted = end - at;
        break;
      }
      onFrame(rest.subarray(at, end));
      at = end;
    }
    if (at < rest.length) {
      this.#parts = [rest.subarray(at)];
      this.#gathered = rest.length - at;
    }
  }

  #length(bytes: Buffer, at = 0): number {
    const length = bytes.readInt32BE(at);
    if (length < 0 || length > this.#maxBytes) throw new RangeError(`a frame of ${length} bytes`);
    return length + 4;
  }
}
