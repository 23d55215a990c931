/** The services of one registry that lost their last instance, and those that stayed so for too long. */
export class EmptyServices {
  /** Item id → since when, oldest first. */
  readonly #since = new Map<string, number>();
  /** No longer served, but the registry still lists them; they come back with an instance. */
  readonly #expired = new Set<string>();

  /** Epoch ms when the one that is empty for longest is so for `duration` ms. */
  end(duration: number): number | undefined {
    const [oldest] = this.#since.values();
    return oldest === undefined ? undefined : oldest + duration;
  }

  /** Times must not go back from one call to the next. */
  began(id: string, now: number): void {
    if (!this.#since.has(id)) this.#since.set(id, now);
  }

  /** It has an instance again, or left. */
  ended(id: string): void {
    this.#since.delete(id);
  }

  /** Those that are empty since `before` or longer; from now on they count as expired. */
  expire(before: number): readonly string[] {
    const expired: string[] = [];
    for (const [id, since] of this.#since) {
      if (since > before) break;
      expired.push(id);
    }
    for (const id of expired) {
      this.#since.delete(id);
      this.#expired.add(id);
    }
    return expired;
  }

  hasExpired(id: string): boolean {
    return this.#expired.has(id);
  }

  /** Whether it had expired. */
  forget(id: string): boolean {
    return this.#expired.delete(id);
  }

  /** A complete listing: what it does not name is gone for the registry too. Gives what is forgotten by that. */
  keepExpired(listed: ReadonlySet<string>): readonly string[] {
    const forgotten = [...this.#expired].filter((id) => !listed.has(id));
    for (const id of forgotten) this.#expired.delete(id);
    return forgotten;
  }

  /** It expired in an earlier process. */
  restoreExpired(id: string): void {
    this.#expired.add(id);
  }

  get expired(): ReadonlySet<string> {
    return this.#expired;
  }

  /** Epoch ms since when a service is empty; undefined if it is not. */
  since(id: string): number | undefined {
    return this.#since.get(id);
  }
}
