/**
 * Registers Dubbo providers in a real ZooKeeper as Dubbo does with `register-mode=interface`:
 * persistent folders, ephemeral nodes whose names are encoded URLs, the provider's address as data.
 */
import { ZooKeeperClient } from "./zookeeper-client.ts";

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
  readonly #client: ZooKeeperClient;

  private constructor(client: ZooKeeperClient) {
    this.#client = client;
  }

  /**
   * Its nodes live as long as its session.
   * @param sessionTimeout ms that they outlive a killed writer or a dead server
   */
  static async connect(address: string, sessionTimeout?: number): Promise<DubboWriter> {
    return new DubboWriter(await ZooKeeperClient.connect(address, sessionTimeout));
  }

  /** A provider with the parameter `dynamic: "false"` outlives the session, as in Dubbo. */
  async register(provider: Provider): Promise<void> {
    const lifetime = provider.parameters?.dynamic === "false" ? "persistent" : "ephemeral";
    await this.#client.create(providerPath(provider), provider.host, lifetime);
  }

  /** As Dubbo does it with a user name in the registry's URL: nobody else may read the node itself. */
  async registerPrivately(provider: Provider): Promise<void> {
    await this.#client.createPrivate(providerPath(provider), provider.host);
  }

  async unregister(provider: Provider): Promise<void> {
    await this.#client.remove(providerPath(provider));
  }

  /** Its connection, for what is beside Dubbo. */
  get client(): ZooKeeperClient {
    return this.#client;
  }

  /** Ends the session: its providers are gone at once. */
  async close(): Promise<void> {
    await this.#client.close();
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
