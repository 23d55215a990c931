/** What of a registry's texts is taken at all; the rest is counted. */
import type { Item } from "../../registries/service.ts";
import { parseItem } from "./item-text.ts";

/** More facts than this per registry are left out. */
const maxFacts = 200_000;

export class ItemIntake {
  #malformed = 0;
  #overLimit = 0;

  /** Texts that were no item, and facts above the limit. */
  get skipped(): { readonly malformed: number; readonly overLimit: number } {
    return { malformed: this.#malformed, overLimit: this.#overLimit };
  }

  /** The item, or undefined if the text is not one or is another kind's. */
  parse(id: string, text: string): Item | undefined {
    const item = parseItem(text);
    if (item !== undefined && id.startsWith(`${item.kind}/`)) return item;
    this.#malformed += 1;
    return undefined;
  }

  /** Whether there is room for one more fact. */
  admitsFact(facts: number): boolean {
    if (facts < maxFacts) return true;
    this.#overLimit += 1;
    return false;
  }
}
