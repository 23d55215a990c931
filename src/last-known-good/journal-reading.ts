/** Reads a journal's bytes into what they say in the end; no I/O, and nothing in them can make it throw. */

import { decodeEntries, type RawEntry, type RawItem } from "./journal-entries.ts";
import type { KeptItem } from "./journal-entry.ts";
import { readFrames } from "./journal-frames.ts";
import { type JournalOwner, readHeader } from "./journal-header.ts";
import type { Pause } from "./slices.ts";

export type JournalReading =
  | { readonly is: "read"; readonly contents: JournalContents; readonly good: number; readonly torn: number }
  /** It is not for us to touch. */
  | { readonly is: "newer"; readonly version: number }
  /** It cannot be used: foreign, another registry's, or damaged. */
  | { readonly is: "unusable"; readonly why: string };

export class JournalContents {
  #file: Buffer;
  readonly #items = new Map<string, RawItem>();
  readonly #expired = new Set<string>();
  #complete = false;

  constructor(file: Buffer) {
    this.#file = file;
  }

  /** Whether a complete listing stands behind it. */
  get isComplete(): boolean {
    return this.#complete;
  }
  get size(): number {
    return this.#items.size;
  }
  /** Services that left because they were empty for too long, though the registry listed them. */
  get expired(): ReadonlySet<string> {
    return this.#expired;
  }

  /** Every id the registry had told of, the expired ones included. */
  ids(): readonly string[] {
    return [...this.#items.keys(), ...this.#expired];
  }

  /** The items; those that are empty come last, the one that is so for longest first. */
  *items(): Generator<readonly [id: string, item: KeptItem]> {
    const empty: (readonly [string, RawItem])[] = [];
    for (const [id, raw] of this.#items) {
      if (raw.emptySince === undefined) yield [id, this.#read(raw)];
      else empty.push([id, raw]);
    }
    empty.sort(([, one], [, other]) => (one.emptySince ?? 0) - (other.emptySince ?? 0));
    for (const [id, raw] of empty) yield [id, this.#read(raw)];
  }

  /** Lets go of everything, as large as the file was. */
  release(): void {
    this.#file = Buffer.alloc(0);
    this.#items.clear();
    this.#expired.clear();
  }

  apply(entry: RawEntry): void {
    if (entry.what === "complete") {
      this.#complete = true;
      return;
    }
    this.#expired.delete(entry.id);
    // A newer word takes the place of the older one, also in their order.
    this.#items.delete(entry.id);
    if (entry.what === "kept") this.#items.set(entry.id, entry.item);
    else if (entry.what === "expired") this.#expired.add(entry.id);
  }

  #read({ textAt, textEnd, ...item }: RawItem): KeptItem {
    return { ...item, text: this.#file.toString("utf8", textAt, textEnd) };
  }
}

/** Yields after every frame, so that the caller can give way to others; returns the reading. */
export function* readJournal(file: Buffer, owner: JournalOwner): Generator<Pause, JournalReading> {
  const contents = new JournalContents(file);
  const header = readHeader(file, owner);
  if (header.is === "torn") return { is: "read", contents, good: 0, torn: file.length };
  if (header.is === "newer") return header;
  if (header.is === "strange") return { is: "unusable", why: header.why };
  const frames = readFrames(file, header.length);
  for (;;) {
    const next = frames.next();
    if (next.done) {
      const end = next.value;
      if (end.is === "damaged") return { is: "unusable", why: `it is damaged at byte ${end.at}` };
      return { is: "read", contents, good: end.good, torn: end.torn };
    }
    try {
      for (const entry of decodeEntries(file, ...next.value)) contents.apply(entry);
    } catch (error) {
      return { is: "unusable", why: (error as Error).message };
    }
    yield "may go on";
  }
}
