/** Dubbo providers in a real Nacos, as Dubbo registers them by interface. */
import type { Nacos } from "../servers/nacos.ts";
import { NacosWriter } from "../servers/nacos-writer.ts";

/** How Nacos' services are named, so that they are called as those in ZooKeeper. */
export const namedAsInZooKeeper = { suffix: "dubbo", template: "[{protocol}.]{name}[.v-{version}][.g-{group}].dubbo" };

export class DubboInNacos {
  readonly #writer: NacosWriter;

  private constructor(writer: NacosWriter) {
    this.#writer = writer;
  }

  /** Its providers live as long as its connection. */
  static async connect(nacos: Nacos): Promise<DubboInNacos> {
    return new DubboInNacos(await NacosWriter.connect(nacos.port));
  }

  /** Exactly these providers of an interface, `address:port`, in place of those that were put before. */
  async put(name: string, endpoints: readonly string[], parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#writer.put({
      name: `providers:${name}::`,
      instances: endpoints.map((endpoint) => ({
        address: endpoint.slice(0, endpoint.indexOf(":")),
        port: Number(endpoint.slice(endpoint.indexOf(":") + 1)),
      })),
      metadata: { side: "provider", protocol: "dubbo", interface: name, path: name, application: "order-center", ...parameters },
    });
  }

  close(): void {
    this.#writer.close();
  }
}
