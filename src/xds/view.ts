/** The part of a snapshot that answers one subscription. */
import { hash } from "node:crypto";
import type { ResourceTable, Snapshot, SnapshotSource } from "../snapshot/snapshot.ts";
import type { SotwSubscription } from "./sotw-subscription.ts";

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

export function viewOf(subscription: SotwSubscription, snapshot: Snapshot): View {
  if (!subscription.type) return nothing;
  const table = snapshot.table(subscription.type);
  return subscription.names ? viewOfNames(table, subscription.names) : viewOfTable(table);
}

function viewOfTable(table: ResourceTable): View {
  return { key: table.digest, version: table.digest, resources: table.size, bytes: table.byteLength, pieces: () => table.chunks() };
}

/** Computed names, by the set of names: it is the same until the client asks for others. */
const computed = new WeakMap<ReadonlySet<string>, { readonly table: ResourceTable; readonly view: View }>();

function viewOfNames(table: ResourceTable, names: ReadonlySet<string>): View {
  const last = computed.get(names);
  if (last?.table === table) return last.view;
  const entries = [...names].flatMap((name) => table.get(name) ?? []);
  const view: View = {
    key: hash("sha256", entries.map((entry) => `${entry.name}\n${entry.version}\n`).join("")),
    version: table.digest,
    resources: entries.length,
    bytes: entries.reduce((sum, entry) => sum + entry.framed.byteLength, 0),
    pieces: () => entries.map((entry) => entry.framed),
  };
  computed.set(names, { table, view });
  return view;
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
