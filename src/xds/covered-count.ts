import type { ResourceTable } from "../snapshot/snapshot.ts";
import type { Interest } from "./delta/interest.ts";

/** More names are not looked up: this is for people who ask, and must not keep the thread busy. */
const mostNames = 10_000;

/** How many objects of a table a delta client asks for; undefined where counting would take too long. */
export function coveredCount(interest: Interest, table: ResourceTable): number | undefined {
  if (interest.isWildcard) return table.size;
  if (interest.names.size > mostNames) return undefined;
  let count = 0;
  if (interest.prefixes.size > 0) {
    const counts = countsByPrefix(table);
    for (const prefix of interest.prefixes) count += counts.get(prefix) ?? 0;
  }
  for (const name of interest.names) if (!interest.coversByPrefix(name) && table.get(name) !== undefined) count += 1;
  return count;
}

/** Counted once for all clients: tables never change. */
const counted = new WeakMap<ResourceTable, ReadonlyMap<string, number>>();

function countsByPrefix(table: ResourceTable): ReadonlyMap<string, number> {
  const known = counted.get(table);
  if (known) return known;
  const counts = new Map<string, number>();
  for (const { name } of table.entries()) {
    const prefix = name.slice(0, name.indexOf("/") + 1);
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  counted.set(table, counts);
  return counts;
}
