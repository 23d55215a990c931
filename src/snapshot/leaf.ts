import type { Entry } from "./snapshot.ts";

/** A run of neighbouring entries of a table, whose framed bytes lie in one chunk. Never changed once built. */
export interface Leaf {
  /** Ascending by name, at least one. */
  readonly entries: readonly LeafEntry[];
  /** The framed bytes of `entries`, one after the other, and nothing else. */
  readonly chunk: Uint8Array;
}

/**
 * An entry whose bytes are a piece of its leaf's chunk. The views are made when asked for: ten
 * thousand entries at rest need no twenty thousand typed arrays. Whoever keeps an entry keeps its chunk.
 */
export class LeafEntry implements Entry {
  readonly name: string;
  readonly version: string;
  readonly seenAt: number;
  readonly length: number;
  readonly #chunk: Uint8Array;
  readonly #start: number;
  readonly #bodyStart: number;
  readonly #bodyLength: number;

  /** Copies the entry's bytes to `start` in the chunk. */
  constructor(entry: Entry, chunk: Uint8Array, start: number) {
    const { framed, body } = entry;
    const bodyOffset = body.byteOffset - framed.byteOffset;
    if (body.buffer !== framed.buffer || bodyOffset < 0 || bodyOffset + body.length > framed.length) {
      throw new TypeError(`entry ${entry.name}: body is not a view into framed`);
    }
    chunk.set(framed, start);
    this.name = entry.name;
    this.version = entry.version;
    this.seenAt = entry.seenAt;
    this.length = framed.length;
    this.#chunk = chunk;
    this.#start = start;
    this.#bodyStart = start + bodyOffset;
    this.#bodyLength = body.length;
  }

  get framed(): Uint8Array {
    return this.#chunk.subarray(this.#start, this.#start + this.length);
  }

  get body(): Uint8Array {
    return this.#chunk.subarray(this.#bodyStart, this.#bodyStart + this.#bodyLength);
  }
}

/** Length of the framed bytes, without making a view. */
export function framedLength(entry: Entry): number {
  return entry instanceof LeafEntry ? entry.length : entry.framed.length;
}

/** Copies sorted entries into a chunk of exactly their size. */
export function buildLeaf(entries: readonly Entry[]): Leaf {
  let bytes = 0;
  for (const entry of entries) bytes += framedLength(entry);
  const chunk = new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  let start = 0;
  const placed = entries.map((entry) => {
    const leafEntry = new LeafEntry(entry, chunk, start);
    start += leafEntry.length;
    return leafEntry;
  });
  return { entries: placed, chunk };
}
