/** The network between one session and the servers that it may choose from: a proxy before each. */
import { type ProxyMode, TcpProxy } from "../../support/tcp-proxy.ts";
import { freePorts } from "../servers/free-port.ts";
import type { ZooKeeper } from "../servers/zookeeper.ts";

interface Route {
  readonly server: ZooKeeper;
  readonly proxy: TcpProxy;
}

export class Routes {
  readonly #routes: readonly Route[];

  private constructor(routes: readonly Route[]) {
    this.#routes = routes;
  }

  /** A server that is alone gets two addresses, so that there is always another one to try. */
  static async start(members: readonly ZooKeeper[]): Promise<Routes> {
    const servers = members.length === 1 ? [...members, ...members] : members;
    const ports = await freePorts(servers.length);
    return new Routes(
      await Promise.all(servers.map(async (server, at) => ({ server, proxy: await TcpProxy.start(server.port, ports[at]) }))),
    );
  }

  get addresses(): string[] {
    return this.#routes.map(({ proxy }) => `127.0.0.1:${proxy.port}`);
  }

  /** Connections so far. */
  get accepted(): number {
    return this.#routes.reduce((sum, { proxy }) => sum + proxy.accepted, 0);
  }

  /** The server in use. */
  get used(): ZooKeeper {
    return this.#used.server;
  }

  async set(mode: ProxyMode): Promise<void> {
    await Promise.all(this.#routes.map(({ proxy }) => proxy.set(mode)));
  }

  /** Holds back what servers say, in ms. */
  delay(ms: number): void {
    for (const { proxy } of this.#routes) proxy.delayMs = ms;
  }

  /** Cuts the next connection that brings so many further bytes; resolves when that has happened. */
  async cutAfter(bytes: number): Promise<void> {
    for (const { proxy } of this.#routes) proxy.cutAfter = bytes;
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (this.#routes.every(({ proxy }) => proxy.cutAfter !== Number.POSITIVE_INFINITY)) return;
        clearInterval(look);
        resolve();
      }, 5);
    });
    for (const { proxy } of this.#routes) proxy.cutAfter = Number.POSITIVE_INFINITY;
  }

  /** Every address but the one in use becomes mute. */
  async muteOthers(): Promise<void> {
    const { proxy: used } = this.#used;
    await Promise.all(this.#routes.map(({ proxy }) => proxy !== used && proxy.set("black-hole")));
  }

  /** Breaks what is open. */
  disconnect(): void {
    for (const { proxy } of this.#routes) proxy.disconnectAll();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#routes.map(({ proxy }) => proxy.close()));
  }

  get #used(): Route {
    const route = this.#routes.find(({ proxy }) => proxy.open > 0);
    if (route === undefined) throw new Error("no server is in use");
    return route;
  }
}
