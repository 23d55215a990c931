/** Reads over gRPC, or over HTTP where a server answers only there: one before 2.0, or one whose gRPC port is blocked. */
import { ForwardingSource } from "./forwarding-source.ts";
import type { Doubt, NamingEvents, NamingSource } from "./naming-source.ts";
import type { NacosServer } from "./settings.ts";

export type OpenOne = (events: NamingEvents) => NamingSource;

export class AutoSource extends ForwardingSource {
  constructor(server: NacosServer, events: NamingEvents, open: { readonly grpc: OpenOne; readonly http: OpenOne }) {
    super(server);
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
        else this.source = open.http({ ...events, lost: (second) => events.lost(both(first, second)) });
      },
    });
  }
}

/** The end of an attempt over HTTP, after one over gRPC. */
function both(first: Doubt, second: Doubt): Doubt {
  return second.ending === "broken" ? second : { ...second, reason: `over gRPC: ${first.reason}; over HTTP: ${second.reason}` };
}
