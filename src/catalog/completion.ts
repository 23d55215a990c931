/** Whoever waits for a complete view, told once. */
import type { Packing } from "./view/packing.ts";

export class Completion {
  readonly #isComplete: () => boolean;
  readonly #packing: Packing;
  readonly #listeners = new Set<() => void>();

  /** `packing` begins whenever it is complete. */
  constructor(isComplete: () => boolean, packing: Packing) {
    this.#isComplete = isComplete;
    this.#packing = packing;
  }

  /** Called once, as soon as it is complete; at once if it is. Returns the unsubscription. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.announce();
    return () => this.#listeners.delete(listener);
  }

  /** It may be complete now. */
  announce(): void {
    if (!this.#isComplete()) return;
    this.#packing.begin();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
