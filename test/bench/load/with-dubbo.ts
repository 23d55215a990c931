/** A real ZooKeeper with a large Dubbo registry in it, and the program before it, each for as long as a measurement takes. */
import { ZooKeeper, type ZooKeeperOptions } from "../../e2e/servers/zookeeper.ts";
import type { ClientProtocol } from "../client/client-messages.ts";
import { ClientProcess } from "../client/client-process.ts";
import { type ServerOptions, ServerProcess } from "../program/server-process.ts";
import { DubboTree } from "./dubbo-tree.ts";

/** MiB; 140,000 nodes with long names do not fit into the usual one. */
const zooKeeperHeap = 1_536;

export const providersPerInterface = 10;

export interface Dubbo {
  readonly zooKeeper: ZooKeeper;
  readonly tree: DubboTree;
  /** For the program's configuration. */
  readonly registries: ServerOptions["registries"];
}

export async function withDubbo<T>(
  interfaces: number,
  say: (line: string) => void,
  use: (dubbo: Dubbo) => Promise<T>,
  options: ZooKeeperOptions = {},
): Promise<T> {
  const zooKeeper = await ZooKeeper.start({ ...options, heap: zooKeeperHeap, compiler: "full" });
  try {
    const tree = await DubboTree.load(zooKeeper.address, interfaces, providersPerInterface);
    say(`${interfaces} × ${providersPerInterface} providers in ZooKeeper, names of ${tree.nameLength} bytes`);
    const result = await use({ zooKeeper, tree, registries: [{ id: "zk", type: "zookeeper", servers: zooKeeper.address }] });
    tree.close();
    return result;
  } finally {
    await zooKeeper.stop();
  }
}

/** The client is started first, so that its own start is not measured. */
export async function withServer<T>(
  options: ServerOptions & { readonly protocol?: ClientProtocol },
  use: (server: ServerProcess, client: ClientProcess) => Promise<T>,
): Promise<T> {
  const client = await ClientProcess.start(options.protocol);
  const server = await ServerProcess.start(options);
  try {
    return await use(server, client);
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : error}; the server ${server.alive ? "runs" : "ended"}: ${server.output()}`,
      { cause: error },
    );
  } finally {
    await Promise.all([client.stop(), server.stop()]);
  }
}
