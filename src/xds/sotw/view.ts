/** The part of a snapshot that answers one subscription. */
import type { ResourceTable, Snapshot, SnapshotSource } from "../../snapshot/snapshot.ts";
import { NamedView } from "./named-view.ts";
import type { SotwSubscription } from "./subscription.ts";

export interface View {
  /** Equal for equal content. */
  readonly key: string;
  /** The response's version_info: the digest of the whole table. */
  readonly version: string;
  readonly resources: number;
  readonly bytes: number;
  /** Framed resources; made only when they are sent. */
  pieces(): readonly Uint8Array[];
}

const nothing: View = { key: "", version: "empty", resources: 0, bytes: 0, pieces: () => [] };

/** @param source of the snapshot, which is its present one */
export function viewOf({ type, names }: SotwSubscription, snapshot: Snapshot, source: Pick<SnapshotSource, "changesSince">): View {
  if (!type) return nothing;
  if (!names) return viewOfTable(snapshot.table(type));
  let view = named.get(names);
  if (!view) {
    view = new NamedView(type, names, source);
    named.set(names, view);
  }
  return view.at(snapshot);
}

/** By the set of names, which is the same until the client asks for others. */
const named = new WeakMap<ReadonlySet<string>, NamedView>();

function viewOfTable(table: ResourceTable): View {
  return { key: table.digest, version: table.digest, resources: table.size, bytes: table.byteLength, pieces: () => table.chunks() };
}

/** Epoch ms at which the newest change since the last push was seen, where the change log still knows. */
export function newestChange({ type, names, sentSequence }: SotwSubscription, source: SnapshotSource): number | undefined {
  if (!type || sentSequence === undefined) return undefined;
  const table = source.current().table(type);
  let newest: number | undefined;
  for (const name of source.changesSince(type, sentSequence)?.updated ?? []) {
    if (names && !names.has(name)) continue;
    const seenAt = table.get(name)?.seenAt;
    if (seenAt !== undefined && (newest === undefined || seenAt > newest)) newest = seenAt;
  }
  return newest;
}
