/**
 * Tells the true health of services whose protection threshold is reached. The server then calls all instances healthy,
 * so that those few that are would not be overrun; but asked for the healthy ones alone, it tells the truth (observed).
 */
import { ForwardingSource } from "./forwarding-source.ts";
import { instanceText, type NacosService } from "./nacos-service.ts";
import type { NamingEvents, NamingSource, ServiceName } from "./naming-source.ts";
import { serviceText } from "./service-text.ts";
import type { NacosServer } from "./settings.ts";

export class TrueHealthSource extends ForwardingSource {
  /** By service: what was told last, as long as its truth is asked for. */
  readonly #asking = new Map<string, NacosService>();

  constructor(server: NacosServer, events: NamingEvents, open: (events: NamingEvents) => NamingSource) {
    super(server);
    this.source = open({ ...events, changed: (service) => void this.#changed(service, events) });
  }

  override async query(service: ServiceName, healthyOnly?: boolean): Promise<NacosService> {
    return this.#truth(await this.source.query(service, healthyOnly));
  }

  override async subscribe(service: ServiceName): Promise<NacosService> {
    return this.#truth(await this.source.subscribe(service));
  }

  async #changed(service: NacosService, events: NamingEvents): Promise<void> {
    const name = serviceText(service);
    if (!service.reachProtectionThreshold) {
      this.#asking.delete(name);
      events.changed(service);
      return;
    }
    this.#asking.set(name, service);
    try {
      const truth = await this.#truth(service);
      if (this.#asking.get(name) === service) events.changed(truth);
    } catch (error) {
      // Of a source that is lost, nobody wants to know.
      if (this.#asking.get(name) === service) events.unreadable(name, (error as Error).message);
    } finally {
      if (this.#asking.get(name) === service) this.#asking.delete(name);
    }
  }

  async #truth(service: NacosService): Promise<NacosService> {
    return service.reachProtectionThreshold ? withTrueHealth(service, await this.source.query(service, true)) : service;
  }
}

/** @param healthy the same service with its healthy instances only */
function withTrueHealth(service: NacosService, healthy: NacosService): NacosService {
  const alive = new Set(healthy.instances.map(instanceText));
  const instances = service.instances.map((instance) => ({ ...instance, healthy: alive.has(instanceText(instance)) }));
  return { ...service, instances };
}
