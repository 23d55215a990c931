/** The services of one registry that lost their last instance, and those that stayed so for too long. */
export class EmptyServices {
  /** Item id → since when, oldest first. */
  readonly #since = new Map<string, number>();
  /** No longer served, but the registry still lists them; they come back with an instance. */
  readonly #expired = new Set<string>();

  /** Since when the one that is empty for longest is so, in epoch ms. */
  get oldest(): number | undefined {
    const [oldest] = this.#since.values();
    return oldest;
  }

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

  forget(id: string): void {
    this.#expired.delete(id);
  }

  /** A complete listing: what it does not name is gone for the registry too. */
  keepExpired(listed: ReadonlySet<string>): void {
    for (const id of this.#expired) if (!listed.has(id)) this.#expired.delete(id);
  }
}
