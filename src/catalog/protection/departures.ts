/**
 * Flap damping: instances that their registry no longer names, and which are served on for a while.
 * One that returns meanwhile never left. Uniform time for all, so the order of leaving is that of the ends.
 */
import type { Item } from "../../registries/service.ts";
import { missingInstances } from "./missing-instances.ts";

interface Departure {
  readonly itemId: string;
  readonly instanceId: string;
  /** Epoch ms. */
  readonly leftAt: number;
}

export class Departures {
  /** Oldest first. */
  readonly #queue = new Set<Departure>();
  /** By item, then by instance. */
  readonly #items = new Map<string, Map<string, Departure>>();
  #returns = 0;

  /** Instances that wait now. */
  get size(): number {
    return this.#queue.size;
  }

  /** Instances that came back in time, so far. */
  get returns(): number {
    return this.#returns;
  }

  concerns(itemId: string): boolean {
    return this.#items.has(itemId);
  }

  waits(itemId: string, instanceId: string): boolean {
    return this.#items.get(itemId)?.has(instanceId) === true;
  }

  /** An item is served as `before`, and the registry says `now` (undefined: that it is gone). */
  note(itemId: string, before: Item | undefined, now: Item | undefined, at: number): void {
    const known = this.#items.get(itemId);
    const missing = new Set(missingInstances(before, now).map(({ id }) => id));
    for (const departure of known?.values() ?? []) {
      if (missing.has(departure.instanceId)) continue;
      this.#forget(departure);
      this.#returns += 1;
    }
    for (const instanceId of missing) {
      if (!this.waits(itemId, instanceId)) this.#add({ itemId, instanceId, leftAt: at });
    }
  }

  /** Epoch ms at which the next of them leaves, if each is kept for `duration` ms. */
  end(duration: number): number | undefined {
    const [oldest] = this.#queue;
    return oldest && oldest.leftAt + duration;
  }

  /** Those that left at `before` or earlier wait no longer. Gives the items they belong to. */
  expire(before: number): ReadonlySet<string> {
    const items = new Set<string>();
    for (const departure of this.#queue) {
      if (departure.leftAt > before) break;
      items.add(departure.itemId);
      this.#forget(departure);
    }
    return items;
  }

  forgetItem(itemId: string): void {
    for (const departure of this.#items.get(itemId)?.values() ?? []) this.#forget(departure);
  }

  #add(departure: Departure): void {
    const { itemId, instanceId } = departure;
    this.#queue.add(departure);
    const item = this.#items.get(itemId);
    if (item) item.set(instanceId, departure);
    else this.#items.set(itemId, new Map([[instanceId, departure]]));
  }

  #forget(departure: Departure): void {
    const { itemId, instanceId } = departure;
    this.#queue.delete(departure);
    const item = this.#items.get(itemId);
    item?.delete(instanceId);
    if (item?.size === 0) this.#items.delete(itemId);
  }
}
