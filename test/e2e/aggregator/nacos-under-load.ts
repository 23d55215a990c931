import { NacosRoute } from "../nacos/nacos-route.ts";
import type { Nacos } from "../servers/nacos.ts";
import { DubboInNacos, namedAsInZooKeeper } from "./dubbo-in-nacos.ts";
import { type Offer, UnderLoad } from "./under-load.ts";

/** A real Nacos behind a proxy. */
export class NacosUnderLoad extends UnderLoad {
  readonly #writer: DubboInNacos;
  readonly #route: NacosRoute;

  private constructor(writer: DubboInNacos, route: NacosRoute) {
    super("nacos", 62);
    this.#writer = writer;
    this.#route = route;
  }

  static async start(server: Nacos): Promise<NacosUnderLoad> {
    return new NacosUnderLoad(await DubboInNacos.connect(server), await NacosRoute.start(server));
  }

  get settings() {
    return { id: this.id, type: "nacos", transport: "grpc", listInterval: "2s", naming: namedAsInZooKeeper, ...this.#route.settings };
  }

  down(): Promise<void> {
    return this.#route.set("refuse");
  }

  up(): Promise<void> {
    return this.#route.set("pass");
  }

  async stop(): Promise<void> {
    this.#writer.close();
    await this.#route.stop();
  }

  protected write(service: string, _before: Offer | undefined, { endpoints, weight }: Offer): Promise<void> {
    return this.#writer.put(service, endpoints, { weight: String(weight) });
  }
}
