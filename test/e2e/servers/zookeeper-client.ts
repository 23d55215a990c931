/** A client of a real ZooKeeper, with promises. One connection, one session. */
import { once } from "node:events";
import zookeeper from "node-zookeeper-client";

type Done<T> = (error: Error | zookeeper.Exception | null, value: T) => void;

export class ZooKeeperClient {
  readonly #client: zookeeper.Client;

  private constructor(client: zookeeper.Client) {
    this.#client = client;
  }

  /** @param sessionTimeout ms that ephemeral nodes outlive a killed client or a dead server */
  static async connect(address: string, sessionTimeout = 30_000): Promise<ZooKeeperClient> {
    const client = zookeeper.createClient(address, { sessionTimeout, spinDelay: 200, retries: 0 });
    const connected = once(client, "connected", { signal: AbortSignal.timeout(10_000) });
    client.connect();
    await connected;
    return new ZooKeeperClient(client);
  }

  /** Creates a node and the folders above it. */
  async create(path: string, data: string, lifetime: "ephemeral" | "persistent"): Promise<void> {
    await this.#call<string>((done) => this.#client.mkdirp(path.slice(0, path.lastIndexOf("/")), done));
    const mode = zookeeper.CreateMode[lifetime === "ephemeral" ? "EPHEMERAL" : "PERSISTENT"];
    await this.#call<string>((done) => this.#client.create(path, Buffer.from(data), mode, done));
  }

  /** An ephemeral node, in a folder that exists, for those only who authenticated as this connection did. */
  async createPrivate(path: string, data: string): Promise<void> {
    const acl = new zookeeper.ACL(zookeeper.Permission.ALL, new zookeeper.Id("auth", ""));
    const { EPHEMERAL } = zookeeper.CreateMode;
    await this.#call<string>((done) => this.#client.create(path, Buffer.from(data), [acl], EPHEMERAL, done));
  }

  async remove(path: string): Promise<void> {
    await this.#call<unknown>((done) => this.#client.remove(path, -1, (error) => done(error, undefined)));
  }

  /** Names of the nodes below; none if the node itself is missing. */
  async children(path: string): Promise<string[]> {
    try {
      return await this.#call<string[]>((done) => this.#client.getChildren(path, (error, names) => done(error, names)));
    } catch (error) {
      if ((error as zookeeper.Exception).getCode?.() === zookeeper.Exception.NO_NODE) return [];
      throw error;
    }
  }

  /** Authenticates this connection with a user and a password. */
  authenticate(user: string, password: string): void {
    this.#client.addAuthInfo("digest", Buffer.from(`${user}:${password}`));
  }

  /** Lets nobody read a node any more, or everybody again; who may change that stays everybody. */
  async setReadable(path: string, readable: boolean): Promise<void> {
    const { ALL, ADMIN } = zookeeper.Permission;
    await this.#setAcl(path, new zookeeper.ACL(readable ? ALL : ADMIN, new zookeeper.Id("world", "anyone")));
  }

  /** Lets only those read and write a node who authenticated as this connection did. */
  async setPrivate(path: string): Promise<void> {
    await this.#setAcl(path, new zookeeper.ACL(zookeeper.Permission.ALL, new zookeeper.Id("auth", "")));
  }

  /** Lets only one identity read a node; whoever can reach it may still do everything else. */
  async setReader(path: string, scheme: string, id: string): Promise<void> {
    const { ALL, READ } = zookeeper.Permission;
    const everybody = new zookeeper.Id("world", "anyone");
    await this.#setAcl(path, new zookeeper.ACL(READ, new zookeeper.Id(scheme, id)), new zookeeper.ACL(ALL & ~READ, everybody));
  }

  /** Ends the session: its ephemeral nodes are gone at once. */
  async close(): Promise<void> {
    const disconnected = once(this.#client, "disconnected", { signal: AbortSignal.timeout(5_000) });
    this.#client.close();
    await disconnected.catch(() => {});
  }

  async #setAcl(path: string, ...acl: zookeeper.ACL[]): Promise<void> {
    await this.#call<unknown>((done) => this.#client.setACL(path, acl, -1, done));
  }

  #call<T>(start: (done: Done<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      start((error, value) => (error === null || error === undefined ? resolve(value) : reject(error)));
    });
  }
}
