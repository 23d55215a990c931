import { SetDigest } from "./digest.ts";
import { shardOf } from "./shard.ts";
import type { Entry, ResourceTable, TypeKey } from "./snapshot.ts";

/** The shards' tables of one type as one table: same names, same digest as if it had never been divided. */
export class JoinedTable implements ResourceTable {
  readonly type: TypeKey;
  readonly #parts: readonly ResourceTable[];

  /** @param parts by shard */
  constructor(type: TypeKey, parts: readonly ResourceTable[]) {
    this.type = type;
    this.#parts = parts;
  }

  get size(): number {
    return this.#parts.reduce((sum, { size }) => sum + size, 0);
  }

  get byteLength(): number {
    return this.#parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  get digest(): string {
    return SetDigest.union(this.#parts.map(({ digest }) => digest));
  }

  get(name: string): Entry | undefined {
    return this.#parts[shardOf(name, this.#parts.length)]!.get(name);
  }

  /** Ascending by name (UTF-16 code units). */
  *entries(): Iterable<Entry> {
    const readers = this.#parts.map((part) => part.entries()[Symbol.iterator]());
    const heads = readers.map((reader) => reader.next());
    for (;;) {
      let least: number | undefined;
      let entry: Entry | undefined;
      heads.forEach((head, index) => {
        if (head.done || (entry !== undefined && entry.name <= head.value.name)) return;
        least = index;
        entry = head.value;
      });
      if (least === undefined || entry === undefined) return;
      yield entry;
      heads[least] = readers[least]!.next();
    }
  }

  chunks(): readonly Uint8Array[] {
    return this.#parts.flatMap((part) => part.chunks());
  }
}
