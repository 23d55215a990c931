/** Packs the texts of all registries once the first listings and the first answers are over: until then, time is worth more. */
import type { RegistryView } from "./registry-view.ts";

/** From a complete view until it begins, in ms. */
const settleMs = 300;
/** Of work between two turns of the event loop, in ms. */
const sliceMs = 4;

export class Packing {
  readonly #views: Set<RegistryView> = new Set();
  #hasBegun = false;

  /** A registry that comes later is packed from its first item on. */
  add(view: RegistryView): void {
    if (this.#hasBegun) view.items.pack(0);
    else this.#views.add(view);
  }

  /** The view is complete. */
  begin(): void {
    if (this.#hasBegun || this.#views.size === 0) return;
    this.#hasBegun = true;
    setTimeout(() => this.#slice(), settleMs).unref();
  }

  #slice(): void {
    const end = performance.now() + sliceMs;
    for (const view of this.#views) {
      if (view.items.pack(end)) this.#views.delete(view);
      else break;
    }
    if (this.#views.size > 0) setImmediate(() => this.#slice()).unref();
  }
}
