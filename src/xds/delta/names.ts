/** What a delta client may have to be told of: name by name, or everything again. */
import type { Changes } from "../../snapshot/snapshot.ts";
import type { Refused } from "../protocol.ts";
import { fewDifferent } from "../sweep.ts";
import type { DeltaFeed } from "./feed.ts";
import type { Served } from "./subscription.ts";

/**
 * Names that changed since the client was last told, also those that are again as they were: the client may
 * have been sent the state between, with everything under a prefix. Where the change log does not reach back: names that
 * left, and everything that is there becomes owed.
 */
export function namesToLookAt(
  subscription: Served,
  feed: DeltaFeed,
  current: number,
): { readonly names: readonly string[]; readonly swept: boolean } | Refused {
  const { type, interest, sequence, sweeps, owed } = subscription;
  if (sequence === undefined || sequence === current) return { names: [], swept: false };
  const changes = feed.changesSince(type, sequence);
  if (changes && isBetterSwept(subscription, feed, changes)) {
    for (const prefix of interest.isWildcard ? [""] : interest.prefixes) sweeps.add(prefix);
    return { names: [...changes.removed, ...changes.updated.filter((name) => !interest.coversByPrefix(name))], swept: true };
  }
  if (changes) return { names: [...changes.updated, ...changes.removed], swept: false };
  const departed = feed.departedSince(type, sequence);
  if (!departed) return { refused: "UNAVAILABLE", reason: "the client reads so slowly that what it was sent is forgotten; connect again" };
  for (const prefix of interest.isWildcard ? [""] : interest.prefixes) sweeps.add(prefix);
  for (const name of interest.names) if (!interest.coversByPrefix(name)) owed.add(name);
  return { names: departed, swept: true };
}

/** A sweep may be as many times larger than what changed in it. */
const sweptBeyondChanged = 8;

/**
 * Whether so much changed at once that clients are better sent everything, which they share: answers of their own
 * would be megabytes for each of them. Not where an older state would be lent: the same would follow.
 */
function isBetterSwept({ type, form, interest }: Served, feed: DeltaFeed, { updated }: Changes): boolean {
  if (updated.length <= fewDifferent || interest.prefixes.size === 0) return false;
  const snapshot = feed.current();
  const covered = interest.isWildcard ? updated : updated.filter((name) => interest.coversByPrefix(name));
  if (covered.length <= Math.max(fewDifferent, snapshot.table(type).size / sweptBeyondChanged)) return false;
  const prefixes = interest.isWildcard ? [""] : [...interest.prefixes];
  return prefixes.every((prefix) => feed.sweeps.hasRoom({ type, form, prefix }, snapshot));
}
