/** The items of one registry as they are served, and whoever is to be told of their changes. */
import type { Item } from "../../registries/service.ts";
import { EmptyServices } from "../protection/empty-services.ts";
import { emptied } from "../protection/missing-instances.ts";
import { endpointCount } from "./item-text.ts";
import { type HeldItem, KeptItems, type RestoredItem } from "./kept-items.ts";
import type { ViewEvents } from "./view-events.ts";

export class ServedItems {
  readonly kept = new KeptItems();
  readonly empty = new EmptyServices();
  readonly #events: Pick<ViewEvents, "changed" | "kept">;
  #drained = false;

  constructor(events: Pick<ViewEvents, "changed" | "kept">) {
    this.#events = events;
  }

  /** No endpoint of it is served. */
  get isDrained(): boolean {
    return this.#drained;
  }

  /** The effective item, parsed anew. */
  item(id: string): Item | undefined {
    const item = this.kept.item(id);
    return item !== undefined && this.#drained ? emptied(item) : item;
  }

  /** Serves an item as its registry says it, with `text`. */
  put(id: string, item: Item, text: string, seenAt: number, now: number): void {
    this.#put(id, item, text, seenAt, now);
  }

  /** Serves an item otherwise than its registry says it. */
  putHeld(id: string, item: Item, held: HeldItem, seenAt: number, now: number): void {
    this.#put(id, item, JSON.stringify(item), seenAt, now, held);
  }

  /** Of an item that is not there yet. */
  restore(id: string, item: Item, { text, emptySince, firstSeen, lastSeen }: RestoredItem, now: number): void {
    const endpoints = endpointCount(item);
    const isEmpty = emptySince !== undefined && item.kind === "service" && endpoints === 0;
    this.kept.restore(id, { kind: item.kind, text, endpoints, lived: isEmpty || endpoints > 0, firstSeen, lastSeen });
    if (isEmpty) this.empty.began(id, Math.min(emptySince, now));
    this.#events.changed(id, item, now);
  }

  drop(id: string, seenAt: number): void {
    this.kept.delete(id);
    this.empty.ended(id);
    this.#events.changed(id, undefined, seenAt);
    this.#events.kept(id);
  }

  /** Whether its services are served without endpoints. */
  setDrained(value: boolean, now: number): void {
    this.#drained = value;
    for (const [id, { kind }] of this.kept.entries()) if (kind === "service") this.#events.changed(id, this.item(id), now);
  }

  #put(id: string, item: Item, text: string, seenAt: number, now: number, held?: HeldItem): void {
    const endpoints = endpointCount(item);
    const lived = this.kept.get(id)?.lived;
    this.kept.put(id, item.kind, text, endpoints, seenAt, held);
    if (item.kind === "service" && endpoints === 0 && lived) this.empty.began(id, now);
    else this.empty.ended(id);
    this.#events.changed(id, this.#drained ? emptied(item) : item, seenAt);
    this.#events.kept(id);
  }
}
