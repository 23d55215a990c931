/**
 * Growth by a multiple at once, of a registry or of one service: it is reported, and by option
 * additions wait. An item that grows then stays as it is as a whole, so that nothing of it is lost
 * while its successors wait. No clock, no items.
 */
import type { ProtectionConfig } from "../../config/schema.ts";
import type { Hold, ItemHold } from "./hold.ts";
import { ItemPeaks } from "./item-peaks.ts";
import { WindowPeak } from "./window-peak.ts";

/** What the registry says of an item, and is not served yet. */
export interface WaitingItem {
  readonly text: string;
  /** Endpoints it would add. */
  readonly added: number;
  /** Epoch ms. */
  readonly seenAt: number;
}

interface Change {
  readonly from: number;
  readonly to: number;
}

export class GrowthGuard {
  readonly #opened: (hold: Hold | ItemHold) => void;
  // Lowest totals: peaks of what is negative.
  readonly #low = new WindowPeak();
  readonly #itemLows = new ItemPeaks();
  /** By item; oldest first. */
  readonly #items = new Map<string, ItemHold>();
  readonly #waiting = new Map<string, WaitingItem>();
  #registry: Hold | undefined;
  #times = 0;

  constructor(opened: (hold: Hold | ItemHold) => void) {
    this.#opened = opened;
  }

  /** How often it was met, so far. */
  get times(): number {
    return this.#times;
  }

  /** What is noticed now, of the whole registry. */
  all({ growthHold }: ProtectionConfig): readonly Hold[] {
    return this.#registry === undefined ? [] : [{ ...this.#registry, until: this.#registry.since + growthHold }];
  }

  /** What is noticed now of single services, by item. */
  get items(): ReadonlyMap<string, ItemHold> {
    return this.#items;
  }

  get waiting(): ReadonlyMap<string, WaitingItem> {
    return this.#waiting;
  }

  /** An item grows, and with it the registry. */
  judge(itemId: string, item: Change, registry: Change, rules: ProtectionConfig, now: number): void {
    if (rules.growthFactor === 0) return;
    const { massRemovalWindow: window } = rules;
    this.#low.note(-registry.from, now, window);
    const low = -this.#low.peak(-registry.from, now, window);
    if (this.#registry !== undefined) return;
    if (isGrowth(low, registry.to, rules)) {
      this.#registry = { why: "growth", detail: `the registry has ${registry.to} endpoints, and had ${low}`, since: now };
      this.#report({ ...this.#registry, until: now + rules.growthHold });
      return;
    }
    // Services without a past, and small ones, cost nothing.
    if (item.from === 0 || item.to <= rules.growthEndpoints || this.#items.has(itemId)) return;
    const before = -this.#itemLows.note(itemId, -item.from, now, window);
    if (!isGrowth(before, item.to, rules)) return;
    const hold: ItemHold = { itemId, why: "growth", detail: `the service has ${item.to} endpoints, and had ${before}`, since: now };
    this.#items.set(itemId, hold);
    this.#report({ ...hold, until: now + rules.growthHold });
  }

  /** Whether additions to an item wait. */
  holdsBack(itemId: string, { growth }: ProtectionConfig): boolean {
    return growth === "hold" && (this.#registry !== undefined || this.#items.has(itemId));
  }

  wait(itemId: string, item: WaitingItem): void {
    this.#waiting.set(itemId, item);
  }

  forget(itemId: string): void {
    this.#waiting.delete(itemId);
  }

  end({ growthHold }: ProtectionConfig): number | undefined {
    const [item] = this.#items.values();
    const began = Math.min(item?.since ?? Number.POSITIVE_INFINITY, this.#registry?.since ?? Number.POSITIVE_INFINITY);
    return began === Number.POSITIVE_INFINITY ? undefined : began + growthHold;
  }

  /** Ends what began at `before` or earlier. Gives what waits no longer. */
  expire(before: number): readonly (readonly [itemId: string, WaitingItem])[] {
    if (this.#registry !== undefined && this.#registry.since <= before) {
      this.#registry = undefined;
      this.#low.clear();
      this.#itemLows.clear();
    }
    for (const [itemId, { since }] of this.#items) if (since <= before) this.#closeItem(itemId);
    const free = [...this.#waiting].filter(([itemId]) => this.#registry === undefined && !this.#items.has(itemId));
    for (const [itemId] of free) this.#waiting.delete(itemId);
    return free;
  }

  /** Ends it for one item. Gives what waits no longer. */
  release(itemId: string): WaitingItem | undefined {
    this.#closeItem(itemId);
    this.#low.clear();
    const item = this.#waiting.get(itemId);
    this.#waiting.delete(itemId);
    return item;
  }

  #closeItem(itemId: string): void {
    this.#items.delete(itemId);
    this.#itemLows.forget(itemId);
  }

  #report(hold: Hold | ItemHold): void {
    this.#times += 1;
    this.#opened(hold);
  }
}

function isGrowth(from: number, to: number, { growthFactor, growthEndpoints }: ProtectionConfig): boolean {
  return from > 0 && to - from > growthEndpoints && to > growthFactor * from;
}
