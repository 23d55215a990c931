/**
 * ZooKeeper's serialisation ("jute"): big-endian integers; texts and byte arrays behind a length of
 * four bytes, in which -1 means null; vectors behind their count.
 */

/** Reads one frame. Every method throws a RangeError where the bytes end too early. */
export class JuteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  int(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  flag(): boolean {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value !== 0;
  }

  skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new RangeError("the frame ends too early");
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    const length = Math.max(0, this.int());
    const start = this.#at;
    this.skip(length);
    return this.#bytes.toString("utf8", start, this.#at);
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = Math.max(0, this.int());
    this.skip(length);
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  texts(): string[] {
    const count = Math.max(0, this.int());
    // Each takes four bytes at least: a count cannot make us allocate more than has arrived.
    if (count > (this.#bytes.length - this.#at) / 4) throw new RangeError(`a vector of ${count} in too few bytes`);
    const texts = new Array<string>(count);
    for (let index = 0; index < count; index++) texts[index] = this.text();
    return texts;
  }
}

/** Writes one frame of a size known beforehand, behind its own length. */
export class JuteWriter {
  readonly #bytes: Buffer;
  #at = 4;

  /** @param size bytes behind the length */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(4 + size);
    this.#bytes.writeInt32BE(size);
  }

  int(value: number): this {
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
    return this;
  }

  long(value: bigint): this {
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at);
    return this;
  }

  flag(value: boolean): this {
    this.#at = this.#bytes.writeUInt8(value ? 1 : 0, this.#at);
    return this;
  }

  bytes(value: Buffer): this {
    this.int(value.length);
    this.#at += value.copy(this.#bytes, this.#at);
    return this;
  }

  text(value: string, byteLength: number): this {
    this.int(byteLength);
    this.#at += this.#bytes.write(value, this.#at);
    return this;
  }

  /** @throws RangeError when the size was another one */
  frame(): Buffer {
    if (this.#at !== this.#bytes.length) throw new RangeError(`a frame of ${this.#at} bytes, not ${this.#bytes.length}`);
    return this.#bytes;
  }
}
