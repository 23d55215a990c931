/** Changes one at a time, each when the one before has arrived; and whether the client then holds what is registered. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientProcess } from "../client/client-process.ts";
import type { DubboTree } from "./dubbo-tree.ts";
import { endpointDigest } from "./endpoint-digest.ts";

export interface SingleChanges {
  /** Marker of the first; default 0. */
  readonly first?: number;
  readonly count: number;
  /** Least ms between the arrival of one and the next; a little is added, out of step with every timer. */
  readonly pause: number;
}

/**
 * Adds providers, and leaves the tree as it was.
 * @returns ms from ZooKeeper's confirmation of a node to the client's answer with it, by change
 */
export async function singleChanges(tree: DubboTree, client: ClientProcess, { first = 0, count, pause }: SingleChanges): Promise<number[]> {
  const lags: number[] = [];
  for (let marker = first; marker < first + count; marker += 1) {
    await sleep(pause + Math.random() * 20);
    const created = await tree.add(marker);
    await client.until(`provider ${marker} arrives`, () => client.added.has(marker), 10_000);
    lags.push(client.added.get(marker)! - created);
  }
  const { markers } = tree;
  await tree.clear();
  await client.until("removed providers leave", () => markers.every((marker) => client.removed.has(marker)), 10_000);
  await check(tree, client);
  return lags;
}

/** @throws Error unless the client holds exactly what is registered */
export async function check(tree: DubboTree, client: ClientProcess): Promise<void> {
  const expected = tree.endpoints();
  const { services, endpoints, digest } = await client.inspect();
  if (services === tree.interfaces && endpoints === expected.length && digest === endpointDigest(expected)) return;
  throw new Error(
    `the client holds ${services} services with ${endpoints} endpoints; registered: ${tree.interfaces} with ${expected.length}` +
      (endpoints === expected.length ? ", others" : ""),
  );
}
