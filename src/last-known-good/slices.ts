/**
 * Long work in slices: whatever there is to read or rewrite, together it holds the event loop for
 * no more than a few milliseconds at a time, because that loop must answer istiod.
 */

/** Milliseconds between two turns of the event loop, for all works together. */
const sliceMs = 5;

/** What a work says where it can be interrupted: that it may go on, or that it waits for the next turn of the event loop. */
export type Pause = "may go on" | "next turn";

interface Work {
  /** Goes on; undefined when it is done. */
  step(): Pause | undefined;
}

export class Slices {
  readonly #works: Work[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /** Runs a work that yields wherever it may be interrupted. Resolves with what it returns, rejects with what it throws. */
  run<T>(work: Iterator<Pause, T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#works.push({
        step() {
          try {
            const next = work.next();
            if (!next.done) return next.value;
            resolve(next.value);
          } catch (error) {
            reject(error);
          }
          return undefined;
        },
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#works.length > 0) this.#scheduled ??= setImmediate(() => this.#slice());
  }

  /** One work after the other; each begins the slice that follows its predecessor's. */
  #slice(): void {
    this.#scheduled = undefined;
    const end = performance.now() + sliceMs;
    for (let left = this.#works.length; left > 0 && performance.now() < end; left--) {
      const work = this.#works.shift() as Work;
      let pause = work.step();
      while (pause === "may go on" && performance.now() < end) pause = work.step();
      if (pause !== undefined) this.#works.push(work);
    }
    this.#schedule();
  }
}
