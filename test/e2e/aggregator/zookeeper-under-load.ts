import { TcpProxy } from "../../support/tcp-proxy.ts";
import { DubboWriter } from "../servers/dubbo-writer.ts";
import type { ZooKeeper } from "../servers/zookeeper.ts";
import { type Offer, UnderLoad } from "./under-load.ts";

/** A real ZooKeeper behind a proxy. Its providers outlive the session. */
export class ZooKeeperUnderLoad extends UnderLoad {
  readonly #writer: DubboWriter;
  readonly #proxy: TcpProxy;

  private constructor(writer: DubboWriter, proxy: TcpProxy) {
    super("zookeeper", 61);
    this.#writer = writer;
    this.#proxy = proxy;
  }

  static async start(server: ZooKeeper): Promise<ZooKeeperUnderLoad> {
    return new ZooKeeperUnderLoad(await DubboWriter.connect(server.address, 300_000), await TcpProxy.start(server.port));
  }

  get settings() {
    return { id: this.id, type: "zookeeper", servers: `127.0.0.1:${this.#proxy.port}`, sessionTimeout: "4s" };
  }

  down(): Promise<void> {
    return this.#proxy.set("black-hole");
  }

  async up(): Promise<void> {
    this.#proxy.disconnectAll();
    await this.#proxy.set("pass");
  }

  async stop(): Promise<void> {
    await this.#writer.close();
    await this.#proxy.close();
  }

  /** As providers that restart quickly: the new node is there before the old one is gone. */
  protected async write(service: string, before: Offer | undefined, after: Offer): Promise<void> {
    const isSame = before?.weight === after.weight;
    for (const endpoint of after.endpoints) {
      if (!isSame || !before.endpoints.includes(endpoint)) await this.#writer.register(provider(service, endpoint, after.weight));
    }
    for (const endpoint of before?.endpoints ?? []) {
      if (!isSame || !after.endpoints.includes(endpoint)) await this.#writer.unregister(provider(service, endpoint, before!.weight));
    }
  }
}

function provider(service: string, endpoint: string, weight: number) {
  const [host = "", port = ""] = endpoint.split(":");
  return { interface: service, host, port: Number(port), parameters: { weight: String(weight), dynamic: "false" } };
}
