/** Readings by name, each at most once at a time: a call during a reading lets that one read once more. */

/** A reading under way. */
export interface Reading {
  /** It was asked for meanwhile, and so is to be made once more. */
  again: boolean;
}

export class Readings {
  readonly #running = new Map<string, Reading & { done: Promise<void> }>();

  /** Starts at once, or joins the reading that is under way. */
  run(name: string, read: (reading: Reading) => Promise<void>): Promise<void> {
    const running = this.#running.get(name);
    if (running) {
      running.again = true;
      return running.done;
    }
    const reading = { again: false, done: Promise.resolve() };
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

  async #untilQuiet(name: string, reading: Reading, read: (reading: Reading) => Promise<void>): Promise<void> {
    try {
      do {
        reading.again = false;
        await read(reading);
      } while (reading.again);
    } finally {
      this.#running.delete(name);
    }
  }
}
