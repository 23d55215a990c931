/** Registers instances at a Eureka server, real or fake, as its clients do: by REST. */
import { Agent, request } from "node:http";
import type { InstanceJson } from "./fake-eureka/instances.ts";

export interface Registration {
  /** As Spring names it: in any case. */
  readonly app: string;
  readonly address: string;
  readonly port: number;
  /** Default: address and port. */
  readonly id?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Written over everything else. */
  readonly further?: Readonly<Record<string, unknown>>;
}

/** What Spring's client sends. */
export function instanceJson({ app, address, port, id = `${address}:${port}`, metadata = {}, further = {} }: Registration): InstanceJson {
  return {
    instanceId: id,
    hostName: address,
    app: app.toUpperCase(),
    ipAddr: address,
    status: "UP",
    overriddenStatus: "UNKNOWN",
    port: { $: port, "@enabled": "true" },
    securePort: { $: 443, "@enabled": "false" },
    countryId: 1,
    dataCenterInfo: { "@class": "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo", name: "MyOwn" },
    vipAddress: app,
    metadata,
    ...further,
  };
}

function pathOf(app: string, id: string): string {
  return `/apps/${encodeURIComponent(app.toUpperCase())}/${encodeURIComponent(id)}`;
}

/** Requests on their way at a time. */
const inFlight = 16;

export class EurekaWriter {
  readonly #url: string;
  readonly #authorization: string | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  readonly #registered = new Map<string, InstanceJson>();

  /** @param url as clients are configured with */
  constructor(url: string, login?: { readonly user: string; readonly password: string }) {
    this.#url = url.replace(/\/+$/, "");
    this.#authorization = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
  }

  /** How many are registered. */
  get size(): number {
    return this.#registered.size;
  }

  async register(registration: Registration): Promise<void> {
    const instance = instanceJson(registration);
    this.#registered.set(pathOf(instance.app, instance.instanceId), instance);
    await this.#post(instance);
  }

  async registerAll(registrations: readonly Registration[]): Promise<void> {
    await eachOf(registrations, (registration) => this.register(registration));
  }

  /** As every client does when its server does not know it any more. */
  async registerAgain(): Promise<void> {
    await eachOf([...this.#registered.values()], (instance) => this.#post(instance));
  }

  /** Renews all leases. */
  async renew(): Promise<void> {
    await eachOf([...this.#registered.keys()], (path) => this.#send("PUT", path));
  }

  async cancel(app: string, id: string): Promise<void> {
    this.#registered.delete(pathOf(app, id));
    await this.#expect(200, "DELETE", pathOf(app, id));
  }

  async setStatus(app: string, id: string, status: string): Promise<void> {
    await this.#expect(200, "PUT", `${pathOf(app, id)}/status?value=${status}`);
  }

  async setMetadata(app: string, id: string, key: string, value: string): Promise<void> {
    await this.#expect(200, "PUT", `${pathOf(app, id)}/metadata?${key}=${encodeURIComponent(value)}`);
  }

  /** Ids of an application's instances that were registered here. */
  idsOf(app: string): string[] {
    return [...this.#registered.values()].filter((instance) => instance.app === app.toUpperCase()).map(({ instanceId }) => instanceId);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(instance: InstanceJson): Promise<void> {
    await this.#expect(204, "POST", `/apps/${encodeURIComponent(instance.app)}`, JSON.stringify({ instance }));
  }

  async #expect(status: number, method: string, path: string, body?: string): Promise<void> {
    const answered = await this.#send(method, path, body);
    if (answered !== status) throw new Error(`${method} ${path}: ${answered}`);
  }

  #send(method: string, path: string, body?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
        ...(this.#authorization !== undefined && { authorization: this.#authorization }),
      };
      const call = request(this.#url + path, { method, agent: this.#agent, headers }, (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
        response.once("error", reject);
      });
      call.once("error", reject);
      call.end(body);
    });
  }
}

async function eachOf<T>(items: readonly T[], action: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) await action(items[next++]!);
  };
  await Promise.all(Array.from({ length: inFlight }, work));
}
