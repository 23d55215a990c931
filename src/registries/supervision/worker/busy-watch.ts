/** Tells a worker that keeps a processor busy all the time from one that reads a large registry now and then. */

/** Of one processor. A large registry with a thousand changes a second takes a third. */
const much = 0.5;
/** Looks in a row, a heartbeat apart; what a whole reading takes is over before. */
const often = 3;

export class BusyWatch {
  #now: number;
  #used: number;
  #busy = 0;

  /** @param now monotonic ms @param used what the thread took of processors so far, in ms */
  constructor(now: number, used: number) {
    this.#now = now;
    this.#used = used;
  }

  /** Whether it was busy since the last looks, this one included. */
  look(now: number, used: number): boolean {
    const share = (used - this.#used) / Math.max(1, now - this.#now);
    this.#now = now;
    this.#used = used;
    this.#busy = share > much ? this.#busy + 1 : 0;
    return this.#busy >= often;
  }
}

/** What the calling thread took of processors so far, in ms. */
export function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
