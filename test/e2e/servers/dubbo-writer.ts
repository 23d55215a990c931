/**
 * Registers Dubbo providers in a real ZooKeeper as Dubbo does with `register-mode=interface`:
 * persistent folders, ephemeral nodes whose names are encoded URLs, the provider's address as data.
 */
import { once } from "node:events";
import zookeeper from "node-zookeeper-client";

export interface Provider {
  readonly interface: string;
  readonly host: string;
  readonly port: number;
  /** `dubbo` if absent. */
  readonly protocol?: string;
  readonly application?: string;
  readonly group?: string;
  readonly version?: string;
  /** Further parameters: `weight`, `dubbo.tag`, … */
  readonly parameters?: Readonly<Record<string, string>>;
}

export class DubboWriter {
  readonly #client: zookeeper.Client;

  private constructor(client: zookeeper.Client) {
    this.#client = client;
  }

  /**
   * Its nodes live as long as its session.
   * @param sessionTimeout ms that they outlive a killed writer or a dead server
   */
  static async connect(address: string, sessionTimeout = 30_000): Promise<DubboWriter> {
    const client = zookeeper.createClient(address, { sessionTimeout, spinDelay: 200, retries: 0 });
    const connected = once(client, "connected", { signal: AbortSignal.timeout(10_000) });
    client.connect();
    await connected;
    return new DubboWriter(client);
  }

  /** @returns the path of its node */
  async register(provider: Provider): Promise<string> {
    const path = providerPath(provider);
    await this.#folder(path.slice(0, path.lastIndexOf("/")));
    await this.#call((done) => this.#client.create(path, Buffer.from(provider.host), zookeeper.CreateMode.EPHEMERAL, done));
    return path;
  }

  async unregister(provider: Provider): Promise<void> {
    await this.#call((done) => this.#client.remove(providerPath(provider), -1, done));
  }

  /** Removes an interface that has no nodes any more: nobody does that but an operator. */
  async removeInterface(name: string): Promise<void> {
    await this.#call((done) => this.#client.remove(`/dubbo/${name}/providers`, -1, done));
    await this.#call((done) => this.#client.remove(`/dubbo/${name}`, -1, done));
  }

  /** Ends the session: its nodes are gone at once. */
  async close(): Promise<void> {
    const disconnected = once(this.#client, "disconnected", { signal: AbortSignal.timeout(5_000) });
    this.#client.close();
    await disconnected.catch(() => {});
  }

  async #folder(path: string): Promise<void> {
    await this.#call((done) => this.#client.mkdirp(path, done));
  }

  #call(start: (done: (error: Error | zookeeper.Exception | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) => (error === null || error === undefined ? resolve() : reject(error)));
    });
  }
}

/** `/dubbo/INTERFACE/providers/ENCODED-URL`; parameters in Dubbo's order, by name. */
export function providerPath(provider: Provider): string {
  const { host, port, protocol = "dubbo", application = "order-center", group, version, parameters = {} } = provider;
  const all: Record<string, string | undefined> = {
    anyhost: "true",
    application,
    deprecated: "false",
    dubbo: "2.0.2",
    dynamic: "true",
    generic: "false",
    group,
    interface: provider.interface,
    methods: "create,query",
    "prefer.serialization": "hessian2,fastjson2",
    release: "3.3.6",
    revision: version,
    side: "provider",
    timestamp: "1795234569230",
    version,
    ...parameters,
  };
  const query = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join("&");
  const address = host.includes(":") ? `[${host}]` : host;
  return `/dubbo/${provider.interface}/providers/${encodeURIComponent(`${protocol}://${address}:${port}/${provider.interface}?${query}`)}`;
}
