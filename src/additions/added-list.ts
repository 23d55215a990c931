/** Registries, or clusters, that were added at run time: what was given, and what it was read as. Never changed in place. */
import type { Secret } from "../log/redact.ts";
import type { Addition } from "./addition.ts";

export interface Added<T> {
  readonly addition: Addition;
  /** Absent: it cannot be used now, for the reason in `problem`; it is kept for whoever corrects or removes it. */
  readonly config?: T;
  readonly problem?: string;
  readonly secrets: readonly Secret[];
  /** Absolute paths of the secret files that it names. */
  readonly files: readonly string[];
}

export class AddedList<T extends { readonly id: string }> {
  /** By id, in the order in which they were added. */
  readonly #entries: ReadonlyMap<string, Added<T>>;

  constructor(entries: Iterable<Added<T>> = []) {
    this.#entries = new Map(Array.from(entries, (entry) => [entry.addition.id, entry]));
  }

  get size(): number {
    return this.#entries.size;
  }
  get entries(): readonly Added<T>[] {
    return [...this.#entries.values()];
  }
  get additions(): readonly Addition[] {
    return this.entries.map(({ addition }) => addition);
  }
  /** Of those that can be used. */
  get configs(): readonly T[] {
    return this.entries.flatMap(({ config }) => config ?? []);
  }

  get(id: string): Added<T> | undefined {
    return this.#entries.get(id);
  }

  /** New ones at the end, those of a known id in its place. */
  with(entries: readonly Added<T>[]): AddedList<T> {
    const next = new Map(this.#entries);
    for (const entry of entries) next.set(entry.addition.id, entry);
    return new AddedList(next.values());
  }

  without(ids: readonly string[]): AddedList<T> {
    return new AddedList(this.entries.filter(({ addition }) => !ids.includes(addition.id)));
  }

  /** Each is read anew, such as after a secret file changed. */
  map(read: (entry: Added<T>) => Added<T>): AddedList<T> {
    return new AddedList(this.entries.map(read));
  }
}
