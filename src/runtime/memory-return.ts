/** Gives memory back to the system when a flood that left garbage behind is over; see decision 11. */
import { silentObserver, type XdsObserver } from "../xds/stream/observer.ts";

/** After so many ms without more of it, a flood is over; first answers are out by then. */
const quietMs = 1_000;
/** Bytes; a request of that size names thousands of resources. Acknowledgements are far smaller. */
const largeRequest = 64 * 1024;
/** Bytes of large requests that are worth a collection: 64 clients that each say what they hold of 10,000 services. */
const worthwhile = 64 * 1024 * 1024;

export class MemoryReturn {
  readonly #collect: () => void;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `collect` may block the thread. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** Counts what clients say. */
  readonly observer: XdsObserver = {
    ...silentObserver,
    onRequest: (_client, _type, bytes) => {
      if (bytes < largeRequest) return;
      this.#bytes += bytes;
      this.#whenQuiet();
    },
  };

  /** What another flood left behind; as soon as none goes on. */
  soon(): void {
    this.#bytes += worthwhile;
    this.#whenQuiet();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #whenQuiet(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const isWorthIt = this.#bytes >= worthwhile;
      this.#bytes = 0;
      if (isWorthIt) this.#collect();
    }, quietMs).unref();
  }
}
