/** Reads over gRPC, or over HTTP where a server answers only there: one before 2.0, or one whose gRPC port is blocked. */
import { ForwardingSource } from "./forwarding-source.ts";
import type { Doubt, NamingEvents, NamingSource } from "./naming-source.ts";
import type { NacosServer } from "./settings.ts";

export type OpenOne = (events: NamingEvents) => NamingSource;

/** How long a server is read over HTTP before it is asked over gRPC again, in ms: it may be another version by then. */
const probeAfterMs = 60_000;

export class AutoSource extends ForwardingSource {
  readonly #events: NamingEvents;
  readonly #openGrpc: OpenOne;
  #probeTimer: NodeJS.Timeout | undefined;
  #probe: NamingSource | undefined;
  #closed = false;

  constructor(server: NacosServer, events: NamingEvents, open: { readonly grpc: OpenOne; readonly http: OpenOne }) {
    super(server);
    this.#events = events;
    this.#openGrpc = open.grpc;
    let established = false;
    this.source = open.grpc({
      ...events,
      established: () => {
        established = true;
        events.established();
      },
      lost: (first) => {
        // Whoever refuses us does so on every port.
        if (established || first.ending === "refused") events.lost(first);
        else this.source = open.http(this.#overHttp(first));
      },
    });
  }

  override async close(): Promise<void> {
    this.#stopProbing();
    await super.close();
  }

  #overHttp(first: Doubt): NamingEvents {
    const events = this.#events;
    return {
      ...events,
      established: () => {
        this.#probeLater();
        events.established();
      },
      lost: (second) => {
        this.#stopProbing();
        events.lost(both(first, second));
      },
    };
  }

  #probeLater(): void {
    if (this.#closed) return;
    this.#probeTimer = setTimeout(() => this.#probeGrpc(), probeAfterMs);
  }

  /** Only looks whether it can be had: whoever keeps this source opens the next one. */
  #probeGrpc(): void {
    const ended = (): void => {
      void this.#probe?.close();
      this.#probe = undefined;
      this.#probeLater();
    };
    const nothing = (): void => {};
    this.#probe = this.#openGrpc({
      changed: nothing,
      appeared: nothing,
      unreadable: nothing,
      contact: nothing,
      surpassed: nothing,
      established: () => {
        ended();
        this.#events.surpassed();
      },
      lost: ended,
    });
  }

  #stopProbing(): void {
    this.#closed = true;
    clearTimeout(this.#probeTimer);
    void this.#probe?.close();
  }
}

/** The end of an attempt over HTTP, after one over gRPC. */
function both(first: Doubt, second: Doubt): Doubt {
  return second.ending === "broken" ? second : { ...second, reason: `over gRPC: ${first.reason}; over HTTP: ${second.reason}` };
}
