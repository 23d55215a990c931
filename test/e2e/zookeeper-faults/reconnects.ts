/** One server, reached through a proxy whose connections are broken again and again. */
import { setTimeout as sleep } from "node:timers/promises";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { freePorts } from "../servers/free-port.ts";
import { freeIstiodPorts } from "../servers/istiod.ts";
import { Tributary } from "../servers/tributary.ts";
import type { ZooKeeper } from "../servers/zookeeper.ts";
import type { EndpointView } from "./endpoint-view.ts";
import { type Observer, observeDelta } from "./observers.ts";
import { sessionTimeout } from "./setting.ts";

export class Reconnects {
  readonly tributary: Tributary;
  readonly #proxy: TcpProxy;
  readonly #observer: Observer;

  private constructor(proxy: TcpProxy, tributary: Tributary) {
    this.#proxy = proxy;
    this.tributary = tributary;
    this.#observer = observeDelta(tributary.address);
  }

  /** @param settings of the registry, beside where it is */
  static async start(server: ZooKeeper, settings: Readonly<Record<string, unknown>> = {}): Promise<Reconnects> {
    const [port] = await freePorts(1);
    const proxy = await TcpProxy.start(server.port, port);
    const tributary = await Tributary.start({
      registries: [{ id: "zk", type: "zookeeper", servers: `127.0.0.1:${proxy.port}`, sessionTimeout: `${sessionTimeout}ms`, ...settings }],
      istiod: await freeIstiodPorts(),
    });
    return new Reconnects(proxy, tributary);
  }

  get view(): EndpointView {
    return this.#observer.view;
  }

  /**
   * Breaks the connection, makes a change, and watches for a while behind it.
   * @param change registers a provider at an address
   * @returns the ms until the change was seen, and how many connections were made in all
   */
  async once(address: string, change: (address: string) => Promise<void>): Promise<{ seen: number; connections: number }> {
    const accepted = this.#proxy.accepted;
    this.#proxy.disconnectAll();
    const begun = performance.now();
    await change(address);
    await this.view.until(address, ({ all }) => all.some((endpoint) => endpoint.includes(` ${address}:`)), 30_000);
    const seen = performance.now() - begun;
    // A session that is lost after every listing would be lost again by now, and this one counts as a good one.
    await sleep(11_000);
    return { seen, connections: this.#proxy.accepted - accepted };
  }

  async stop(): Promise<void> {
    this.#observer.stop();
    await this.tributary.stop();
    await this.#proxy.close();
  }
}
