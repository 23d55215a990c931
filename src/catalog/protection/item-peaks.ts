/** The peaks of items that change, each over the same window; what did not change for that long is forgotten. */
import { WindowPeak } from "./window-peak.ts";

export class ItemPeaks {
  /** By item id; the one that changed last comes last. */
  readonly #items = new Map<string, { readonly peak: WindowPeak; at: number }>();

  has(id: string): boolean {
    return this.#items.has(id);
  }

  /** Says that until `now` an item's total was `total`, and gives its peak. */
  note(id: string, total: number, now: number, window: number): number {
    this.#forgetOld(now - window);
    const item = this.#items.get(id) ?? { peak: new WindowPeak(), at: now };
    item.at = now;
    this.#items.delete(id);
    this.#items.set(id, item);
    item.peak.note(total, now, window);
    return item.peak.peak(total, now, window);
  }

  forget(id: string): void {
    this.#items.delete(id);
  }

  clear(): void {
    this.#items.clear();
  }

  #forgetOld(before: number): void {
    for (const [id, { at }] of this.#items) {
      if (at > before) return;
      this.#items.delete(id);
    }
  }
}
