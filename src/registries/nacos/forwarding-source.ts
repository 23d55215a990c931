import type { NacosService } from "./nacos-service.ts";
import type { NamingSource, ServiceName } from "./naming-source.ts";
import type { NacosServer } from "./settings.ts";

/** A source that is another one, or several in turn. */
export abstract class ForwardingSource implements NamingSource {
  readonly server: NacosServer;
  /** Set before anything is asked. */
  protected source!: NamingSource;

  constructor(server: NacosServer) {
    this.server = server;
  }

  list(group?: string): Promise<readonly ServiceName[]> {
    return this.source.list(group);
  }

  query(service: ServiceName, healthyOnly?: boolean): Promise<NacosService> {
    return this.source.query(service, healthyOnly);
  }

  subscribe(service: ServiceName): Promise<NacosService> {
    return this.source.subscribe(service);
  }

  unsubscribe(service: ServiceName): Promise<void> {
    return this.source.unsubscribe(service);
  }

  readConfig(dataId: string, group: string): Promise<string | undefined> {
    return this.source.readConfig(dataId, group);
  }

  doubt(...why: Parameters<NamingSource["doubt"]>): void {
    this.source.doubt(...why);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
