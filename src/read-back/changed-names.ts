/** Which names have changed in the snapshot since a moment. */
import { ownedTypes, type SnapshotSource, type TypeKey } from "../snapshot/snapshot.ts";

export class ChangedNames {
  readonly #names = new Map<TypeKey, Set<string>>(ownedTypes.map((type) => [type, new Set()]));
  /** More changed at once than the change log keeps. */
  readonly #all = new Set<TypeKey>();
  readonly #unsubscribe: () => void;

  /**
   * Counts from now on, until `close`.
   * @param behind types that are looked at from an earlier sequence on
   */
  constructor(source: SnapshotSource, behind: readonly { readonly type: TypeKey; readonly sequence: number }[] = []) {
    for (const { type, sequence } of behind) this.#add(type, source.changesSince(type, sequence));
    let seen = source.current().sequence;
    this.#unsubscribe = source.subscribe((snapshot, types) => {
      for (const type of types) this.#add(type, source.changesSince(type, seen));
      seen = snapshot.sequence;
    });
  }

  has(type: TypeKey, name: string): boolean {
    return this.#all.has(type) || this.#names.get(type)?.has(name) === true;
  }

  close(): void {
    this.#unsubscribe();
  }

  #add(type: TypeKey, changes: ReturnType<SnapshotSource["changesSince"]>): void {
    const names = this.#names.get(type);
    if (changes === undefined || names === undefined) {
      this.#all.add(type);
      return;
    }
    for (const name of changes.updated) names.add(name);
    for (const name of changes.removed) names.add(name);
  }
}
