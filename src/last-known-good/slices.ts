/**
 * Long work in slices: whatever there is to read or rewrite, together it holds the event loop for
 * no more than a few milliseconds at a time, because that loop must answer istiod.
 */

/** Milliseconds between two turns of the event loop, for all works together. */
const sliceMs = 5;

interface Work {
  /** Goes on; true when it is done. */
  step(): boolean;
}

export class Slices {
  readonly #works: Work[] = [];
  #scheduled: NodeJS.Immediate | undefined;

  /** Runs a work that yields wherever it may be interrupted. Resolves with what it returns, rejects with what it throws. */
  run<T>(work: Iterator<void, T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#works.push({
        step() {
          try {
            const { done, value } = work.next();
            if (done) resolve(value);
            return done === true;
          } catch (error) {
            reject(error);
            return true;
          }
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
    for (let work = this.#works.shift(); work !== undefined; work = this.#works.shift()) {
      while (!work.step()) {
        if (performance.now() < end) continue;
        this.#works.push(work);
        this.#schedule();
        return;
      }
      if (performance.now() >= end) break;
    }
    this.#schedule();
  }
}
