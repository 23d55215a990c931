/** The largest total of a sliding window, in at most `grains` notes. */
export class WindowPeak {
  static readonly grains = 20;
  /** Descending totals, each with the time when it ceased to be true. */
  #notes: { total: number; until: number }[] = [];

  /** Says that until `now` the total was `total`. */
  note(total: number, now: number, window: number): void {
    this.#drop(now, window);
    const grain = window / WindowPeak.grains;
    const notes = this.#notes;
    while (notes.length > 0 && (notes.at(-1)?.total ?? 0) <= total) notes.pop();
    const last = notes.at(-1);
    if (last === undefined || now - last.until >= grain) notes.push({ total, until: now });
  }

  /** The largest total noted within the window, and not less than `current`. */
  peak(current: number, now: number, window: number): number {
    this.#drop(now, window);
    return Math.max(current, this.#notes[0]?.total ?? Number.NEGATIVE_INFINITY);
  }

  clear(): void {
    this.#notes = [];
  }

  #drop(now: number, window: number): void {
    const kept = this.#notes.findIndex((note) => now - note.until < window);
    if (kept !== 0) this.#notes.splice(0, kept < 0 ? this.#notes.length : kept);
  }
}
