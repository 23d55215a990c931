/**
 * What is served as an earlier process encoded it, until it is made anew from the registries' words: a
 * moment after the first answers, in small slices, behind everything else.
 */

/** The first answers are on their way by then, in ms; if the view is not complete, so much was published of it. */
const delayMs = 1_000;
/** Milliseconds of work between two turns of the event loop. */
const sliceMs = 4;

export class Unproved {
  readonly #ids = new Set<string>();
  readonly #prove: (id: string) => void;
  readonly #afterSlice: (isDone: boolean) => void;
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #next: NodeJS.Immediate | undefined;

  /** `afterSlice` is called when several were proved, or all. */
  constructor(prove: (id: string) => void, afterSlice: (isDone: boolean) => void) {
    this.#prove = prove;
    this.#afterSlice = afterSlice;
  }

  add(id: string): void {
    this.#ids.add(id);
  }

  /** It was made anew for another reason. */
  delete(id: string): void {
    this.#ids.delete(id);
  }

  /** What there is was published. */
  begin(): void {
    if (this.#ids.size > 0) this.#timer ??= setTimeout(() => this.#slice(), delayMs).unref();
  }

  /** Calls back once nothing is left, perhaps at once. */
  whenDone(callback: () => void): void {
    if (this.#ids.size === 0) callback();
    else this.#waiting.push(callback);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#next);
    this.#ids.clear();
    this.#waiting.length = 0;
  }

  #slice(): void {
    const end = performance.now() + sliceMs;
    for (const id of this.#ids) {
      this.#ids.delete(id);
      this.#prove(id);
      if (performance.now() >= end) break;
    }
    const isDone = this.#ids.size === 0;
    this.#afterSlice(isDone);
    if (!isDone) {
      this.#next = setImmediate(() => this.#slice());
      return;
    }
    this.#timer = undefined;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}
