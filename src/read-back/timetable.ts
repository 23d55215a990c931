/** When istiod is asked next. Pure: every method is told the time (monotonic ms). */

export interface TimetableSettings {
  /** Nothing must have been sent for this long, ms … */
  readonly after: number;
  /** … unless it was not asked for this long, ms. */
  readonly interval: number;
}

/** Least time between two read-backs, ms, whatever the settings: a dump costs istiod seconds of CPU. */
const leastGapMs = 30_000;

/** Replicas that were pushed to at the same moment do not all ask at the same moment. */
const jitter = 0.1;

export class Timetable {
  readonly #settings: TimetableSettings;
  readonly #random: () => number;
  /** Between 0 and `jitter`, drawn anew for each read-back. */
  #share: number;
  #lastPush: number | undefined;
  #lastAsked: number | undefined;
  readonly #start: number;

  /** @param random in [0, 1) */
  constructor(settings: TimetableSettings, now: number, random: () => number) {
    this.#settings = settings;
    this.#start = now;
    this.#random = random;
    this.#share = jitter * random();
  }

  /** Something was sent to istiod. */
  pushed(now: number): void {
    this.#lastPush = now;
  }

  /** A read-back begins: what was sent until now is in it. */
  asked(now: number): void {
    this.#lastAsked = now;
    this.#lastPush = undefined;
    this.#share = jitter * this.#random();
  }

  /** The read-back came to nothing, because what it was about was replaced: it is owed again. */
  overtaken(now: number): void {
    this.#lastPush ??= now;
  }

  next(): number {
    const { after, interval } = this.#settings;
    const quiet = this.#lastPush === undefined ? Number.POSITIVE_INFINITY : this.#lastPush + after * (1 + this.#share);
    const overdue = (this.#lastAsked ?? this.#start) + interval * (1 - this.#share);
    const allowed = this.#lastAsked === undefined ? Number.NEGATIVE_INFINITY : this.#lastAsked + leastGapMs;
    return Math.max(allowed, Math.min(quiet, overdue));
  }
}
