/**
 * When the next full-state push of one type may go to one stream. A push costs istiod CPU in
 * proportion to its size, whatever changed in it, so the client's own speed sets the pace: one
 * unacknowledged push, then a pause as long as the client needed for it. Nothing is queued
 * meanwhile; what goes next is simply the newest snapshot.
 */
export interface PacingSettings {
  /** Least pause after a push, in ms per 1,000,000 bytes of it. */
  readonly perMegabyte: number;
  /** An unacknowledged push is reported after this many ms. */
  readonly ackWarning: number;
  /** An unacknowledged push ends its stream after this many ms. */
  readonly ackTimeout: number;
}

export type Wait = "none" | "warn" | "expired";

/** Pure: every method is told the time (monotonic ms). */
export class Pacer {
  readonly #settings: PacingSettings;
  #sentAt: number | undefined;
  #bytes = 0;
  #warned = false;
  #readyAt = Number.NEGATIVE_INFINITY;

  constructor(settings: PacingSettings) {
    this.#settings = settings;
  }

  sent(now: number, bytes: number): void {
    this.#sentAt = now;
    this.#bytes = bytes;
    this.#warned = false;
  }

  /** The client acknowledged or rejected the push. */
  answered(now: number): void {
    if (this.#sentAt === undefined) return;
    const pause = Math.max(now - this.#sentAt, (this.#settings.perMegabyte * this.#bytes) / 1e6);
    this.#readyAt = now + pause;
    this.#sentAt = undefined;
  }

  ready(now: number): boolean {
    return this.#sentAt === undefined && now >= this.#readyAt;
  }

  /** Looks after an unacknowledged push; `warn` is returned once per push. */
  check(now: number): Wait {
    if (this.#sentAt === undefined) return "none";
    const waited = now - this.#sentAt;
    if (waited >= this.#settings.ackTimeout) return "expired";
    if (this.#warned || waited < this.#settings.ackWarning) return "none";
    this.#warned = true;
    return "warn";
  }

  /** When this pacer wants to be looked at again, or undefined when only an event can change it. */
  nextLook(now: number): number | undefined {
    if (this.#sentAt !== undefined) {
      return this.#sentAt + (this.#warned ? this.#settings.ackTimeout : Math.min(this.#settings.ackWarning, this.#settings.ackTimeout));
    }
    return this.#readyAt > now ? this.#readyAt : undefined;
  }
}
