import { FrameCutter } from "../../../frame-cutter.ts";

const headBytes = 4;

/** The frames of a ZooKeeper connection: four bytes of length, then as many bytes. */
export class Frames {
  readonly #cutter: FrameCutter;

  /** @param maxBytes larger frames are refused */
  constructor(maxBytes: number) {
    this.#cutter = new FrameCutter(headBytes, (bytes, at) => {
      if (bytes.length - at < headBytes) return 0;
      const length = bytes.readInt32BE(at);
      if (length < 0 || length > maxBytes) throw new RangeError(`a frame of ${length} bytes`);
      return headBytes + length;
    });
  }

  /**
   * Calls back with every complete frame, its length header included.
   * @throws RangeError for a length that is negative or too large
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    this.#cutter.push(chunk, onFrame);
  }
}
