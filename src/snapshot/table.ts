import { SetDigest } from "./digest.ts";
import { buildLeaf, framedLength, type Leaf, type LeafEntry } from "./leaf.ts";
import type { Entry, ResourceTable, TypeKey } from "./snapshot.ts";

/** A leaf of more bytes is cut. With one entry it stays whole, however large. */
const maxLeafBytes = 128 * 1024;
/** What the pieces of a cut aim at: room to grow, and few of them. */
const targetLeafBytes = 96 * 1024;
/** A rewritten leaf of fewer bytes joins its neighbour. */
const minLeafBytes = 32 * 1024;

/** What became of an update. */
export interface TableUpdate {
  /** The same table when nothing changed. */
  readonly table: SortedTable;
  /** Names added, or whose version changed; ascending. */
  readonly updated: readonly string[];
  /** Names that were there and are not any more; ascending. */
  readonly removed: readonly string[];
}

interface Change {
  readonly name: string;
  readonly entry: Entry | undefined;
  readonly leaf: number;
}

/**
 * An immutable table, sorted by name and cut into leaves of 32 to 128 KiB. An update copies the leaves it
 * touches, each once, and shares all others with the table before. A leaf's bytes lie in one chunk, so a
 * full-state answer is the list of chunks as they are; their concatenation depends on the content alone.
 */
export class SortedTable implements ResourceTable {
  readonly type: TypeKey;
  readonly size: number;
  readonly byteLength: number;
  readonly #leaves: readonly Leaf[];
  readonly #digest: SetDigest;

  private constructor(type: TypeKey, leaves: readonly Leaf[], size: number, byteLength: number, digest: SetDigest) {
    this.type = type;
    this.size = size;
    this.byteLength = byteLength;
    this.#leaves = leaves;
    this.#digest = digest;
  }

  static empty(type: TypeKey): SortedTable {
    return new SortedTable(type, [], 0, 0, SetDigest.empty);
  }

  get digest(): string {
    return this.#digest.toString();
  }

  get(name: string): Entry | undefined {
    return this.#find(name, this.#leafOf(name));
  }

  /** Ascending by name (UTF-16 code units). */
  *entries(): Iterable<Entry> {
    for (const leaf of this.#leaves) yield* leaf.entries;
  }

  chunks(): readonly Uint8Array[] {
    return this.#leaves.map((leaf) => leaf.chunk);
  }

  /**
   * The table after these changes: an entry replaces, `undefined` removes. What does not change anything
   * (the same version again, a removal of nothing) is ignored.
   */
  update(changes: ReadonlyMap<string, Entry | undefined>): TableUpdate {
    const effective: Change[] = [];
    const updated: string[] = [];
    const removed: string[] = [];
    const added: string[] = [];
    const gone: string[] = [];
    let { size, byteLength } = this;
    for (const [name, entry] of changes) {
      const leaf = this.#leafOf(name);
      const old = this.#find(name, leaf);
      if (old?.version === entry?.version) continue;
      effective.push({ name, entry, leaf });
      if (old !== undefined) {
        gone.push(member(old));
        size--;
        byteLength -= old.length;
      }
      if (entry === undefined) {
        removed.push(name);
      } else {
        updated.push(name);
        added.push(member(entry));
        size++;
        byteLength += framedLength(entry);
      }
    }
    if (effective.length === 0) return { table: this, updated, removed };
    effective.sort((a, b) => (a.name < b.name ? -1 : 1));
    const table = new SortedTable(this.type, rewrite(this.#leaves, effective), size, byteLength, this.#digest.with(added, gone));
    return { table, updated: updated.toSorted(), removed: removed.toSorted() };
  }

  /** Index of the leaf that holds the name or would: the last that starts at or before it. */
  #leafOf(name: string): number {
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#leaves[middle]!.entries[0]!.name <= name) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #find(name: string, leaf: number): LeafEntry | undefined {
    const entries = this.#leaves[leaf]?.entries;
    if (entries === undefined) return undefined;
    let low = 0;
    let high = entries.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries[middle]!.name < name) low = middle + 1;
      else high = middle;
    }
    const found = entries[low]!;
    return found.name === name ? found : undefined;
  }
}

function member(entry: Entry): string {
  return `${entry.name}\n${entry.version}`;
}

/** The leaves after sorted changes; those without a change are taken over as they are. */
function rewrite(leaves: readonly Leaf[], changes: readonly Change[]): Leaf[] {
  const result: Leaf[] = [];
  let pending: Entry[] = [];
  let next = 0;
  for (let i = 0; i < Math.max(leaves.length, 1); i++) {
    const leaf = leaves[i];
    const first = next;
    while (next < changes.length && changes[next]!.leaf === i) next++;
    if (leaf !== undefined && first === next && pending.length === 0) {
      result.push(leaf);
      continue;
    }
    merge(pending, leaf?.entries ?? [], changes, first, next);
    if (byteSum(pending) >= minLeafBytes) {
      result.push(...cut(pending));
      pending = [];
    }
  }
  if (pending.length > 0) {
    const previous = result.pop()?.entries ?? [];
    result.push(...cut([...previous, ...pending]));
  }
  return result;
}

/** Appends to `target` the entries with `changes[from, to)` applied; both are sorted by name. */
function merge(target: Entry[], entries: readonly Entry[], changes: readonly Change[], from: number, to: number): void {
  let at = 0;
  for (let i = from; i < to; i++) {
    const { name, entry } = changes[i]!;
    while (at < entries.length && entries[at]!.name < name) target.push(entries[at++]!);
    if (entries[at]?.name === name) at++;
    if (entry !== undefined) target.push(entry);
  }
  while (at < entries.length) target.push(entries[at++]!);
}

/** One leaf, or several of about equal size when one would be too large. */
function cut(entries: readonly Entry[]): Leaf[] {
  const bytes = byteSum(entries);
  if (bytes <= maxLeafBytes) return [buildLeaf(entries)];
  const pieceBytes = bytes / Math.ceil(bytes / targetLeafBytes);
  const leaves: Leaf[] = [];
  let first = 0;
  let offset = 0;
  let boundary = pieceBytes;
  entries.forEach((entry, i) => {
    offset += framedLength(entry);
    if (offset < boundary && i < entries.length - 1) return;
    leaves.push(buildLeaf(entries.slice(first, i + 1)));
    first = i + 1;
    boundary = (Math.floor(offset / pieceBytes) + 1) * pieceBytes;
  });
  return leaves;
}

function byteSum(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += framedLength(entry);
  return bytes;
}
