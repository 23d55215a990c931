/** Reads over gRPC, or over HTTP where a server answers only there: one before 2.0, or one whose gRPC port is blocked. */
import type { NacosService } from "./nacos-service.ts";
import type { Doubt, NamingEvents, NamingSource, ServiceName } from "./naming-source.ts";
import type { NacosServer } from "./settings.ts";

export type OpenOne = (events: NamingEvents) => NamingSource;

export class AutoSource implements NamingSource {
  readonly server: NacosServer;
  #source: NamingSource;

  constructor(server: NacosServer, events: NamingEvents, open: { readonly grpc: OpenOne; readonly http: OpenOne }) {
    let established = false;
    this.server = server;
    this.#source = open.grpc({
      ...events,
      established: () => {
        established = true;
        events.established();
      },
      lost: (first) => {
        // Whoever refuses us does so on every port.
        if (established || first.ending === "refused") events.lost(first);
        else this.#source = open.http({ ...events, lost: (second) => events.lost(both(first, second)) });
      },
    });
  }

  list(group?: string): Promise<readonly ServiceName[]> {
    return this.#source.list(group);
  }

  query(service: ServiceName): Promise<NacosService> {
    return this.#source.query(service);
  }

  subscribe(service: ServiceName): Promise<NacosService> {
    return this.#source.subscribe(service);
  }

  unsubscribe(service: ServiceName): Promise<void> {
    return this.#source.unsubscribe(service);
  }

  readConfig(dataId: string, group: string): Promise<string | undefined> {
    return this.#source.readConfig(dataId, group);
  }

  doubt(...why: Parameters<NamingSource["doubt"]>): void {
    this.#source.doubt(...why);
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

/** The end of an attempt over HTTP, after one over gRPC. */
function both(first: Doubt, second: Doubt): Doubt {
  return second.ending === "broken" ? second : { ...second, reason: `over gRPC: ${first.reason}; over HTTP: ${second.reason}` };
}
