import type { Changes, TypeKey } from "./snapshot.ts";

/** What one publication changed, by type. */
export type ChangedNames = ReadonlyMap<TypeKey, Changes>;

export interface ChangeLogLimits {
  /** Names kept over all publications. Default 100,000 (about 1 MB: the strings are shared with the entries). */
  readonly maxNames?: number;
  /** Age of the oldest publication kept, in ms. Default 10 minutes; a reader further behind gets full state. */
  readonly maxAgeMs?: number;
}

interface LogRecord {
  readonly at: number;
  readonly names: number;
  readonly changed: ChangedNames;
}

/** Which names changed in the last publications. Record n belongs to sequence `#floor` + n + 1. */
export class ChangeLog {
  readonly #maxNames: number;
  readonly #maxAgeMs: number;
  /** The last sequence whose changes are not kept. */
  #floor = 0;
  #records: LogRecord[] = [];
  /** Records before this index are dropped; the array is cut only now and then. */
  #head = 0;
  #names = 0;

  constructor(limits: ChangeLogLimits = {}) {
    this.#maxNames = limits.maxNames ?? 100_000;
    this.#maxAgeMs = limits.maxAgeMs ?? 10 * 60_000;
  }

  /** Adds the next sequence's changes. `at`: monotonic ms. */
  append(changed: ChangedNames, at: number): void {
    let names = 0;
    for (const { updated, removed } of changed.values()) names += updated.length + removed.length;
    this.#records.push({ at, names, changed });
    this.#names += names;
    while (this.#head < this.#records.length) {
      const oldest = this.#records[this.#head]!;
      if (this.#names <= this.#maxNames && at - oldest.at <= this.#maxAgeMs) break;
      this.#names -= oldest.names;
      this.#head++;
      this.#floor++;
    }
    if (this.#head > 64 && this.#head * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
  }

  /**
   * Net changes of a type after `sequence`; the last thing that happened to a name counts: removed and
   * added again is `updated`, added and removed again is `removed`. Undefined when the log does not
   * reach back to that sequence, or never got as far.
   */
  since(type: TypeKey, sequence: number): Changes | undefined {
    const first = this.#head + sequence - this.#floor;
    if (first < this.#head || first > this.#records.length) return undefined;
    const last = new Map<string, boolean>();
    for (let i = first; i < this.#records.length; i++) {
      const changes = this.#records[i]!.changed.get(type);
      if (changes === undefined) continue;
      for (const name of changes.updated) last.set(name, true);
      for (const name of changes.removed) last.set(name, false);
    }
    const updated: string[] = [];
    const removed: string[] = [];
    for (const [name, present] of last) (present ? updated : removed).push(name);
    return { updated, removed };
  }
}
