/**
 * Writes a registry's layout, Dubbo's interface level unless told otherwise, into any ZooKeeper, real
 * or fake, through `node-zookeeper-client` as an independent client. Nodes are persistent, so they
 * outlive the short session each operation uses; a reader sees no difference.
 */
import { once } from "node:events";
import zookeeper from "node-zookeeper-client";
import type { RigInstance, RigService } from "./registry-driver.ts";

const parallel = 100;
const connectMs = 10_000;

/** Where services and their instances lie. */
export interface ZookeeperLayout {
  readonly root: string;
  /** Path of the parent of a service's instances. */
  folder(name: string): string;
  node(name: string, instance: RigInstance): { readonly name: string; readonly data?: string };
  /** What describes the service elsewhere, and outlives it. */
  description?(name: string): { readonly path: string; readonly data: string };
}

export const dubboLayout: ZookeeperLayout = {
  root: "/dubbo",
  folder: (name) => `/dubbo/${name}/providers`,
  node: (name, instance) => ({ name: providerNode(name, instance) }),
};

export class ZookeeperWriter {
  readonly #address: string;
  readonly #layout: ZookeeperLayout;

  /** @param address `host:port` */
  constructor(address: string, layout = dubboLayout) {
    this.#address = address;
    this.#layout = layout;
  }

  /** A service with exactly these instances; new ones come before old ones go. */
  put(service: RigService): Promise<void> {
    return this.#session(async (client) => {
      const folder = await this.#folder(client, service.name);
      const before = await children(client, folder);
      const wanted = service.instances.map((instance) => this.#layout.node(service.name, instance));
      for (const { name, data } of wanted) if (!before.includes(name)) await createOne(client, `${folder}/${name}`, data);
      for (const name of before) if (!wanted.some((node) => node.name === name)) await remove(client, `${folder}/${name}`);
    });
  }

  bulk(services: readonly RigService[]): Promise<void> {
    return this.#session(async (client) => {
      await create(client, this.#layout.root);
      await inParallel(services, async ({ name, instances }) => {
        const folder = await this.#folder(client, name);
        for (const instance of instances) {
          const node = this.#layout.node(name, instance);
          await createOne(client, `${folder}/${node.name}`, node.data);
        }
      });
    });
  }

  /** Creates any node beside a service's instances, however wrong its name or content. */
  addRaw(name: string, node: string, data?: string): Promise<void> {
    return this.#session(async (client) => {
      await createOne(client, `${await this.#folder(client, name)}/${node}`, data);
    });
  }

  removeInstances(name: string): Promise<void> {
    return this.#session(async (client) => {
      const folder = this.#layout.folder(name);
      for (const node of await children(client, folder)) await remove(client, `${folder}/${node}`);
    });
  }

  removeService(name: string): Promise<void> {
    return this.#session(async (client) => {
      let folder = this.#layout.folder(name);
      for (const node of await children(client, folder)) await remove(client, `${folder}/${node}`);
      for (; folder !== this.#layout.root; folder = folder.slice(0, folder.lastIndexOf("/"))) await remove(client, folder);
    });
  }

  /** The parent of a service's instances, which is there afterwards. */
  async #folder(client: zookeeper.Client, name: string): Promise<string> {
    const folder = this.#layout.folder(name);
    const description = this.#layout.description?.(name);
    if (description) await create(client, description.path, description.data);
    await create(client, folder);
    return folder;
  }

  async #session(work: (client: zookeeper.Client) => Promise<void>): Promise<void> {
    const client = zookeeper.createClient(this.#address, { sessionTimeout: 10_000, spinDelay: 100, retries: 0 });
    const connected = once(client, "connected", { signal: AbortSignal.timeout(connectMs) });
    client.connect();
    try {
      await connected;
      await work(client);
    } finally {
      client.close();
    }
  }
}

/** The node's name as Dubbo 3.3 writes it, shortened to what matters. */
export function providerNode(name: string, { address, port }: RigInstance): string {
  const url = `dubbo://${address}:${port}/${name}?application=rig&dubbo=2.0.2&dynamic=true&interface=${name}&methods=get&release=3.3.6&side=provider&timestamp=1795234569230`;
  return encodeURIComponent(url);
}

/** Also its parents; a node that exists is left alone. */
function create(client: zookeeper.Client, path: string, data = ""): Promise<void> {
  return call((done) => client.mkdirp(path, Buffer.from(data), done));
}

/** Below a parent that exists. */
function createOne(client: zookeeper.Client, path: string, data?: string): Promise<void> {
  return call((done) => (data === undefined ? client.create(path, done) : client.create(path, Buffer.from(data), done)));
}

function children(client: zookeeper.Client, path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    client.getChildren(path, (error, names) => (error ? reject(error) : resolve(names)));
  });
}

function remove(client: zookeeper.Client, path: string): Promise<void> {
  return call((done) => client.remove(path, done));
}

function call(start: (done: (error: Error | zookeeper.Exception | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const runner = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: parallel }, runner));
}
