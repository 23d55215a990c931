/** Providers that come and go at a steady rate, as fast as ZooKeeper takes them. */
import { setTimeout as sleep } from "node:timers/promises";
import { sharedNow } from "../measuring/clock.ts";
import type { DubboTree } from "./dubbo-tree.ts";

/** A provider stays at least so many seconds' changes of additions, so that pushes half a second apart see it. */
const lifetime = 2;

export interface SteadyChanges {
  readonly perSecond: number;
  readonly seconds: number;
  /** Ends it earlier. */
  readonly isEnough?: () => boolean;
}

/** When each change was done, by marker, on the shared clock. */
export interface Done {
  readonly added: Map<number, number>;
  readonly removed: Map<number, number>;
}

/** Additions first; then additions and removals in turn. What was added last stays. */
export async function steadyChanges(tree: DubboTree, { perSecond, seconds, isEnough }: SteadyChanges): Promise<Done> {
  const done: Done = { added: new Map(), removed: new Map() };
  const writes: Promise<void>[] = [];
  const started = sharedNow();
  let next = 0;
  let oldest = 0;
  for (let change = 0; change < seconds * perSecond && !isEnough?.(); change += 1) {
    const early = started + (change * 1000) / perSecond - sharedNow();
    if (early > 0) await sleep(early);
    if (change % 2 === 1 && next - oldest > lifetime * perSecond) {
      const marker = oldest;
      oldest += 1;
      writes.push(tree.remove(marker).then((at) => void done.removed.set(marker, at)));
    } else {
      const marker = next;
      next += 1;
      writes.push(tree.add(marker).then((at) => void done.added.set(marker, at)));
    }
  }
  await Promise.all(writes);
  return done;
}
