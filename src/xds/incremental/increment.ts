/**
 * What an incremental client is to be told next of one type: everything in its first answer, then the net
 * difference to the present snapshot. Deciding counts as telling: the subscription moves on.
 *
 * Where two types refer to each other, order matters: a WorkloadEntry comes before the ServiceEntry that selects it,
 * and leaves after it, so that no service is without endpoints in between.
 */
import type { ResourceTable, TypeKey } from "../../snapshot/snapshot.ts";
import type { DeltaFeed } from "../delta/feed.ts";
import type { Refused } from "../protocol.ts";
import { deletionOf } from "./deletion.ts";
import { framedFor, isFor } from "./revision.ts";
import type { Served } from "./subscription.ts";

export interface Increment {
  /** Digest of the table that the client is brought to; `partial` while deletions wait for their turn. */
  readonly version: string;
  readonly pieces: readonly Uint8Array[];
  readonly resources: number;
  /** Epoch ms at which the newest change was seen; undefined for a first answer. */
  readonly seenAt: number | undefined;
}

/** What the subscriptions of one stream share. */
export interface Surroundings {
  readonly feed: DeltaFeed;
  /** Of the client; empty: it says none. */
  readonly revisions: readonly string[];
  /** The same stream's subscription of another type, if it was answered. */
  answered(type: TypeKey): Served | undefined;
}

const serviceEntry: TypeKey = "networking.istio.io/ServiceEntry";
const workloadEntry: TypeKey = "networking.istio.io/WorkloadEntry";

/** Undefined when there is nothing to tell now. */
export function nextIncrement(subscription: Served, around: Surroundings): Increment | Refused | undefined {
  const { feed, revisions } = around;
  const { type, sequence, departing } = subscription;
  const snapshot = feed.current();
  const table = snapshot.table(type);
  if (sequence === undefined) {
    subscription.sequence = snapshot.sequence;
    return { version: table.digest, ...framedFor(revisions, table), seenAt: undefined };
  }
  if (type === serviceEntry && grows(around.answered(workloadEntry), feed)) return undefined;

  const changes = feed.changesSince(type, sequence);
  const left = changes?.removed ?? feed.departedSince(type, sequence);
  if (!left) return { refused: "UNAVAILABLE", reason: "the client reads so slowly that what it was sent is forgotten; connect again" };
  subscription.sequence = snapshot.sequence;
  for (const name of left) departing.add(name);
  const told = changed(changes?.updated ?? namesOf(table), table, revisions);
  const mayDelete = type !== workloadEntry || !isPending(around.answered(serviceEntry), feed);
  const pieces = mayDelete ? [...told.pieces, ...depart(departing, table, revisions)] : told.pieces;
  if (pieces.length === 0) return undefined;
  return { version: departing.size === 0 ? table.digest : "partial", pieces, resources: pieces.length, seenAt: told.seenAt };
}

/** Where the change log does not reach back, everything that is there may have changed. */
function namesOf(table: ResourceTable): string[] {
  return [...table.entries()].map(({ name }) => name);
}

/** Resources by name; one that is for others is deleted here, since the client may hold it from before it was. */
function changed(names: readonly string[], table: ResourceTable, revisions: readonly string[]) {
  const pieces: Uint8Array[] = [];
  let seenAt: number | undefined;
  for (const name of names) {
    const entry = table.get(name);
    if (!entry) continue;
    pieces.push(isFor(revisions, entry.framed) ? entry.framed : deletionOf(name, revisions[0]));
    if (seenAt === undefined || entry.seenAt > seenAt) seenAt = entry.seenAt;
  }
  return { pieces, seenAt };
}

/** The deletions that were waiting, but for what is back. */
function depart(departing: Set<string>, table: ResourceTable, revisions: readonly string[]): Uint8Array[] {
  const gone = [...departing].filter((name) => table.get(name) === undefined);
  departing.clear();
  return gone.map((name) => deletionOf(name, revisions[0]));
}

/** Whether there is something new that the client was not told of; also if it is not known any more. */
function grows(other: Served | undefined, feed: DeltaFeed): boolean {
  if (other?.sequence === undefined) return false;
  return feed.changesSince(other.type, other.sequence)?.updated.length !== 0;
}

function isPending(other: Served | undefined, feed: DeltaFeed): boolean {
  if (other?.sequence === undefined) return false;
  const changes = feed.changesSince(other.type, other.sequence);
  return changes === undefined || changes.updated.length + changes.removed.length > 0;
}
