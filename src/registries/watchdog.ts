/** What a watchdog does when it is time, and when it was silent for too long. */
export interface WatchdogActions {
  /** Sends something that the other side must answer. */
  ping(): void;
  /** Called once: a ping went out, and nothing at all came in until the next one was due. */
  silent(): void;
}

/** Pings at a fixed interval; silence is noticed within two of them. */
export class Watchdog {
  readonly #actions: WatchdogActions;
  readonly #timer: NodeJS.Timeout;
  #heard = true;
  #stopped = false;

  constructor(intervalMs: number, actions: WatchdogActions) {
    this.#actions = actions;
    this.#timer = setInterval(() => this.#due(), intervalMs);
  }

  /** Something came in. */
  heard(): void {
    this.#heard = true;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #due(): void {
    if (this.#heard) {
      this.#ping();
      return;
    }
    // If we were the ones who were too busy, the answer lies in the socket: read before judging.
    setImmediate(() => {
      if (this.#stopped) return;
      if (this.#heard) this.#ping();
      else {
        this.stop();
        this.#actions.silent();
      }
    });
  }

  #ping(): void {
    this.#heard = false;
    this.#actions.ping();
  }
}
