import { SetDigest } from "../../snapshot/digest.ts";
import type { ResourceTable, Snapshot, SnapshotSource, TypeKey } from "../../snapshot/snapshot.ts";
import type { View } from "./view.ts";

/** What is remembered of a resource: not its bytes, which would keep a whole leaf of an old table. */
interface Present {
  readonly version: string;
  readonly bytes: number;
}

/**
 * What a set of names selects from a table. It follows the table by what changed in it: a client may ask for
 * a hundred thousand names, and looking each of them up at every publication would keep the thread busy.
 */
export class NamedView {
  readonly #type: TypeKey;
  readonly #names: ReadonlySet<string>;
  readonly #source: Pick<SnapshotSource, "changesSince">;
  readonly #present = new Map<string, Present>();
  #table: ResourceTable | undefined;
  #sequence = 0;
  #digest = SetDigest.empty;
  #bytes = 0;

  constructor(type: TypeKey, names: ReadonlySet<string>, source: Pick<SnapshotSource, "changesSince">) {
    this.#type = type;
    this.#names = names;
    this.#source = source;
  }

  /** The view of the source's present snapshot; its pieces are to be taken before another is asked for. */
  at(snapshot: Snapshot): View {
    const table = snapshot.table(this.#type);
    if (table !== this.#table) this.#follow(table);
    this.#table = table;
    this.#sequence = snapshot.sequence;
    return {
      key: this.#digest.toString(),
      version: table.digest,
      resources: this.#present.size,
      bytes: this.#bytes,
      pieces: () => [...this.#present.keys()].map((name) => table.get(name)!.framed),
    };
  }

  #follow(table: ResourceTable): void {
    const changes = this.#table && this.#source.changesSince(this.#type, this.#sequence);
    const names = changes ? [...changes.updated, ...changes.removed].filter((name) => this.#names.has(name)) : this.#names;
    const added: string[] = [];
    const gone: string[] = [];
    for (const name of names) {
      const before = this.#present.get(name);
      const entry = table.get(name);
      if (before?.version === entry?.version) continue;
      if (before) {
        gone.push(`${name}\n${before.version}`);
        this.#bytes -= before.bytes;
        this.#present.delete(name);
      }
      if (!entry) continue;
      const { version, framed } = entry;
      added.push(`${name}\n${version}`);
      this.#bytes += framed.byteLength;
      this.#present.set(name, { version, bytes: framed.byteLength });
    }
    this.#digest = this.#digest.with(added, gone);
  }
}
