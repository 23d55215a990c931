/** Readings by name, each at most once at a time: a call during a reading lets that one read once more. */

interface Reading {
  again: boolean;
  done: Promise<void>;
}

export class Readings {
  readonly #running = new Map<string, Reading>();

  /** Starts at once, or joins the reading that is under way. */
  run(name: string, read: () => Promise<void>): Promise<void> {
    const running = this.#running.get(name);
    if (running) {
      running.again = true;
      return running.done;
    }
    const reading: Reading = { again: false, done: Promise.resolve() };
    this.#running.set(name, reading);
    reading.done = this.#untilQuiet(name, reading, read);
    return reading.done;
  }

  /** @returns whether one is under way, which then reads once more */
  again(name: string): boolean {
    const running = this.#running.get(name);
    if (running) running.again = true;
    return running !== undefined;
  }

  async #untilQuiet(name: string, reading: Reading, read: () => Promise<void>): Promise<void> {
    try {
      do {
        reading.again = false;
        await read();
      } while (reading.again);
    } finally {
      this.#running.delete(name);
    }
  }
}
