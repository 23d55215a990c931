/**
 * What a delta client is to be told next: the net difference between what it was told and the present
 * snapshot, as far as it asked for it. Deciding counts as telling: the subscription moves on.
 *
 * A name is looked up when the answer is made, so it is either updated or removed, never both.
 *
 * A client that connects again says or asks for what it holds. What an incomplete view lacks of it may only not
 * have been read yet after a restart of ours: it is said to be removed when the view is complete.
 */
import type { Entry, ResourceTable } from "../../snapshot/snapshot.ts";
import type { Refused } from "../protocol.ts";
import { fewDifferent, type Loan, under } from "../sweep.ts";
import type { DeltaFeed } from "./feed.ts";
import { namesToLookAt } from "./names.ts";
import type { DeltaSubscription, Served } from "./subscription.ts";

export interface DeltaAnswer {
  /** Digest of the table that the client is brought to. */
  readonly version: string;
  readonly removed: readonly string[];
  /** Resources of this client alone … */
  readonly updated: readonly Entry[];
  /** … or everything under a prefix, as others get it. */
  readonly sweep: Loan | undefined;
  /** Epoch ms at which the newest change was seen; undefined where the client asked for it all. */
  readonly seenAt: number | undefined;
}

/** Undefined when there is nothing to tell. @param incomplete a required registry is missing from the view */
export function nextAnswer(subscription: DeltaSubscription, feed: DeltaFeed, incomplete: boolean): DeltaAnswer | Refused | undefined {
  if (!isServed(subscription)) return nothingOf(subscription);
  const { sweeps } = subscription;
  const [prefix] = sweeps.has("") ? [""] : sweeps;
  return prefix === undefined ? difference(subscription, feed, incomplete) : everythingUnder(prefix, subscription, feed, incomplete);
}

function isServed(subscription: DeltaSubscription): subscription is Served {
  return subscription.type !== undefined;
}

/** The answer for a type of which there is nothing. */
function nothingOf(subscription: DeltaSubscription): DeltaAnswer | undefined {
  const { interest, sweeps, owed, returned, held } = subscription;
  const removed = new Set(owed);
  for (const [name, asked] of returned) if (asked) removed.add(name);
  for (const name of held.keys()) if (interest.covers(name)) removed.add(name);
  if (removed.size === 0 && sweeps.size === 0) return undefined;
  for (const settled of [sweeps, owed, returned, held]) settled.clear();
  return { version: "empty", removed: [...removed], updated: [], sweep: undefined, seenAt: undefined };
}

/** Answers a prefix that was just asked for, even if there is nothing under it: clients wait for that. */
function everythingUnder(prefix: string, subscription: Served, feed: DeltaFeed, incomplete: boolean): DeltaAnswer {
  const { type, form, interest, sweeps, held, doubtful, unseen } = subscription;
  // Everything includes what else is asked for.
  if (prefix === "") sweeps.clear();
  else sweeps.delete(prefix);
  const known = new Map([...held].filter(([name]) => under(prefix, name)));
  for (const name of known.keys()) held.delete(name);

  const snapshot = feed.current();
  const stale = known.size === 0 ? undefined : differing(snapshot.table(type), prefix, known);
  const reaches = (sequence: number) => feed.changesSince(type, sequence) !== undefined;
  const sweep = stale ? undefined : feed.sweeps.lend({ type, form, prefix }, snapshot, reaches);
  const { table, sequence } = sweep ?? { table: snapshot.table(type), sequence: snapshot.sequence };
  // What happened since is told next, also what happened under other prefixes since the client was last told.
  subscription.sequence = Math.min(subscription.sequence ?? sequence, sequence);
  const absent = absentOf(table, [...known.keys(), ...settle(prefix, subscription)]);
  // What came since an older sweep was made is told next, and must not be dropped before.
  const removed = new Set(table === snapshot.table(type) ? absent : absentOf(snapshot.table(type), absent));
  for (const name of incomplete ? [...removed] : []) {
    if (known.has(name)) doubtful.add(name);
    else if (interest.names.has(name)) unseen.add(name);
    else continue;
    removed.delete(name);
  }
  return { version: table.digest, removed: [...removed], updated: stale ?? [], sweep, seenAt: undefined };
}

/**
 * What a client that holds these versions lacks; undefined when it is better sent everything: after a release
 * of ours that changes every object, a thousand clients share one sweep instead of having an answer each.
 */
function differing(table: ResourceTable, prefix: string, known: ReadonlyMap<string, string>): Entry[] | undefined {
  const entries: Entry[] = [];
  let size = 0;
  for (const entry of table.entries()) {
    if (!under(prefix, entry.name)) continue;
    size += 1;
    if (known.get(entry.name) !== entry.version) entries.push(entry);
  }
  const most = entries.length === size || (entries.length > fewDifferent && entries.length > size / 2);
  return most && size > 0 ? undefined : entries;
}

/** Names that are owed one by one and lie in a sweep are told with it. Returns those that are also told if they do not exist. */
function settle(prefix: string, { owed, returned }: Served): string[] {
  const names = [...owed].filter((name) => under(prefix, name));
  const back = [...returned].filter(([name]) => under(prefix, name));
  for (const name of names) owed.delete(name);
  for (const [name] of back) returned.delete(name);
  return [...names, ...back.filter(([, asked]) => asked).map(([name]) => name)];
}

function absentOf(table: ResourceTable, names: Iterable<string>): string[] {
  return [...names].filter((name) => table.get(name) === undefined);
}

/** Answers with what changed since the client was last told, and with the names that are owed. */
function difference(subscription: Served, feed: DeltaFeed, incomplete: boolean): DeltaAnswer | Refused | undefined {
  const { type, interest, owed, returned, held, doubtful, unseen } = subscription;
  const snapshot = feed.current();
  const table = snapshot.table(type);
  const updated = new Map<string, Entry>();
  const removed = new Set<string>();
  const tell = (name: string, tellAbsence = true) => {
    const entry = table.get(name);
    if (entry) updated.set(name, entry);
    else if (tellAbsence) removed.add(name);
    return entry;
  };

  let seenAt: number | undefined;
  const changed = namesToLookAt(subscription, feed, snapshot.sequence);
  if ("refused" in changed) return changed;
  for (const name of changed.names) {
    if (!interest.covers(name)) continue;
    const seen = tell(name)?.seenAt;
    if (seen !== undefined && (seenAt === undefined || seen > seenAt)) seenAt = seen;
  }
  subscription.sequence = snapshot.sequence;
  for (const name of owed) {
    const known = held.get(name);
    const entry = table.get(name);
    if (entry === undefined) (known === undefined ? unseen : doubtful).add(name);
    else if (entry.version !== known) tell(name);
  }
  for (const [name, asked] of returned) tell(name, asked);
  if (!incomplete) {
    for (const names of [doubtful, unseen]) {
      for (const name of names) if (interest.covers(name) && table.get(name) === undefined) removed.add(name);
      names.clear();
    }
  }
  owed.clear();
  returned.clear();
  held.clear();
  if (updated.size > 0 || removed.size > 0) {
    return { version: table.digest, removed: [...removed], updated: [...updated.values()], sweep: undefined, seenAt };
  }
  return changed.swept ? nextAnswer(subscription, feed, incomplete) : undefined;
}
