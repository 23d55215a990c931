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

/** Applies an action to every item, so many at a time; rejects with the first failure and then starts no more. */
export async function forEachLimited<T>(items: readonly T[], limit: number, action: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const runner = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const item = items[next++]!;
      try {
        await action(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runner));
}
