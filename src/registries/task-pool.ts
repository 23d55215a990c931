/** Runs tasks with a bound on how many run at a time; the rest wait in order. */
export class TaskPool {
  readonly #limit: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #next = 0;
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The task must not reject. */
  run(task: () => Promise<void>): void {
    if (this.#running >= this.#limit) {
      this.#waiting.push(task);
      return;
    }
    this.#running++;
    void this.#drain(task);
  }

  async #drain(first: () => Promise<void>): Promise<void> {
    await first();
    while (this.#next < this.#waiting.length) {
      const task = this.#waiting[this.#next]!;
      this.#next++;
      if (this.#next === this.#waiting.length) {
        this.#waiting.length = 0;
        this.#next = 0;
      }
      await task();
    }
    this.#running--;
  }
}

/**
 * Applies an action to every item, at most so many at a time; rejects with the first failure and then starts no more.
 * The next ones start in one go when half of them are done, so that their requests travel together.
 */
export function forEachLimited<T>(items: readonly T[], limit: number, action: (item: T) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const refill = Math.floor(limit / 2);
    let next = 0;
    let running = 0;
    let failed = false;
    const finished = (): void => {
      running--;
      if (!failed && running <= refill) start();
    };
    const fail = (error: unknown): void => {
      failed = true;
      reject(error);
    };
    const start = (): void => {
      if (running === 0 && next === items.length) resolve();
      while (next < items.length && running < limit) {
        running++;
        action(items[next++] as T).then(finished, fail);
      }
    };
    start();
  });
}
