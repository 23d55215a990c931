/** Whoever waits for a complete view, told once. */
export class Completion {
  readonly #isComplete: () => boolean;
  readonly #listeners = new Set<() => void>();

  constructor(isComplete: () => boolean) {
    this.#isComplete = isComplete;
  }

  /** Called once, as soon as it is complete; at once if it is. Returns the unsubscription. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.announce();
    return () => this.#listeners.delete(listener);
  }

  /** It may be complete now. */
  announce(): void {
    if (this.#listeners.size === 0 || !this.#isComplete()) return;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
