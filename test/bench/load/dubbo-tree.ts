/**
 * A large Dubbo registry in a real ZooKeeper: written quickly, in pipelined transactions of
 * persistent nodes, and then changed node by node.
 */
import { once } from "node:events";
import zookeeper from "node-zookeeper-client";
import { providerPath } from "../../e2e/servers/dubbo-writer.ts";
import { sharedNow } from "../measuring/clock.ts";
import { markerAddress } from "./marker.ts";

const port = 20880;
/** Interfaces per transaction (well below ZooKeeper's 1 MB a request), and transactions on their way. */
const perTransaction = 20;
const inFlight = 8;

/** Names as long as Dubbo 3.3 writes them, about 570 bytes, with the labels that carry traffic rules: 19 MB for 10,000 × 10. */
const parameters = {
  "dubbo.tag": "gray",
  "executor-management-mode": "isolation",
  "file-cache": "true",
  pid: "16429",
  region: "eu-central-1",
  timeout: "3000",
  zone: "eu-central-1a",
};

export class DubboTree {
  readonly interfaces: number;
  readonly #client: zookeeper.Client;
  /** By marker, what its node is called. */
  readonly #markers = new Map<number, string>();
  readonly #providers: number;

  private constructor(client: zookeeper.Client, interfaces: number, providers: number) {
    this.#client = client;
    this.interfaces = interfaces;
    this.#providers = providers;
  }

  /** Fills an empty ZooKeeper. */
  static async load(address: string, interfaces: number, providers: number): Promise<DubboTree> {
    const client = zookeeper.createClient(address, { sessionTimeout: 30_000, retries: 0 });
    const connected = once(client, "connected", { signal: AbortSignal.timeout(10_000) });
    client.connect();
    await connected;
    const tree = new DubboTree(client, interfaces, providers);
    await tree.#call((done) => client.create("/dubbo", done));
    let next = 0;
    const work = async () => {
      while (next < interfaces) {
        const first = next;
        next += perTransaction;
        await tree.#write(first, Math.min(next, interfaces));
      }
    };
    await Promise.all(Array.from({ length: inFlight }, work));
    return tree;
  }

  /** Length of a node's name, in bytes. */
  get nameLength(): number {
    const path = this.#path(0, "10.100.100.100");
    return path.length - path.lastIndexOf("/") - 1;
  }

  /** Every endpoint that must be served now, as `host address:port`. */
  endpoints(): string[] {
    const loaded = Array.from({ length: this.interfaces }, (_, index) =>
      Array.from({ length: this.#providers }, (_, provider) => `${hostOf(index)} ${this.#address(index, provider)}:${port}`),
    );
    return [
      ...loaded.flat(),
      ...[...this.#markers.keys()].map((marker) => `${hostOf(this.#interfaceOf(marker))} ${markerAddress(marker)}:${port}`),
    ];
  }

  /** Adds a provider. @returns when ZooKeeper had created its node, on the shared clock */
  async add(marker: number): Promise<number> {
    const path = this.#path(this.#interfaceOf(marker), markerAddress(marker));
    this.#markers.set(marker, path);
    await this.#call((done) => this.#client.create(path, Buffer.from(markerAddress(marker)), zookeeper.CreateMode.EPHEMERAL, done));
    return sharedNow();
  }

  /** Removes a provider that was added. @returns when its node was gone */
  async remove(marker: number): Promise<number> {
    const path = this.#markers.get(marker);
    if (path === undefined) throw new Error(`no marker ${marker}`);
    this.#markers.delete(marker);
    await this.#call((done) => this.#client.remove(path, -1, done));
    return sharedNow();
  }

  /** Markers that are registered now. */
  get markers(): number[] {
    return [...this.#markers.keys()];
  }

  /** Removes every provider that was added. */
  async clear(): Promise<void> {
    await Promise.all(this.markers.map((marker) => this.remove(marker)));
  }

  close(): void {
    this.#client.close();
  }

  async #write(first: number, end: number): Promise<void> {
    const transaction = this.#client.transaction();
    for (let index = first; index < end; index += 1) {
      const folder = `/dubbo/${interfaceName(index)}`;
      transaction.create(folder);
      for (const category of ["providers", "configurators", "consumers"]) transaction.create(`${folder}/${category}`);
      for (let provider = 0; provider < this.#providers; provider += 1) {
        const address = this.#address(index, provider);
        transaction.create(this.#path(index, address), Buffer.from(address));
      }
    }
    await this.#call((done) => transaction.commit(done));
  }

  /** Spread over the interfaces by a prime, so that neighbours in time are no neighbours in the snapshot. */
  #interfaceOf(marker: number): number {
    return (marker * 7919) % this.interfaces;
  }

  /** Every provider has an address of its own. */
  #address(index: number, provider: number): string {
    const number = index * this.#providers + provider;
    return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  }

  #path(index: number, host: string): string {
    return providerPath({ interface: interfaceName(index), host, port, application: `order-center-${index % 500}`, parameters });
  }

  #call(start: (done: (error: Error | zookeeper.Exception | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) => (error === null || error === undefined ? resolve() : reject(error)));
    });
  }
}

function interfaceName(index: number): string {
  return `com.example.orders.api.OrderFacade${String(index).padStart(5, "0")}`;
}

function hostOf(index: number): string {
  return `${interfaceName(index).toLowerCase()}.dubbo`;
}
