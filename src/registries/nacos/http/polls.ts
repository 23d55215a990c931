/** Which services are read next: each again after a while, or as soon as something tells that it changed. */
import type { ServiceName } from "../naming-source.ts";
import { serviceText } from "../service-text.ts";

/** Wakes closer to each other are one, in ms. */
const grainMs = 10;
/** A service is not read because of a hint sooner than so long after its last reading, in ms. */
const hintGapMs = 500;

export interface PollsContext {
  /** ms, ± 10 %. */
  readonly interval: number;
  /** Reads at a time. */
  readonly limit: number;
  /** Reads a service and tells what it found. Never rejects. */
  readonly read: (service: ServiceName) => Promise<void>;
}

interface Polled {
  readonly service: ServiceName;
  /** By `performance.now()`. */
  due: number;
  readAt: number;
  reading: boolean;
  /** Something happened during the present reading. */
  again: boolean;
}

export class Polls {
  readonly #context: PollsContext;
  /** In the order in which they were read: where there is more to do than time, nobody waits for ever. */
  readonly #services = new Map<string, Polled>();
  #running = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(context: PollsContext) {
    this.#context = context;
  }

  /** The service was read just now. */
  add(service: ServiceName): void {
    const readAt = performance.now();
    const polled = { service, due: this.#next(readAt), readAt, reading: false, again: false };
    this.#services.set(serviceText(service), polled);
    this.#wake(polled.due);
  }

  delete(service: ServiceName): void {
    this.#services.delete(serviceText(service));
  }

  /** Something tells that a service changed; of one that is not polled it means nothing. */
  hint(service: ServiceName): void {
    const polled = this.#services.get(serviceText(service));
    if (!polled) return;
    if (polled.reading) polled.again = true;
    else {
      polled.due = Math.min(polled.due, Math.max(performance.now(), polled.readAt + hintGapMs));
      this.#wake(polled.due);
    }
  }

  /** One of them is read soon, unless none is polled. */
  hintOldest(): void {
    const [oldest] = this.#services.values();
    if (oldest) this.hint(oldest.service);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#services.clear();
  }

  #next(now: number): number {
    return now + this.#context.interval * (0.9 + 0.2 * Math.random());
  }

  #wake(due: number): void {
    if (this.#stopped || due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = setTimeout(() => this.#run(), Math.max(grainMs, due - performance.now()));
  }

  #run(): void {
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const polled of this.#services.values()) {
      if (polled.reading) continue;
      if (polled.due > now) next = Math.min(next, polled.due);
      // Whoever ends wakes those that wait.
      else if (this.#running < this.#context.limit) void this.#read(polled);
    }
    if (next < Number.POSITIVE_INFINITY) this.#wake(next);
  }

  async #read(polled: Polled): Promise<void> {
    const name = serviceText(polled.service);
    polled.reading = true;
    this.#running++;
    await this.#context.read(polled.service);
    this.#running--;
    polled.reading = false;
    polled.readAt = performance.now();
    polled.due = polled.again ? polled.readAt + hintGapMs : this.#next(polled.readAt);
    polled.again = false;
    if (this.#services.get(name) === polled) {
      this.#services.delete(name);
      this.#services.set(name, polled);
      this.#wake(polled.due);
    }
    if (this.#running === this.#context.limit - 1) this.#wake(performance.now());
  }
}
