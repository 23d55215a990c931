/** The way to a real Nacos, through proxies that can be cut off; its console, which the jars lack, is stood in for. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ProxyMode, TcpProxy } from "../../support/tcp-proxy.ts";
import type { Nacos } from "../servers/nacos.ts";

export class NacosRoute {
  /** Beside the public one; what the console lists. */
  readonly namespaces: { readonly id: string; readonly name: string }[] = [];
  readonly #grpc: TcpProxy;
  readonly #console: Server;

  private constructor(grpc: TcpProxy) {
    this.#grpc = grpc;
    this.#console = createServer((request, response) => {
      const data = [{ id: "", name: "public" }, ...this.namespaces];
      const isList = request.url?.startsWith("/nacos/v1/console/namespaces") ?? false;
      const content = { code: 200, data: data.map(({ id, name }) => ({ namespace: id, namespaceShowName: name })) };
      response.writeHead(isList ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(isList ? content : {}));
    });
  }

  static async start(nacos: Nacos): Promise<NacosRoute> {
    const route = new NacosRoute(await TcpProxy.start(nacos.port + 1_000));
    route.#console.listen(0, "127.0.0.1");
    await once(route.#console, "listening");
    return route;
  }

  /** Of the registry. */
  get settings() {
    const { port } = this.#console.address() as AddressInfo;
    return { servers: `127.0.0.1:${port}`, grpcPortOffset: this.#grpc.port - port };
  }

  set(mode: ProxyMode): Promise<void> {
    return this.#grpc.set(mode);
  }

  async stop(): Promise<void> {
    this.#console.closeAllConnections();
    this.#console.close();
    await this.#grpc.close();
  }
}
