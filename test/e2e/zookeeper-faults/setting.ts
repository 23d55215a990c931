/** ZooKeeper as it is set up somewhere, with a network between it and Tributary that can fail. */

import { type ProxyMode, TcpProxy } from "../../support/tcp-proxy.ts";
import type { ZooKeeperVersion } from "../install/zookeeper.ts";
import { freePorts } from "../servers/free-port.ts";
import type { ZooKeeper } from "../servers/zookeeper.ts";
import { ZooKeeperEnsemble } from "../servers/zookeeper-ensemble.ts";

/** Tributary's, in ms: short, so that faults which outlast it need not be long. */
export const sessionTimeout = 4_000;

interface Route {
  readonly server: ZooKeeper;
  readonly proxy: TcpProxy;
}

export class Setting {
  /** Of Dubbo's registry, and a label of all hosts. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly ensemble: ZooKeeperEnsemble;
  readonly #routes: readonly Route[];

  private constructor(version: ZooKeeperVersion, ensemble: ZooKeeperEnsemble, routes: readonly Route[]) {
    const size = ensemble.members.length;
    this.id = `zk-${version.replaceAll(".", "-")}-${size}`;
    this.name = `${version}, ${size === 1 ? "one server" : "three servers"}`;
    this.ensemble = ensemble;
    this.#routes = routes;
  }

  /** A single server has two addresses, so that there is always another one to try. */
  static async start(version: ZooKeeperVersion, size: 1 | 3): Promise<Setting> {
    const ensemble = await ZooKeeperEnsemble.start({ version, size });
    const servers = size === 1 ? [...ensemble.members, ...ensemble.members] : ensemble.members;
    const ports = await freePorts(servers.length);
    const proxies = await Promise.all(servers.map((server, at) => TcpProxy.start(server.port, ports[at])));
    const routes = servers.map((server, at) => ({ server, proxy: proxies[at]! }));
    return new Setting(version, ensemble, routes);
  }

  /** One server and no other. */
  get alone(): boolean {
    return this.ensemble.members.length === 1;
  }

  /** Dubbo's entry in Tributary's configuration. The setting is a label of every host. */
  get dubbo(): Readonly<Record<string, unknown>> {
    const naming = { template: `[{protocol}.]{name}[.v-{version}][.g-{group}].${this.id}.dubbo` };
    return { id: this.id, type: "zookeeper", ...this.#connection, naming };
  }

  /** Spring's entry, a second session with the same servers. */
  get spring(): Readonly<Record<string, unknown>> {
    const naming = { template: `[{protocol}.]{name}.${this.id}.zookeeper` };
    return { id: `${this.id}-spring`, type: "spring-cloud-zookeeper", ...this.#connection, naming };
  }

  /** Connections that Tributary had accepted so far. */
  get accepted(): number {
    return this.#routes.reduce((sum, { proxy }) => sum + proxy.accepted, 0);
  }

  /** A server that Tributary is connected to. */
  get connected(): ZooKeeper {
    return this.#connectedRoute.server;
  }

  async network(mode: ProxyMode): Promise<void> {
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
    const { proxy: used } = this.#connectedRoute;
    await Promise.all(this.#routes.map(({ proxy }) => proxy !== used && proxy.set("black-hole")));
  }

  /** Breaks what is open. */
  disconnect(): void {
    for (const { proxy } of this.#routes) proxy.disconnectAll();
  }

  /** Ends every fault that is still there. */
  async heal(): Promise<void> {
    await this.network("pass");
    this.delay(0);
    const dead = this.ensemble.members.filter(({ alive }) => !alive);
    for (const member of this.ensemble.members) if (member.alive) member.resume();
    await this.ensemble.restart(dead);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#routes.map(({ proxy }) => proxy.close()));
    await this.ensemble.stop();
  }

  get #connection() {
    return { servers: this.#routes.map(({ proxy }) => `127.0.0.1:${proxy.port}`), sessionTimeout: `${sessionTimeout}ms` };
  }

  get #connectedRoute(): Route {
    const route = this.#routes.find(({ proxy }) => proxy.open > 0);
    if (route === undefined) throw new Error(`${this.name}: nobody is connected`);
    return route;
  }
}
