import { hash } from "node:crypto";
import type { Logger } from "../log/logger.ts";
import { ChangeLog, type ChangeLogLimits } from "./change-log.ts";
import type { EncodedObject } from "./encode.ts";
import { Notifications } from "./notifications.ts";
import {
  type Changes,
  type Entry,
  ownedTypes,
  type ResourceTable,
  type ShardedSource,
  type Snapshot,
  type SnapshotListener,
  type TypeKey,
} from "./snapshot.ts";
import { SortedTable } from "./table.ts";

/** What a publication asks for. A name in both lists is an upsert. */
export interface Publication {
  readonly upserts?: Iterable<EncodedObject>;
  readonly removals?: Iterable<{ readonly type: TypeKey; readonly name: string }>;
}

export interface SnapshotStoreOptions {
  /** Hears of listeners that throw. */
  readonly log: Logger;
  readonly changeLog?: ChangeLogLimits;
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly now?: () => number;
}

type Tables = ReadonlyMap<TypeKey, SortedTable>;

/** Holds the current snapshot, makes the next one and tells who listens. The only place where served state changes. */
export class SnapshotStore implements ShardedSource {
  /** Undivided: the one part is the whole. */
  readonly shards = [this];
  readonly #now: () => number;
  readonly #changes: ChangeLog;
  readonly #notifications: Notifications;
  #tables: Tables = new Map(ownedTypes.map((type) => [type, SortedTable.empty(type)]));
  #current: Snapshot = snapshotOf(0, this.#tables);
  #staged = new Map<TypeKey, Map<string, Entry | undefined>>();

  constructor(options: SnapshotStoreOptions) {
    this.#notifications = new Notifications(options.log);
    this.#now = options.now ?? (() => performance.now());
    this.#changes = new ChangeLog(options.changeLog);
  }

  current(): Snapshot {
    return this.#current;
  }

  changesSince(type: TypeKey, sequence: number): Changes | undefined {
    return this.#changes.since(type, sequence);
  }

  /** Listeners are called synchronously, in order of sequence, when the snapshot is already current. */
  subscribe(listener: SnapshotListener): () => void {
    return this.#notifications.subscribe(listener);
  }

  /**
   * Collects changes for the next publication; a later word on a name replaces an earlier one. For the
   * first load, which comes in batches: its tables are then built once.
   */
  stage(publication: Publication): void {
    for (const { type, name } of publication.removals ?? []) this.#stagedOf(type).set(name, undefined);
    for (const entry of publication.upserts ?? []) this.#stagedOf(entry.type).set(entry.name, entry);
  }

  /**
   * Makes what is staged, and these changes, the current snapshot and tells the listeners. If nothing
   * really changes (versions all as before), the current snapshot stays and nobody is told.
   */
  publish(publication: Publication = {}): Snapshot {
    this.stage(publication);
    const staged = this.#staged;
    this.#staged = new Map();
    const tables = new Map(this.#tables);
    const changed = new Map<TypeKey, Changes>();
    for (const [type, changes] of staged) {
      const before = tables.get(type)!;
      const { table, updated, removed } = before.update(changes);
      if (table === before) continue;
      tables.set(type, table);
      changed.set(type, { updated, removed });
    }
    if (changed.size === 0) return this.#current;
    const snapshot = snapshotOf(this.#current.sequence + 1, tables);
    this.#changes.append(changed, this.#now());
    this.#tables = tables;
    this.#current = snapshot;
    this.#notifications.tell(snapshot, new Set(changed.keys()));
    return snapshot;
  }

  #stagedOf(type: TypeKey): Map<string, Entry | undefined> {
    let changes = this.#staged.get(type);
    if (changes === undefined) {
      changes = new Map();
      this.#staged.set(type, changes);
    }
    return changes;
  }
}

/** A snapshot of these tables, one for every type. */
export function snapshotOf(sequence: number, tables: ReadonlyMap<TypeKey, ResourceTable>): Snapshot {
  let digest: string | undefined;
  return {
    sequence,
    table: (type) => tables.get(type)!,
    get digest() {
      digest ??= hash("sha256", ownedTypes.map((type) => `${type}\n${tables.get(type)!.digest}\n`).join("")).slice(0, 32);
      return digest;
    },
  };
}
