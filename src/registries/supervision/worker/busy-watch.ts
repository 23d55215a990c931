/** Tells a worker that keeps a processor busy all the time from one that reads a large registry now and then. */
import { performance } from "node:perf_hooks";

/** Of one processor. A large registry with a thousand changes a second takes a third. */
const much = 0.5;
/** Of the time in which its event loop was not idle: it wants a processor, and where processors are scarce it gets less than it wants. */
const always = 0.9;
/** ms in a row; a reading of everything takes less. */
const long = 3_000;

/** Since whenever, in ms. */
export interface ThreadUsage {
  /** Monotonic. */
  readonly now: number;
  /** What the thread took of processors. */
  readonly processor: number;
  /** In which its event loop was busy. */
  readonly busy: number;
}

export class BusyWatch {
  #last: ThreadUsage;
  #busyFor = 0;

  constructor(usage: ThreadUsage) {
    this.#last = usage;
  }

  /** Whether it was busy for long, from one look to the next. */
  look(usage: ThreadUsage): boolean {
    const passed = Math.max(1, usage.now - this.#last.now);
    const isBusy = usage.processor - this.#last.processor > much * passed || usage.busy - this.#last.busy > always * passed;
    this.#last = usage;
    this.#busyFor = isBusy ? this.#busyFor + passed : 0;
    return this.#busyFor >= long;
  }
}

/** Of the calling thread. */
export function threadUsage(): ThreadUsage {
  const { user, system } = process.threadCpuUsage();
  return { now: performance.now(), processor: (user + system) / 1_000, busy: performance.eventLoopUtilization().active };
}
