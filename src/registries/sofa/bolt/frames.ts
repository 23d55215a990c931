import { FrameCutter } from "../../frame-cutter.ts";
import { BadFrame, type Frame, frameLength, headLength, readFrame } from "./frame.ts";

/** The longest head of a frame. */
const longestHead = 22;

/** The frames of a Bolt connection. */
export class Frames {
  readonly #cutter: FrameCutter;

  /** @param maxBytes larger frames are refused */
  constructor(maxBytes: number) {
    this.#cutter = new FrameCutter(longestHead, (all, at) => {
      const bytes = at === 0 ? all : all.subarray(at);
      const head = headLength(bytes);
      if (head === 0 || bytes.length < head) return 0;
      const length = frameLength(bytes, head);
      if (length > maxBytes) throw new BadFrame(`a frame of ${length} bytes; more than ${maxBytes} are not taken`);
      return length;
    });
  }

  /**
   * Calls back with every complete frame.
   * @throws BadFrame for what cannot be the beginning of a frame, and for one that is too large
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    this.#cutter.push(chunk, (bytes) => onFrame(readFrame(bytes)));
  }
}
