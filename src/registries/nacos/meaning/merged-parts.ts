/** Services by their keys, each of one part or, where names are merged, of several. */
import { type Consumer, type Instance, type Item, itemId, type Service } from "../../service.ts";

/** Names come and go; so many of those without instances are remembered, the latest. */
const maxEmpty = 10_000;

export class MergedParts {
  /** By source, then by item id. */
  readonly #bySource = new Map<string, ReadonlyMap<string, Service>>();
  /** By item id: its sources. */
  readonly #sources = new Map<string, Set<string>>();
  /** Items that had instances once, here or with an earlier worker: those are told also when they have none. */
  readonly #lived: Set<string>;
  readonly #touched = new Set<string>();

  /** @param inherited ids of items */
  constructor(inherited: readonly string[]) {
    this.#lived = new Set(inherited.filter((id) => id.startsWith("service/")));
  }

  /** All services that come from a source: a name in a group of a namespace. */
  set(source: string, services: readonly Service[]): void {
    const now = new Map(services.map((service) => [itemId({ kind: "service", service }), service]));
    for (const id of this.#bySource.get(source)?.keys() ?? []) if (!now.has(id)) this.#leave(id, source);
    if (now.size === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, now);
    for (const [id, { instances }] of now) {
      this.#touched.add(id);
      if (instances.length > 0) this.#lived.add(id);
      const sources = this.#sources.get(id);
      if (sources) sources.add(source);
      else this.#sources.set(id, new Set([source]));
    }
  }

  /** Ids of the items that may differ from what was told, or are gone; each is given once. */
  takeTouched(): string[] {
    const touched = [...this.#touched].filter((id) => (this.has(id) ? this.#lived.has(id) : this.#lived.delete(id)));
    this.#touched.clear();
    return touched;
  }

  ids(): Iterable<string> {
    return this.#sources.keys();
  }

  has(id: string): boolean {
    return this.#sources.has(id);
  }

  /** Undefined if there is nothing to tell: no source has it, or none ever had an instance. */
  item(id: string): Item | undefined {
    const sources = this.#sources.get(id);
    if (sources === undefined || !this.#lived.has(id)) return undefined;
    const parts = [...sources].sort().map((source) => this.#bySource.get(source)!.get(id)!);
    return { kind: "service", service: parts.length === 1 ? parts[0]! : merged(parts) };
  }

  /** After a complete listing: forgets the ids of what no source has, and the oldest that stand empty beyond the bound. */
  forget(): void {
    const empty: string[] = [];
    for (const id of this.#lived) {
      const sources = this.#sources.get(id);
      if (sources === undefined) this.#lived.delete(id);
      else if ([...sources].every((source) => this.#bySource.get(source)!.get(id)!.instances.length === 0)) empty.push(id);
    }
    for (const id of empty.slice(0, Math.max(0, empty.length - maxEmpty))) this.#lived.delete(id);
  }

  #leave(id: string, source: string): void {
    const sources = this.#sources.get(id);
    this.#touched.add(id);
    if (sources?.delete(source) && sources.size === 0) this.#sources.delete(id);
  }
}

/** Several parts as one service. Of instances with the same id the first part's stays. */
function merged(parts: readonly Service[]): Service {
  const instances = new Map<string, Instance>();
  const consumers = new Map<string, Consumer>();
  for (const part of parts) {
    for (const instance of part.instances) if (!instances.has(instance.id)) instances.set(instance.id, instance);
    for (const consumer of part.consumers ?? []) consumers.set(`${consumer.application ?? ""}\n${consumer.address ?? ""}`, consumer);
  }
  const annotations: Record<string, string> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part.annotations ?? {})) {
      const before = annotations[key];
      annotations[key] = before === undefined || before === value ? value : `${before},${value}`;
    }
  }
  return {
    key: parts[0]!.key,
    instances: [...instances.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ...(consumers.size > 0 && { consumers: [...consumers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, consumer]) => consumer) }),
    annotations,
  };
}
