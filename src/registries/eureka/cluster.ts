import type { EurekaServer } from "./server/server.ts";

/** The servers of one cluster, of which one is asked: its peers tell the same some seconds earlier or later. */
export class Cluster {
  readonly servers: readonly EurekaServer[];
  #current = 0;

  constructor(servers: readonly EurekaServer[]) {
    this.servers = servers;
  }

  get current(): EurekaServer {
    return this.servers[this.#current]!;
  }

  get others(): EurekaServer[] {
    return this.servers.filter((server) => server !== this.current);
  }

  use(server: EurekaServer): void {
    this.#current = this.servers.indexOf(server);
  }

  /** The one after the current takes its place. */
  next(): void {
    this.#current = (this.#current + 1) % this.servers.length;
  }
}
