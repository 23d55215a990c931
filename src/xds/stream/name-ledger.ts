/**
 * How many names all streams of the server ask for together. Each of them has its own limit; without this one, as
 * many streams as are allowed could still fill memory with names.
 */
export class NameLedger {
  readonly limit: number;
  readonly #held = new Map<object, number>();
  #total = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Notes what a stream keeps now. False when it is more than there is room for; it counts until the stream leaves. */
  keep(stream: object, names: number): boolean {
    const before = this.#held.get(stream) ?? 0;
    this.#held.set(stream, names);
    this.#total += names - before;
    return names <= before || this.#total <= this.limit;
  }

  leave(stream: object): void {
    this.#total -= this.#held.get(stream) ?? 0;
    this.#held.delete(stream);
  }
}
