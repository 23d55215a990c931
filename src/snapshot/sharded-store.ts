import { JoinedTable } from "./joined-table.ts";
import { Notifications } from "./notifications.ts";
import { shardOf } from "./shard.ts";
import { type Changes, ownedTypes, type ShardedSource, type Snapshot, type SnapshotListener, type TypeKey } from "./snapshot.ts";
import { type Publication, SnapshotStore, type SnapshotStoreOptions, snapshotOf } from "./store.ts";

/** What the runtime writes to: one store, or several that look like one. */
export type Store = ShardedSource & Pick<SnapshotStore, "stage" | "publish">;

/** @param shards 1 … 16; with 1 nothing stands between the publisher and the one store */
export function createStore(shards: number, options: SnapshotStoreOptions): Store {
  return shards === 1 ? new SnapshotStore(options) : new ShardedStore(shards, options);
}

/** Publications of which is remembered how far each shard was. */
const rememberedSequences = 10_000;

/**
 * State divided by `shardOf` into stores of their own: a publication touches the shards of the names it
 * names, and leaves the others' snapshots, and whoever is served from them, alone. As a source it is the
 * whole, equal in content and digest to a store that was never divided.
 */
export class ShardedStore implements Store {
  readonly shards: readonly SnapshotStore[];
  readonly #notifications: Notifications;
  /** The shards' sequences at the whole's; the last is the current one. */
  readonly #sequences: (readonly number[])[];
  #parts: readonly Snapshot[];
  #current: Snapshot;

  constructor(shards: number, options: SnapshotStoreOptions) {
    this.shards = Array.from({ length: shards }, () => new SnapshotStore(options));
    this.#notifications = new Notifications(options.log);
    this.#parts = this.shards.map((shard) => shard.current());
    this.#sequences = [this.#parts.map(({ sequence }) => sequence)];
    this.#current = join(0, this.#parts);
  }

  current(): Snapshot {
    return this.#current;
  }

  /** Undefined as soon as one shard's log does not reach back that far. */
  changesSince(type: TypeKey, sequence: number): Changes | undefined {
    const sequences = this.#sequences.at(sequence - this.#current.sequence - 1);
    if (sequences === undefined || sequence > this.#current.sequence) return undefined;
    const updated: string[] = [];
    const removed: string[] = [];
    for (const [index, shard] of this.shards.entries()) {
      const changes = shard.changesSince(type, sequences[index]!);
      if (changes === undefined) return undefined;
      updated.push(...changes.updated);
      removed.push(...changes.removed);
    }
    return { updated, removed };
  }

  /** Listeners of the whole are told after those of the shards. */
  subscribe(listener: SnapshotListener): () => void {
    return this.#notifications.subscribe(listener);
  }

  stage({ upserts = [], removals = [] }: Publication): void {
    for (const removal of removals) this.#shard(removal.name).stage({ removals: [removal] });
    for (const upsert of upserts) this.#shard(upsert.name).stage({ upserts: [upsert] });
  }

  publish(publication: Publication = {}): Snapshot {
    this.stage(publication);
    for (const shard of this.shards) shard.publish();
    const before = this.#parts;
    const parts = this.shards.map((shard) => shard.current());
    const changed = ownedTypes.filter((type) => parts.some((part, index) => part.table(type) !== before[index]!.table(type)));
    if (changed.length === 0) return this.#current;
    const snapshot = join(this.#current.sequence + 1, parts);
    this.#parts = parts;
    this.#current = snapshot;
    this.#sequences.push(parts.map(({ sequence }) => sequence));
    if (this.#sequences.length > rememberedSequences) this.#sequences.shift();
    this.#notifications.tell(snapshot, new Set(changed));
    return snapshot;
  }

  #shard(name: string): SnapshotStore {
    return this.shards[shardOf(name, this.shards.length)]!;
  }
}

function join(sequence: number, parts: readonly Snapshot[]): Snapshot {
  const tables = ownedTypes.map((type) => {
    const ofType = parts.map((part) => part.table(type));
    return [type, new JoinedTable(type, ofType)] as const;
  });
  return snapshotOf(sequence, new Map(tables));
}
