/**
 * When the istiod beside us gets its first answer for the types we own.
 *
 * A first answer replaces everything istiod holds, and on the wire a restarted (cold) istiod looks
 * like a reconnecting (warm) one. So an incomplete view waits until it is complete: for a warm
 * istiod without limit, since it goes on serving what it holds; for a cold one at most
 * `initialSync.timeout`, since it holds nothing to lose and is unready until it is answered.
 */
import type { Logger } from "../log/logger.ts";
import type { Clock } from "./clock.ts";

/** Whether every required registry has delivered its first complete listing. */
export interface Completeness {
  isComplete(): boolean;
  /** Calls back once, when the view becomes complete and is published; the returned function cancels. */
  whenComplete(callback: () => void): () => void;
}

/** See `istiod-probe.ts`. */
export type Temperature = "warm" | "cold";

export interface FirstAnswerSettings {
  /** How long a cold istiod waits, in ms, counted from the first wait of this process. */
  readonly timeout: number;
  /** What a cold istiod gets then: what is known, or nothing until the view is complete. */
  readonly onTimeout: "serve" | "wait";
}

/** A warm verdict after the time-out is looked at again this often, in ms: at its very start even a cold istiod answers nowhere. */
const probeAgain = 5_000;

export class FirstAnswerGate {
  readonly #completeness: Completeness;
  readonly #settings: FirstAnswerSettings;
  readonly #probe: () => Promise<Temperature>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #waiting = new Set<() => void>();
  #waitingSince: number | undefined;
  #cancelTimer: (() => void) | undefined;
  #cancelCompletion: (() => void) | undefined;
  #closed = false;

  constructor(
    completeness: Completeness,
    settings: FirstAnswerSettings,
    probe: () => Promise<Temperature>,
    surroundings: { clock: Clock; log: Logger },
  ) {
    this.#completeness = completeness;
    this.#settings = settings;
    this.#probe = probe;
    this.#clock = surroundings.clock;
    this.#log = surroundings.log;
  }

  isComplete(): boolean {
    return this.#completeness.isComplete();
  }

  /** See `Completeness.whenComplete`. */
  whenComplete(callback: () => void): () => void {
    return this.#completeness.whenComplete(callback);
  }

  /** `release` is called once, when the first answer may go out; the returned function stops waiting for it. */
  wait(release: () => void): () => void {
    this.#waiting.add(release);
    if (this.#waitingSince === undefined) {
      this.#waitingSince = this.#clock.now();
      this.#log.info({}, "first answers to istiod wait until every required registry is synced");
      this.#cancelCompletion = this.#completeness.whenComplete(() => this.#release("every required registry is synced"));
    }
    if (this.#settings.onTimeout === "serve" && !this.#cancelTimer) {
      this.#judgeAfter(Math.max(0, this.#waitingSince + this.#settings.timeout - this.#clock.now()));
    }
    return () => this.#waiting.delete(release);
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#cancelTimer?.();
    this.#cancelCompletion?.();
  }

  #judgeAfter(ms: number): void {
    this.#cancelTimer = this.#clock.schedule(ms, () => {
      void this.#judge();
    });
  }

  async #judge(): Promise<void> {
    const temperature = this.#waiting.size === 0 ? undefined : await this.#probe();
    this.#cancelTimer = undefined;
    if (this.#closed || temperature === undefined || this.#waiting.size === 0) return;
    if (temperature === "warm") return this.#judgeAfter(probeAgain);
    this.#log.warn({}, "istiod is cold and waited long enough: it gets the view as it is, although a required registry is not synced");
    this.#letGo();
  }

  #release(reason: string): void {
    this.#log.info({ clients: this.#waiting.size }, `first answers to istiod go out: ${reason}`);
    this.#waitingSince = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#letGo();
  }

  #letGo(): void {
    const released = [...this.#waiting];
    this.#waiting.clear();
    for (const release of released) release();
  }
}
