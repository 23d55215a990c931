/** Readings by name, each at most once at a time: a call during a reading lets that one read once more. */

/** A reading under way. */
export interface Reading {
  /** It was asked for meanwhile, and so is to be made once more. */
  again: boolean;
}

type Read = (reading: Reading) => Promise<void>;

export class Readings {
  readonly #running = new Map<string, Reading & { done: Promise<void> }>();

  /** Starts at once, or joins the reading that is under way. */
  run(name: string, read: Read): Promise<void> {
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

  /**
   * As `run` for each of many, of which those that no reading is under way of are read together first.
   * @param readTogether is given those; what is asked for again meanwhile is read alone afterwards
   */
  async runTogether(
    names: readonly string[],
    readTogether: (names: readonly string[]) => Promise<void>,
    readAlone: (name: string) => Read,
  ): Promise<void> {
    const idle = names.filter((name) => !this.#running.has(name));
    const others = names.filter((name) => this.#running.has(name)).map((name) => this.run(name, readAlone(name)));
    const done = this.#allQuiet(idle, readTogether, readAlone);
    for (const name of idle) this.#running.set(name, { again: false, done });
    await Promise.all([done, ...others]);
  }

  /** @returns whether one is under way, which then reads once more */
  again(name: string): boolean {
    const running = this.#running.get(name);
    if (running) running.again = true;
    return running !== undefined;
  }

  async #allQuiet(
    names: readonly string[],
    readTogether: (names: readonly string[]) => Promise<void>,
    readAlone: (name: string) => Read,
  ): Promise<void> {
    const rest: Promise<void>[] = [];
    try {
      await readTogether(names);
    } finally {
      for (const name of names) {
        const reading = this.#running.get(name);
        if (reading?.again) rest.push(this.#untilQuiet(name, reading, readAlone(name)));
        else this.#running.delete(name);
      }
    }
    await Promise.all(rest);
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
