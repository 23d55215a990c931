/**
 * How fast one stream may send requests. A client has no reason to send more than one request per
 * push and type; one that loops (or wants to keep us busy) runs out of budget and its stream ends.
 */
const perSecond = 1000;
const burst = 5000;
const bytesPerUnit = 4096;

/** A token bucket; large requests cost more, because decoding them does. Pure: it is told the time (monotonic ms). */
export class RequestBudget {
  #units = burst;
  #at: number | undefined;

  /** False when this request exceeds the budget. */
  spend(now: number, bytes: number): boolean {
    if (this.#at !== undefined) this.#units = Math.min(burst, this.#units + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    this.#units -= 1 + Math.floor(bytes / bytesPerUnit);
    return this.#units >= 0;
  }
}
