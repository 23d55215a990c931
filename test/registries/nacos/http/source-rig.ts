/** One source that reads over HTTP, and what it told. */
import { EventEmitter, once } from "node:events";
import type { TestContext } from "node:test";
import { silentLogger } from "../../../../src/log/logger.ts";
import { Credentials } from "../../../../src/registries/nacos/access/credentials.ts";
import { HttpSource } from "../../../../src/registries/nacos/http/http-source.ts";
import type { NacosService } from "../../../../src/registries/nacos/nacos-service.ts";
import type { Doubt } from "../../../../src/registries/nacos/naming-source.ts";
import type { NacosSettings } from "../../../../src/registries/nacos/settings.ts";
import { FakeNacosHttp, type FakeOptions } from "../../../support/fake-nacos-http/server.ts";

export const orders = { group: "DEFAULT_GROUP", name: "orders" };

export async function startFake(context: TestContext, options: FakeOptions = {}): Promise<FakeNacosHttp> {
  const fake = await new FakeNacosHttp(options).start();
  context.after(() => fake.stop());
  return fake;
}

export class SourceRig {
  readonly source: HttpSource;
  readonly changes: NacosService[] = [];
  readonly unreadable: string[] = [];
  contacts = 0;
  doubt: Doubt | undefined;
  readonly #events = new EventEmitter();

  constructor(context: TestContext, fake: { readonly port: number }, changes: Partial<NacosSettings> = {}) {
    const settings = { ...baseSettings, ...changes };
    this.source = new HttpSource({
      server: { scheme: "http", host: "127.0.0.1", port: fake.port },
      namespace: "public",
      settings,
      credentials: new Credentials(settings),
      log: silentLogger,
      events: {
        established: () => this.#events.emit("established"),
        changed: (service) => {
          this.changes.push(service);
          this.#events.emit("changed");
        },
        appeared: () => {},
        unreadable: (where, reason) => {
          this.unreadable.push(`${where}: ${reason}`);
          this.#events.emit("unreadable");
        },
        contact: () => void this.contacts++,
        surpassed: () => {},
        lost: (doubt) => {
          this.doubt = doubt;
          this.#events.emit("lost");
        },
      },
    });
    context.after(() => this.source.close());
  }

  established(): Promise<unknown> {
    return once(this.#events, "established");
  }

  async lost(): Promise<Doubt> {
    if (!this.doubt) await once(this.#events, "lost");
    return this.doubt!;
  }

  async until(event: "changed" | "unreadable", condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#events, event);
  }

  /** Addresses of the service as it was told last. */
  addresses(name = orders.name): string[] | undefined {
    return addressesOf(this.changes.findLast((service) => service.name === name));
  }
}

export function addressesOf(service: NacosService | undefined): string[] | undefined {
  return service?.instances.map(({ ip, port }) => `${ip}:${port}`);
}

const baseSettings = {
  servers: [],
  contextPath: "/nacos",
  transport: "http",
  maxInFlight: 16,
  pollInterval: 100,
  requestTimeout: 2_000,
  healthCheckInterval: 5_000,
} as unknown as NacosSettings;
