import type { Changes, TypeKey } from "./snapshot.ts";

/** What one publication changed, by type. */
export type ChangedNames = ReadonlyMap<TypeKey, Changes>;

export interface ChangeLogLimits {
  /**
   * Names kept over all publications. Default 10,000, a hundred seconds of 100 changes/s: under 5 MB, even if
   * each of them is a publication of its own.
   */
  readonly maxNames?: number;
  /** Age of the oldest publication kept, in ms. Default 10 minutes; a reader further behind gets full state. */
  readonly maxAgeMs?: number;
}

interface LogRecord {
  readonly at: number;
  readonly names: number;
  readonly changed: ChangedNames;
}

/** Which names changed in the last publications. */
export class ChangeLog {
  readonly #maxNames: number;
  readonly #maxAgeMs: number;
  /** By sequence, without gaps, from `#floor` + 1 to `#last`. */
  readonly #records = new Map<number, LogRecord>();
  /** The last sequence whose changes are not kept. */
  #floor = 0;
  #last = 0;
  #names = 0;

  constructor(limits: ChangeLogLimits = {}) {
    this.#maxNames = limits.maxNames ?? 10_000;
    this.#maxAgeMs = limits.maxAgeMs ?? 10 * 60_000;
  }

  /** Adds the next sequence's changes. `at`: monotonic ms. */
  append(changed: ChangedNames, at: number): void {
    let names = 0;
    for (const { updated, removed } of changed.values()) names += updated.length + removed.length;
    this.#records.set(++this.#last, { at, names, changed });
    this.#names += names;
    for (const [sequence, oldest] of this.#records) {
      if (this.#names <= this.#maxNames && at - oldest.at <= this.#maxAgeMs) break;
      this.#records.delete(sequence);
      this.#names -= oldest.names;
      this.#floor = sequence;
    }
  }

  /**
   * Net changes of a type after `sequence`; the last thing that happened to a name counts: removed and
   * added again is `updated`, added and removed again is `removed`. Undefined when the log does not
   * reach back to that sequence, or never got as far.
   */
  since(type: TypeKey, sequence: number): Changes | undefined {
    if (sequence < this.#floor || sequence > this.#last) return undefined;
    const last = new Map<string, boolean>();
    for (let next = sequence + 1; next <= this.#last; next++) {
      const changes = this.#records.get(next)!.changed.get(type);
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
