/** Above this many characters the native UTF-8 writer beats a loop over char codes. */
const shortString = 48;
/** A buffer that one giant object has grown beyond this is given back afterwards. */
const keepAtMost = 1 << 20;

/**
 * Writes protobuf from the last byte to the first. A length stands before what it measures, so in
 * this direction it is known when it is written: no message is sized beforehand or moved afterwards.
 * Callers write fields in descending order of number, and repeated items from the last to the first.
 *
 * Field numbers are 1 to 15 (one-byte tags): no message of Tributary has a higher one.
 */
export class ReverseWriter {
  #buffer: Buffer;
  /** Index of the first byte written so far. */
  #start: number;
  /** The string map written last, and where it lies, counted from the end. */
  #lastMap: { readonly map: object; readonly field: number; readonly from: number; readonly to: number } | undefined;

  constructor(initialBytes = 16 * 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
    this.#start = initialBytes;
  }

  /** Bytes written so far. Taken before a message's fields, it is the mark that `close` needs. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** Forgets everything written; the buffer is used again. */
  reset(): void {
    if (this.#buffer.length > keepAtMost) this.#buffer = Buffer.allocUnsafeSlow(keepAtMost);
    this.#start = this.#buffer.length;
    this.#lastMap = undefined;
  }

  /** What was written last, `length` bytes: a view that is valid until the next write. */
  head(length: number): Buffer {
    return this.#buffer.subarray(this.#start, this.#start + length);
  }

  /** Closes the message whose fields were written since `mark`: puts length and tag before it. */
  close(field: number, mark: number): void {
    this.#reserve(6);
    this.#varint(this.length - mark);
    this.#buffer[--this.#start] = (field << 3) | 2;
  }

  /** An implicit-presence string field: absent when empty. */
  string(field: number, value: string): void {
    if (value !== "") this.stringItem(field, value);
  }

  /** A string that is written even when empty: an item of a list, a key or a value of a map. */
  stringItem(field: number, value: string): void {
    const { length } = value;
    this.#reserve(length * 3 + 6);
    const written = length <= shortString && this.#ascii(value) ? length : this.#utf8(value);
    if (written < 0x80) this.#buffer[--this.#start] = written;
    else this.#varint(written);
    this.#buffer[--this.#start] = (field << 3) | 2;
  }

  strings(field: number, values: readonly string[]): void {
    for (let i = values.length - 1; i >= 0; i--) this.stringItem(field, values[i]!);
  }

  /** An implicit-presence uint32 or enum field: absent when 0. Throws RangeError outside of uint32. */
  uint32(field: number, value: number): void {
    if (value !== 0) this.uint32Item(field, value);
  }

  /** A number that is written even when 0: the value of a map. */
  uint32Item(field: number, value: number): void {
    if (value >>> 0 !== value) throw new RangeError(`field ${field}: ${value} is not an unsigned 32-bit number`);
    this.#reserve(6);
    this.#varint(value);
    this.#buffer[--this.#start] = field << 3;
  }

  /**
   * A map<string, string> in canonical order: keys ascending by UTF-16 code unit. The very object that was
   * written last is copied: most endpoints of a service share their labels.
   */
  stringMap(field: number, map: Readonly<Record<string, string>>): void {
    if (this.#lastMap?.map === map && this.#lastMap.field === field) {
      this.#repeat(this.#lastMap.from, this.#lastMap.to);
      return;
    }
    const from = this.length;
    const keys = sortedKeys(map);
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i]!;
      const mark = this.length;
      this.stringItem(2, map[key]!);
      this.stringItem(1, key);
      this.close(field, mark);
    }
    this.#lastMap = { map, field, from, to: this.length };
  }

  /** A map<string, uint32> in canonical order. */
  uint32Map(field: number, map: Readonly<Record<string, number>>): void {
    const keys = sortedKeys(map);
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i]!;
      const mark = this.length;
      this.uint32Item(2, map[key]!);
      this.stringItem(1, key);
      this.close(field, mark);
    }
  }

  /** Writes again what lies between two lengths. */
  #repeat(from: number, to: number): void {
    this.#reserve(to - from);
    const end = this.#buffer.length;
    this.#start -= to - from;
    this.#buffer.copyWithin(this.#start, end - to, end - from);
  }

  /** Writes the string if it is all ASCII; else writes nothing and returns false. */
  #ascii(value: string): boolean {
    const buffer = this.#buffer;
    let at = this.#start;
    for (let i = value.length - 1; i >= 0; i--) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[--at] = code;
    }
    this.#start = at;
    return true;
  }

  #utf8(value: string): number {
    const length = Buffer.byteLength(value);
    this.#start -= length;
    this.#buffer.write(value, this.#start, length, "utf8");
    return length;
  }

  #varint(value: number): void {
    const length = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
    this.#start -= length;
    let at = this.#start;
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[at] = rest;
  }

  /** Makes room for `bytes` more; what is written stays at the end. */
  #reserve(bytes: number): void {
    if (this.#start >= bytes) return;
    const written = this.length;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, written + bytes));
    this.#buffer.copy(grown, grown.length - written, this.#start);
    this.#buffer = grown;
    this.#start = grown.length - written;
  }
}

/** Most maps are made in order already; sorting them again would copy each. */
function sortedKeys(map: object): readonly string[] {
  const keys = Object.keys(map);
  for (let i = 1; i < keys.length; i++) {
    if (keys[i - 1]! > keys[i]!) return keys.sort();
  }
  return keys;
}
