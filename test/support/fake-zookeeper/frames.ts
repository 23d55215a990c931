/** Cuts a stream into frames, without their length headers. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Buffer> {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      const frame = rest.subarray(4, end);
      rest = rest.subarray(end);
      this.#rest = rest;
      yield frame;
    }
    this.#rest = rest;
  }
}
