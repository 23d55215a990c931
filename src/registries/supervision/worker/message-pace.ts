/**
 * How thick messages may follow each other on the way to the main thread. Each costs there what a publication and an answer to
 * every client cost, so that a registry with many hundred changes a second would keep a processor busy with single ones: such
 * changes are gathered for some milliseconds. At up to 200 evenly spread changes a second of a session, nothing waits.
 */

/** ms that earn one message. */
const everyMs = 5;
/** Messages that may be saved up. */
const burst = 20;

/** A token bucket. Pure: it is told the time (monotonic ms). */
export class MessagePace {
  #saved = burst;
  #at = 0;

  /** ms until the next message may leave; 0: at once. */
  wait(now: number): number {
    this.#earn(now);
    return this.#saved >= 1 ? 0 : (1 - this.#saved) * everyMs;
  }

  sent(now: number): void {
    this.#earn(now);
    this.#saved = Math.max(0, this.#saved - 1);
  }

  #earn(now: number): void {
    this.#saved = Math.min(burst, this.#saved + (now - this.#at) / everyMs);
    this.#at = now;
  }
}
