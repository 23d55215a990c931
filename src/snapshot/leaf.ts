import type { Entry } from "./snapshot.ts";

/** What a table keeps of an entry beside its bytes. It moves from leaf to leaf as it is. */
export interface Slot {
  readonly name: string;
  readonly version: string;
  readonly seenAt: number;
  /** Bytes of `framed`. */
  readonly length: number;
  /** Where `body` lies in `framed`. */
  readonly bodyOffset: number;
  readonly bodyLength: number;
}

/**
 * A run of neighbouring entries of a table, whose framed bytes lie in one chunk. Never changed once
 * built. At rest it is no more than that: entries, and the views into the chunk, are made for who asks.
 */
export class Leaf {
  /** Ascending by name, at least one. */
  readonly slots: readonly Slot[];
  /** The framed bytes of all entries, one after the other, and nothing else. */
  readonly chunk: Uint8Array;

  /** Copies sorted entries into a chunk of exactly their size. */
  constructor(entries: readonly Entry[]) {
    this.chunk = new Uint8Array(Buffer.allocUnsafeSlow(byteSum(entries)).buffer);
    let start = 0;
    this.slots = entries.map((entry) => {
      const slot = slotOf(entry);
      if (entry instanceof LeafEntry) entry.copyTo(this.chunk, start);
      else this.chunk.set(entry.framed, start);
      start += slot.length;
      return slot;
    });
  }

  /** Ascending by name. */
  *entries(): Iterable<LeafEntry> {
    let start = 0;
    for (const slot of this.slots) {
      yield new LeafEntry(slot, this.chunk, start);
      start += slot.length;
    }
  }

  get(name: string): Entry | undefined {
    const index = this.#indexOf(name);
    const slot = this.slots[index]!;
    if (slot.name !== name) return undefined;
    let start = 0;
    for (let i = 0; i < index; i++) start += this.slots[i]!.length;
    return new LeafEntry(slot, this.chunk, start);
  }

  slot(name: string): Slot | undefined {
    const slot = this.slots[this.#indexOf(name)]!;
    return slot.name === name ? slot : undefined;
  }

  /** Where the name is, if it is here at all. */
  #indexOf(name: string): number {
    let low = 0;
    let high = this.slots.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.slots[middle]!.name < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** An entry whose bytes are a piece of its leaf's chunk. Whoever keeps it keeps the chunk. */
class LeafEntry implements Entry {
  readonly slot: Slot;
  readonly #chunk: Uint8Array;
  readonly #start: number;

  constructor(slot: Slot, chunk: Uint8Array, start: number) {
    this.slot = slot;
    this.#chunk = chunk;
    this.#start = start;
  }

  get name(): string {
    return this.slot.name;
  }

  get version(): string {
    return this.slot.version;
  }

  get seenAt(): number {
    return this.slot.seenAt;
  }

  get framed(): Uint8Array {
    return this.#chunk.subarray(this.#start, this.#start + this.slot.length);
  }

  get body(): Uint8Array {
    const start = this.#start + this.slot.bodyOffset;
    return this.#chunk.subarray(start, start + this.slot.bodyLength);
  }

  /** Copies `framed` without making a view of it. */
  copyTo(target: Uint8Array, at: number): void {
    Buffer.prototype.copy.call(this.#chunk, target, at, this.#start, this.#start + this.slot.length);
  }
}

/** Length of all framed bytes, without making views. */
export function byteSum(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += framedLength(entry);
  return bytes;
}

/** Length of the framed bytes, without making a view. */
export function framedLength(entry: Entry): number {
  return entry instanceof LeafEntry ? entry.slot.length : entry.framed.length;
}

/** @throws TypeError when the entry's body is not a view into its framed bytes. */
function slotOf(entry: Entry): Slot {
  if (entry instanceof LeafEntry) return entry.slot;
  const { name, version, seenAt, framed, body } = entry;
  const bodyOffset = body.byteOffset - framed.byteOffset;
  if (body.buffer !== framed.buffer || bodyOffset < 0 || bodyOffset + body.length > framed.length) {
    throw new TypeError(`entry ${name}: body is not a view into framed`);
  }
  return { name, version, seenAt, length: framed.length, bodyOffset, bodyLength: body.length };
}
