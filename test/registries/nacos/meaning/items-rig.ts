/** Services of Nacos put into what is known of a registry, and what is told of them. */
import type { Problem } from "../../../../src/registries/contract.ts";
import { NacosItems } from "../../../../src/registries/nacos/meaning/nacos-items.ts";
import type { MeaningSettings } from "../../../../src/registries/nacos/meaning/settings.ts";
import { readNacosService } from "../../../../src/registries/nacos/nacos-service.ts";
import { type Item, itemId, type Service } from "../../../../src/registries/service.ts";

export const settings: MeaningSettings = {
  protocol: "http",
  portKeys: { gRPC_port: "grpc", "gRPC.port": "grpc" },
  ipv6: false,
  clusters: "label",
  protectionThreshold: "believe",
  merge: "none",
  consumers: true,
  applications: { enabled: true, fallback: "application" },
};

/** What is known of one registry, and what was told of it. */
export class ItemsRig {
  readonly items: NacosItems;
  readonly problems: Problem[] = [];
  readonly view = new Map<string, Item>();
  readonly removed: string[] = [];
  readonly kept: string[] = [];

  constructor(changes: Partial<MeaningSettings> = {}, inherited: readonly string[] = []) {
    this.items = new NacosItems({ ...settings, ...changes }, inherited, (problem) => this.problems.push(problem));
  }

  /** @param services as a server answers them, of a namespace */
  put(services: readonly unknown[], namespace = "public", isListed = false): this {
    for (const service of services) this.items.put(readNacosService(namespace, service), isListed);
    return this;
  }

  tell(): this {
    this.items.tell(this.#emit);
    return this;
  }

  list(): this {
    const listed = new Map<string, Item>();
    this.kept.length = 0;
    this.items.list({ add: (item) => listed.set(itemId(item), item), keep: (id) => this.kept.push(id) }, this.#emit);
    this.view.clear();
    for (const [id, item] of listed) this.view.set(id, item);
    return this;
  }

  /** Told services by their keys' texts. */
  get services(): Record<string, Service> {
    const services = [...this.view].flatMap(([id, item]) =>
      item.kind === "service" ? [[id.slice("service/".length), item.service] as const] : [],
    );
    return Object.fromEntries(services.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get told(): Item[] {
    return [...this.view].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  }

  readonly #emit = {
    changed: (item: Item) => void this.view.set(itemId(item), item),
    removed: (id: string) => {
      this.removed.push(id);
      this.view.delete(id);
    },
    problem: (problem: Problem) => void this.problems.push(problem),
  };
}

/** Everything that a complete listing of these tells. @param configs content by group and dataId, with a space between them */
export function read(
  services: readonly unknown[],
  configs: Readonly<Record<string, string>> = {},
  changes: Partial<MeaningSettings> = {},
): { items: Item[]; problems: Problem[] } {
  const rig = new ItemsRig(changes).put(services, "public", true);
  for (const revision of rig.items.unread()) {
    const content = configs[`${revision.revision} ${revision.application}`];
    if (content !== undefined) rig.items.offer(revision, content);
  }
  rig.items.judge(0, true);
  rig.list();
  const problems = rig.problems.map((problem) => JSON.stringify(problem)).sort();
  return { items: rig.told, problems: [...new Set(problems)].map((text) => JSON.parse(text) as Problem) };
}

/** The same services, and in each the same instances, in another order. */
export function reversed(services: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return services.toReversed().map((service) => ({ ...service, hosts: (service.hosts as unknown[]).toReversed() }));
}
