/**
 * Which removals of one registry wait: all of them (after a reconnect, in a mass removal, by an
 * operator's word), or those of a service that lost most of its endpoints. No clock, no items.
 */
import type { ProtectionConfig } from "../../config/schema.ts";
import type { Hold, ItemHold } from "./hold.ts";
import { ItemPeaks } from "./item-peaks.ts";
import { isMassRemoval, registryLimit, serviceLimit } from "./mass-removal.ts";
import { RestartHold } from "./restart-hold.ts";
import { WindowPeak } from "./window-peak.ts";

export class RemovalHolds {
  readonly restart = new RestartHold();
  readonly #opened: (hold: Hold | ItemHold) => void;
  readonly #peak = new WindowPeak();
  readonly #itemPeaks = new ItemPeaks();
  /** By item; oldest first. */
  readonly #items = new Map<string, ItemHold>();
  /** Freeze and pause. */
  operator: readonly Hold[] = [];
  #mass: Hold | undefined;

  constructor(opened: (hold: Hold | ItemHold) => void) {
    this.#opened = opened;
  }

  /** Whether every removal waits. */
  get waitForAll(): boolean {
    return this.restart.current !== undefined || this.#mass !== undefined || this.operator.length > 0;
  }

  get mass(): Hold | undefined {
    return this.#mass;
  }

  /** Those that concern the whole registry. */
  all({ hold, massRemovalHold }: ProtectionConfig): readonly Hold[] {
    const restart = this.restart.current;
    return [
      ...this.operator,
      ...(restart === undefined ? [] : [{ ...restart, until: this.restart.end(hold) }]),
      ...(this.#mass === undefined ? [] : [{ ...this.#mass, until: this.#mass.since + massRemovalHold }]),
    ];
  }

  /** Those of single services, by item. */
  get items(): ReadonlyMap<string, ItemHold> {
    return this.#items;
  }

  waits(itemId: string): boolean {
    return this.waitForAll || this.#items.has(itemId);
  }

  /** Opens a hold if it is a mass removal that the registry goes from `before` endpoints to `left`. */
  judgeRegistry(before: number, left: number, rules: ProtectionConfig, now: number): boolean {
    this.#peak.note(before, now, rules.massRemovalWindow);
    const peak = this.#peak.peak(before, now, rules.massRemovalWindow);
    if (!isMassRemoval(peak, left, registryLimit(rules))) return false;
    this.#mass = { why: "mass-removal", detail: `the registry has ${left} endpoints left of ${peak}`, since: now };
    this.#opened({ ...this.#mass, until: now + rules.massRemovalHold });
    return true;
  }

  /** The same for one service. */
  judgeItem(itemId: string, before: number, left: number, rules: ProtectionConfig, now: number): boolean {
    const limit = serviceLimit(rules);
    // Services that are too small for the rule, as most are, cost nothing.
    if (before <= limit.endpoints && !this.#itemPeaks.has(itemId)) return false;
    const peak = this.#itemPeaks.note(itemId, before, now, rules.massRemovalWindow);
    if (!isMassRemoval(peak, left, limit)) return false;
    const hold: ItemHold = { itemId, why: "mass-removal", detail: `the service has ${left} endpoints left of ${peak}`, since: now };
    this.#items.set(itemId, hold);
    this.#opened({ ...hold, until: now + rules.massRemovalHold });
    return true;
  }

  massEnd({ massRemovalHold }: ProtectionConfig): number | undefined {
    return this.#mass && this.#mass.since + massRemovalHold;
  }

  itemsEnd({ massRemovalHold }: ProtectionConfig): number | undefined {
    const [oldest] = this.#items.values();
    return oldest && oldest.since + massRemovalHold;
  }

  closeMass(): Hold | undefined {
    const mass = this.#mass;
    this.#mass = undefined;
    return mass;
  }

  closeItem(itemId: string): ItemHold | undefined {
    const hold = this.#items.get(itemId);
    this.#items.delete(itemId);
    this.#itemPeaks.forget(itemId);
    return hold;
  }

  /** What has left by now is no longer part of any window. */
  settled(): void {
    this.#peak.clear();
    this.#itemPeaks.clear();
  }
}
