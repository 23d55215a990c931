/** The keys whose entry may have changed since they were last drained. */
export interface Drained {
  readonly keys: readonly string[];
  /** Epoch ms of the oldest change among them; infinite if there is none. */
  readonly seenAt: number;
}

export class DirtyKeys {
  readonly #listeners = new Set<() => void>();
  #keys = new Set<string>();
  #seenAt = Number.POSITIVE_INFINITY;

  add(key: string, seenAt: number): void {
    if (seenAt < this.#seenAt) this.#seenAt = seenAt;
    this.#keys.add(key);
    if (this.#keys.size === 1) for (const listener of this.#listeners) listener();
  }

  drain(): Drained {
    const drained = { keys: [...this.#keys], seenAt: this.#seenAt };
    this.#keys = new Set();
    this.#seenAt = Number.POSITIVE_INFINITY;
    return drained;
  }

  /** Called when the first key becomes dirty after a drain; it must only schedule. Returns the unsubscription. */
  onDirty(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#keys.size > 0) listener();
    return () => this.#listeners.delete(listener);
  }
}
