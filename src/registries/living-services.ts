/** Names come and go; so many of the services without instances are remembered, the latest. */
const maxEmpty = 1_000;

/**
 * The services of a registry that says nothing of a service without instances: one that lost them
 * stays known, and is told without any.
 */
export class LivingServices {
  readonly #living = new Set<string>();
  /** Services that had instances, the latest last. */
  readonly #empty: Set<string>;

  /** @param names of services that had instances earlier */
  constructor(names: Iterable<string>) {
    this.#empty = new Set(names);
  }

  /** Services that are to be told although they have no instances. */
  get empty(): Iterable<string> {
    return this.#empty;
  }

  has(name: string): boolean {
    return this.#living.has(name) || this.#empty.has(name);
  }

  lives(name: string): void {
    this.#empty.delete(name);
    this.#living.add(name);
  }

  /** A service has no instances any more. */
  isEmpty(name: string): void {
    if (this.#living.delete(name)) this.#empty.add(name);
  }

  /** Forgets the oldest empty services beyond the bound. */
  forgetSurplus(): void {
    for (const name of this.#empty) {
      if (this.#empty.size <= maxEmpty) return;
      this.#empty.delete(name);
    }
  }
}
