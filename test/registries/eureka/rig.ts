/** A reader, its servers and its clock, in this thread: what it asks, what it tells, and how time passes, are the test's. */

import { silentLogger } from "../../../src/log/logger.ts";
import type { Emitter, Problem } from "../../../src/registries/contract.ts";
import { Cluster, type Copy, type Peer } from "../../../src/registries/eureka/cluster.ts";
import { eurekaKind } from "../../../src/registries/eureka/kind.ts";
import { RegistryReader } from "../../../src/registries/eureka/registry-reader.ts";
import type { EurekaSettings } from "../../../src/registries/eureka/settings.ts";
import { type Applications, readApplications } from "../../../src/registries/eureka/wire/applications.ts";
import { type Item, itemId, type Service } from "../../../src/registries/service.ts";
import { instanceJson } from "../../support/eureka-writer.ts";
import { Instances } from "../../support/fake-eureka/instances.ts";

export const second = 1_000;
export const minute = 60 * second;

/** A server without a network. */
export class StubPeer implements Peer {
  readonly url: string;
  readonly instances = new Instances();
  readonly asked: ("full" | "delta")[] = [];
  /** Given, it answers with this full copy, whatever it holds. */
  copy: unknown;
  failure: Error | undefined;
  deltas = true;
  /** Told in place of its own count. */
  hashCode: string | undefined;
  date: number | undefined;

  constructor(name: string) {
    this.url = `http://${name}/eureka`;
  }

  async applications(): Promise<Copy> {
    this.asked.push("full");
    return { ...this.#answer(this.copy ?? this.instances.full()), date: this.date };
  }

  async delta(): Promise<Applications | undefined> {
    this.asked.push("delta");
    return this.deltas ? this.#answer(this.instances.delta()) : undefined;
  }

  /** Registers an instance of an application under its number. */
  register(app: string, ...numbers: number[]): void {
    for (const number of numbers) {
      this.instances.register(instanceJson({ app, id: String(number), address: `10.0.0.${number}`, port: 8080 }));
    }
  }

  cancel(app: string, ...numbers: number[]): void {
    for (const number of numbers) this.instances.cancel(app, String(number));
  }

  count(what: "full" | "delta"): number {
    return this.asked.filter((asked) => asked === what).length;
  }

  #answer(json: unknown): Applications {
    if (this.failure) throw this.failure;
    const applications = readApplications(structuredClone(json))!;
    return { ...applications, hashCode: this.hashCode ?? applications.hashCode };
  }
}

export class ReaderRig {
  readonly peers: readonly StubPeer[];
  readonly cluster: Cluster;
  readonly reader: RegistryReader;
  readonly view = new Map<string, Service>();
  readonly problems: Problem[] = [];
  readonly suspicions: string[] = [];
  /** Ids of the services that lost an instance, or went, at some time. */
  readonly shrunk: string[] = [];
  listings = 0;
  now = 0;

  /** @param known ids that an earlier worker told */
  constructor(peers: number, settings: Record<string, unknown> = {}, known: readonly string[] = []) {
    this.peers = Array.from({ length: peers }, (_, at) => new StubPeer(`eureka-${at}`));
    this.cluster = new Cluster(this.peers);
    const parsed = eurekaKind.schema.parse({ servers: "http://any/eureka", ...settings }) as EurekaSettings;
    for (const id of known) this.view.set(id, { key: { name: id }, instances: [] });
    this.reader = new RegistryReader(this.cluster, parsed, { emit: this.#emitter(), log: silentLogger, known }, () => this.now);
  }

  get peer(): StubPeer {
    return this.peers[0]!;
  }

  /** Lets time pass, then reads once. */
  async after(ms: number): Promise<void> {
    this.now += ms;
    await this.reader.read();
  }

  /** So many polls at the usual distance. */
  async polls(count: number): Promise<void> {
    for (let poll = 0; poll < count; poll++) await this.after(10 * second);
  }

  /** Ids of a service's instances; undefined if it is not told. */
  ids(app: string): string | undefined {
    return this.view
      .get(serviceId(app))
      ?.instances.map(({ id }) => id)
      .join(" ");
  }

  #put(item: Item): void {
    if (item.kind !== "service") throw new Error("only services are told");
    const id = itemId(item);
    const now = new Set(item.service.instances.map((instance) => instance.address));
    for (const { address } of this.view.get(id)?.instances ?? []) if (!now.has(address)) this.shrunk.push(`${id} ${address}`);
    this.view.set(id, structuredClone(item.service));
  }

  #emitter(): Emitter {
    return {
      listing: () => {
        const seen = new Set<string>();
        return {
          add: (item) => {
            seen.add(itemId(item));
            this.#put(item);
          },
          keep: (id) => seen.add(id),
          commit: () => {
            this.listings++;
            for (const id of [...this.view.keys()]) {
              if (seen.has(id)) continue;
              this.shrunk.push(id);
              this.view.delete(id);
            }
          },
          abandon: () => {},
        };
      },
      replaced: () => {},
      changed: (item) => this.#put(item),
      removed: (id) => void this.view.delete(id),
      unreachable: () => {},
      contact: () => {},
      suspicious: (what) => void this.suspicions.push(what),
      problem: (problem) => void this.problems.push(problem),
    };
  }
}

export function serviceId(app: string): string {
  return itemId({ kind: "service", service: { key: { name: app }, instances: [] } });
}
