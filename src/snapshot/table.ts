import { SetDigest } from "./digest.ts";
import { byteSum, framedLength, Leaf } from "./leaf.ts";
import type { Entry, ResourceTable, TypeKey } from "./snapshot.ts";

/** A leaf of more bytes is cut. With one entry it stays whole, however large. */
const maxLeafBytes = 32 * 1024;
/** What the pieces of a cut aim at: room to grow, and few of them. */
const targetLeafBytes = 24 * 1024;
/** A rewritten leaf of fewer bytes joins its neighbour. */
const minLeafBytes = 8 * 1024;

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
 * An immutable table, sorted by name and cut into leaves of 8 to 32 KiB. An update copies the leaves it
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
    return this.#leaves[this.#leafOf(name)]?.get(name);
  }

  /** Ascending by name (UTF-16 code units). */
  *entries(): Iterable<Entry> {
    for (const leaf of this.#leaves) yield* leaf.entries();
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
      const old = this.#leaves[leaf]?.slot(name);
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
      if (this.#leaves[middle]!.slots[0]!.name <= name) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function member(entry: { readonly name: string; readonly version: string }): string {
  return `${entry.name}\n${entry.version}`;
}

/** The leaves after sorted changes, of which there is one at least; leaves without a change are taken over as they are. */
function rewrite(leaves: readonly Leaf[], changes: readonly Change[]): Leaf[] {
  let at = changes[0]!.leaf;
  const result = leaves.slice(0, at);
  let pending: Entry[] = [];
  let next = 0;
  do {
    const leaf = leaves[at];
    const first = next;
    while (next < changes.length && changes[next]!.leaf === at) next++;
    at++;
    if (leaf !== undefined && first === next && pending.length === 0) {
      result.push(leaf);
      continue;
    }
    merge(pending, leaf?.entries() ?? [], changes, first, next);
    if (byteSum(pending) >= minLeafBytes) {
      cut(pending, result);
      pending = [];
    }
  } while (at < leaves.length && (next < changes.length || pending.length > 0));
  if (pending.length > 0) cut([...(result.pop()?.entries() ?? []), ...pending], result);
  return result.concat(leaves.slice(at));
}

/** Appends to `target` the entries with `changes[from, to)` applied; both are sorted by name. */
function merge(target: Entry[], entries: Iterable<Entry>, changes: readonly Change[], from: number, to: number): void {
  let next = from;
  for (const entry of entries) {
    for (; next < to && changes[next]!.name < entry.name; next++) append(changes[next]!);
    if (next < to && changes[next]!.name === entry.name) append(changes[next++]!);
    else target.push(entry);
  }
  for (; next < to; next++) append(changes[next]!);

  function append({ entry }: Change): void {
    if (entry !== undefined) target.push(entry);
  }
}

/** Appends to `target` one leaf, or several of about equal size when one would be too large. */
function cut(entries: readonly Entry[], target: Leaf[]): void {
  const bytes = byteSum(entries);
  const pieceBytes = bytes <= maxLeafBytes ? bytes : bytes / Math.ceil(bytes / targetLeafBytes);
  let first = 0;
  let offset = 0;
  let boundary = pieceBytes;
  entries.forEach((entry, i) => {
    offset += framedLength(entry);
    if (offset < boundary && i < entries.length - 1) return;
    target.push(new Leaf(entries.slice(first, i + 1)));
    first = i + 1;
    boundary = (Math.floor(offset / pieceBytes) + 1) * pieceBytes;
  });
}
