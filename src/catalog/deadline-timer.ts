/** One timer that follows a moving deadline; it never keeps the process alive. */

/** setTimeout's limit; a later deadline is looked at again then. */
const maxDelay = 2 ** 31 - 1;

export class DeadlineTimer {
  readonly #reached: () => void;
  #at: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(reached: () => void) {
    this.#reached = reached;
  }

  /** `at`: epoch ms; undefined: nothing to wait for. Cheap when nothing changed. */
  set(at: number | undefined): void {
    if (at === this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    if (at === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#at = undefined;
        this.#reached();
      },
      Math.min(Math.max(0, at - Date.now()), maxDelay),
    );
    this.#timer.unref();
  }
}
