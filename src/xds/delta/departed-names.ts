/**
 * Names that left a source. The change log says which names left since a sequence, until so much has
 * happened that it forgets; then a client can be sent everything there is, but only this memory tells it
 * what there is no more. It is shared by all streams, so that none of them must remember what it was sent.
 */
import { ownedTypes, type ResourceTable, type SnapshotSource, type TypeKey } from "../../snapshot/snapshot.ts";

/** Names kept per type, a few MB at most; a client that stands before a forgotten one has to start anew. */
const defaultMaxNames = 50_000;

export class DepartedNames {
  readonly #source: SnapshotSource;
  readonly #maxNames: number;
  /** Name → sequence at which it left, oldest first. It may have come back since. */
  readonly #left: ReadonlyMap<TypeKey, Map<string, number>> = new Map(ownedTypes.map((type) => [type, new Map()]));
  readonly #unsubscribe: () => void;
  #tables: ReadonlyMap<TypeKey, ResourceTable>;
  #sequence: number;
  /** What left up to here is not known. */
  #floor: number;

  constructor(source: SnapshotSource, maxNames = defaultMaxNames) {
    this.#source = source;
    this.#maxNames = maxNames;
    this.#sequence = source.current().sequence;
    this.#floor = this.#sequence;
    this.#tables = this.#currentTables();
    this.#unsubscribe = source.subscribe((_snapshot, types) => this.#note(types));
  }

  /** Names of a type that left after `sequence` and are still away; undefined when that is not known any more. */
  since(type: TypeKey, sequence: number): string[] | undefined {
    if (sequence < this.#floor) return undefined;
    const table = this.#source.current().table(type);
    const left = [...this.#left.get(type)!].filter(([name, at]) => at > sequence && table.get(name) === undefined);
    return left.map(([name]) => name);
  }

  close(): void {
    this.#unsubscribe();
  }

  #note(types: ReadonlySet<TypeKey>): void {
    const before = this.#tables;
    this.#tables = this.#currentTables();
    const { sequence } = this.#source.current();
    for (const type of types) {
      const left = this.#left.get(type)!;
      const removed = this.#source.changesSince(type, this.#sequence)?.removed ?? missing(before.get(type)!, this.#tables.get(type)!);
      for (const name of removed) {
        left.delete(name);
        left.set(name, sequence);
      }
      this.#forget(left);
    }
    this.#sequence = sequence;
  }

  #forget(left: Map<string, number>): void {
    for (const [name, at] of left) {
      if (left.size <= this.#maxNames) break;
      left.delete(name);
      this.#floor = Math.max(this.#floor, at);
    }
  }

  #currentTables(): ReadonlyMap<TypeKey, ResourceTable> {
    const snapshot = this.#source.current();
    return new Map(ownedTypes.map((type) => [type, snapshot.table(type)]));
  }
}

/** For a publication that is larger than the whole change log. */
function missing(before: ResourceTable, after: ResourceTable): string[] {
  const names: string[] = [];
  for (const { name } of before.entries()) if (after.get(name) === undefined) names.push(name);
  return names;
}
