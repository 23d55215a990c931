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
      if (this.#bytes >= worthwhile) this.soon();
    },
  };

  /** In a second, unless it is called again by then. */
  soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#bytes = 0;
      this.#collect();
    }, quietMs).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
