/**
 * The one view of all registries: takes what the supervisor hands over, protects it, names it,
 * and gives merged services and ready resources by key, together with the set of keys that
 * changed. Entries are merged on demand; nothing merged is kept.
 */
import type { MeshConfig, RegistryConfig } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import type { Collision } from "../naming/collisions.ts";
import { rememberPorts } from "../naming/known-ports.ts";
import type { NamedService } from "../naming/named-service.ts";
import { registryNaming } from "../naming/registry-naming.ts";
import type { KindNaming, Problem } from "../registries/contract.ts";
import type { Feed, RegistryStatus } from "../registries/feed.ts";
import type { Fact, Item, Service } from "../registries/service.ts";
import { type Clash, collisionClash, refusalClashes, resourceClashes } from "./clashes.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import { DirtyKeys, type Drained } from "./dirty-keys.ts";
import { FactIndex } from "./fact-index.ts";
import { type Contribution, merge } from "./merge.ts";
import type { CatalogEntry } from "./merged-service.ts";
import { ReadyResources } from "./ready-resources.ts";
import { RegistryView, type ViewEvents } from "./registry-view.ts";
import { type CatalogStats, explainHost, type HostExplanation, registryReport } from "./report.ts";
import { ServiceIndex } from "./service-index.ts";
import type { ServicePart } from "./service-part.ts";
import { Source } from "./source.ts";

export interface CatalogOptions {
  readonly kinds: readonly { readonly id: string; readonly naming: KindNaming }[];
  readonly mesh: Pick<MeshConfig, "namespace" | "clusterDomain">;
  readonly log: Logger;
  /** Asks a registry to be read again, before held shrinkage is honoured. */
  relist(registry: string): void;
}

const servicePrefix = "service:";
const resourcePrefix = "resource:";

export class Catalog implements Feed {
  readonly #options: CatalogOptions;
  #mesh: CatalogOptions["mesh"];
  /** In configuration order. */
  #sources = new Map<string, Source>();
  readonly #dirty = new DirtyKeys();
  /** When the change that is being applied was seen. */
  #seenAt = 0;
  readonly #services = new ServiceIndex((key) => this.#dirty.add(servicePrefix + key, this.#seenAt));
  readonly #resources = new ReadyResources((registry) => this.#sources.get(registry)?.priority ?? Number.MAX_SAFE_INTEGER);
  readonly #facts = new FactIndex();
  readonly #completeListeners = new Set<() => void>();

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#mesh = options.mesh;
  }

  // --- what the supervisor says (Feed); words about registries that are gone are ignored ---

  upsert(registry: string, id: string, text: string, seenAt: number): void {
    this.#with(registry, (source, now) => {
      source.events.upsert += 1;
      source.view.upsert(id, text, seenAt, now);
    });
  }

  remove(registry: string, id: string, seenAt: number): void {
    this.#with(registry, (source, now) => {
      source.events.remove += 1;
      source.view.remove(id, seenAt, now);
    });
  }

  listed(registry: string, ids: ReadonlySet<string>, seenAt: number): void {
    this.#with(registry, (source, now) => {
      source.events.listing += 1;
      source.view.listed(ids, seenAt, now);
    });
  }

  status(registry: string, status: RegistryStatus): void {
    this.#with(registry, (source, now) => source.view.updateStatus(status, now));
    this.#announceComplete();
  }

  problem(registry: string, problem: Problem, count: number): void {
    this.#sources.get(registry)?.addProblem(problem, count);
  }

  // --- what the operator says ---

  /**
   * The registries that count, in order of priority. New ones start empty, missing ones are
   * withdrawn at once, and changed naming, network or protection is applied to what is known.
   */
  setRegistries(configs: readonly RegistryConfig[]): void {
    this.#seenAt = Date.now();
    const wanted = new Map(configs.map((config) => [config.id, config]));
    const order = [...this.#sources.keys()].filter((id) => wanted.has(id)).join();
    for (const source of [...this.#sources.values()]) if (wanted.get(source.id)?.type !== source.config.type) this.#withdraw(source);
    const before = this.#sources;
    this.#sources = new Map();
    for (const [priority, config] of [...wanted.values()].entries()) {
      const source = before.get(config.id) ?? this.#source(config);
      source.priority = priority;
      this.#sources.set(config.id, source);
    }
    for (const config of wanted.values()) this.#reconfigure(config);
    if (
      order !==
      configs
        .map((config) => config.id)
        .filter((id) => before.has(id))
        .join()
    )
      this.#reorder();
    this.#announceComplete();
  }

  /** Namespace and cluster domain; a change names everything anew. */
  setMesh(mesh: CatalogOptions["mesh"]): void {
    this.#mesh = mesh;
    this.setRegistries([...this.#sources.values()].map((source) => source.config));
  }

  /** Adds a registry behind the others, or reconfigures it. */
  addRegistry(config: RegistryConfig): void {
    const others = [...this.#sources.values()].map((source) => source.config);
    const known = this.#sources.has(config.id);
    this.setRegistries(known ? others.map((other) => (other.id === config.id ? config : other)) : [...others, config]);
  }

  /** Withdraws everything the registry gave, at once. */
  removeRegistry(id: string): void {
    this.setRegistries([...this.#sources.values()].map((source) => source.config).filter((config) => config.id !== id));
  }

  /** Honours what is held of a registry, now. */
  release(registry: string): void {
    this.#with(registry, (source, now) => source.view.release(now));
  }

  /** Stops the timers; the last state stays readable. */
  close(): void {
    for (const source of this.#sources.values()) source.timer.set(undefined);
  }

  // --- what later rooms read ---

  /** The entry under `service:namespace/host` or `resource:Kind/namespace/name`. */
  get(key: string): CatalogEntry | undefined {
    if (key.startsWith(servicePrefix)) return this.#service(key.slice(servicePrefix.length));
    return key.startsWith(resourcePrefix) ? this.#resource(key.slice(resourcePrefix.length)) : undefined;
  }

  /** Every key that may have an entry. */
  *keys(): Iterable<string> {
    for (const key of this.#services.keys()) yield servicePrefix + key;
    for (const key of this.#resources.keys()) yield resourcePrefix + key;
  }

  /** The keys that changed since the last call, whether or not something is left under them. */
  drain(): Drained {
    return this.#dirty.drain();
  }

  /** Called once when something becomes dirty after a drain. Returns the unsubscription. */
  onDirty(listener: () => void): () => void {
    return this.#dirty.onDirty(listener);
  }

  /** Whether every required registry was listed completely. */
  isComplete(): boolean {
    return [...this.#sources.values()].every(({ config, view }) => !config.required || view.status.synced);
  }

  /** Called once, as soon as the catalog is complete; at once if it is. Returns the unsubscription. */
  onComplete(listener: () => void): () => void {
    this.#completeListeners.add(listener);
    this.#announceComplete();
    return () => this.#completeListeners.delete(listener);
  }

  /** What is known of an address, node or application, first registry first. */
  facts(subject: Fact["subject"], name: string): readonly Fact[] {
    const facts: { priority: number; fact: Fact }[] = [];
    for (const { registry, itemId } of this.#facts.find(subject, name)) {
      const source = this.#sources.get(registry);
      const item = source?.view.item(itemId);
      if (source !== undefined && item?.kind === "fact") facts.push({ priority: source.priority, fact: item.fact });
    }
    return facts.sort((one, other) => one.priority - other.priority).map(({ fact }) => fact);
  }

  // --- what is told about it ---

  stats(): CatalogStats {
    const now = Date.now();
    const clashes: Record<string, number> = {};
    for (const { code } of this.clashes()) clashes[code] = (clashes[code] ?? 0) + 1;
    return { registries: [...this.#sources.values()].map((source) => registryReport(source, now)), clashes };
  }

  /** Hosts refused, collisions of hosts, and clashes of ready resources, as they are now. */
  clashes(): readonly Clash[] {
    return [
      ...[...this.#sources.values()].flatMap(refusalClashes),
      ...this.#services.collisions().map(collisionClash),
      ...resourceClashes(this.#resources, this.#services),
    ];
  }

  /** Hosts that several services want. */
  collisions(): readonly Collision[] {
    return this.#services.collisions();
  }

  /** What gives a host, in every namespace that has it; empty if nothing does. */
  explain(host: string): readonly HostExplanation[] {
    return [...this.#namespaces()].flatMap((namespace) => explainHost(namespace, host, this.#services, this.#resources) ?? []);
  }

  #service(key: string): CatalogEntry | undefined {
    const parts = this.#services.servedAt(key);
    const first = parts[0];
    if (first === undefined) return undefined;
    const host = this.#services.hostOf(first);
    if (this.#resources.blocking(first.namespace, host) !== undefined) return undefined;
    const contributions: Contribution[] = [];
    for (const part of parts) {
      const named = takeFresh(part) ?? part.source.named(part);
      const { id: registry, priority, config } = part.source;
      if (named !== undefined) contributions.push({ registry, priority, network: config.network, named });
    }
    if (contributions.length === 0) return undefined;
    const otherHosts = parts
      .flatMap((part) => this.#services.otherHostsOf(part))
      .filter((other) => this.#resources.blocking(first.namespace, other) === undefined);
    return { kind: "service", service: merge(contributions, { host, otherHosts }) };
  }

  #resource(key: string): CatalogEntry | undefined {
    const winner = this.#resources.winner(key);
    const item = winner && this.#sources.get(winner.registry)?.view.item(winner.itemId);
    if (winner === undefined || item?.kind !== "resource") return undefined;
    return { kind: "resource", passed: { registry: winner.registry, resource: item.resource } };
  }

  #with(registry: string, action: (source: Source, now: number) => void): void {
    const source = this.#sources.get(registry);
    if (source === undefined) return;
    action(source, Date.now());
    source.timer.set(source.view.nextDeadline());
  }

  #source(config: RegistryConfig): Source {
    const { log } = this.#options;
    const registry = config.id;
    const events: ViewEvents = {
      changed: (id, item, seenAt) => this.#changed(registry, id, item, seenAt),
      relist: () => this.#options.relist(registry),
      opened: (hold) => log.warn({ registry, ...hold }, `holding shrinkage of registry ${registry}: ${hold.detail}`),
      closed: (hold, honoured) => log.info({ registry, why: hold.why, honoured }, `the hold of registry ${registry} ended`),
    };
    const timer = new DeadlineTimer(() => this.#with(registry, (source, now) => source.view.tick(now)));
    return new Source(config, this.#naming(config), new RegistryView(config.protection, events, Date.now()), timer);
  }

  #naming(config: RegistryConfig) {
    const kind = this.#options.kinds.find(({ id }) => id === config.type);
    // The configuration was validated against the same list.
    if (kind === undefined) throw new Error(`no registry kind ${config.type}`);
    return registryNaming(config, kind.naming, this.#mesh);
  }

  #changed(registry: string, id: string, item: Item | undefined, seenAt: number): void {
    const source = this.#sources.get(registry);
    if (source === undefined) return;
    this.#seenAt = seenAt;
    if (id.startsWith("service/")) this.#changeService(source, id, item?.kind === "service" ? item.service : undefined);
    else if (id.startsWith("resource/")) this.#changeResource(source, id, item);
    else if (item?.kind === "fact") this.#facts.set(registry, id, item.fact);
    else this.#facts.delete(registry, id);
  }

  #changeService(source: Source, id: string, service: Service | undefined): void {
    let named: readonly NamedService[] = [];
    if (service === undefined) {
      source.known.delete(id);
      source.refusals.delete(id);
    } else {
      const known = rememberPorts(source.known.get(id) ?? [], service);
      if (known.length > 0) source.known.set(id, known);
      else source.known.delete(id);
      const naming = source.name(id, service);
      named = naming.named;
      if (naming.refusals.length > 0) source.refusals.set(id, naming.refusals);
      else source.refusals.delete(id);
    }
    const parts = this.#services.replace(source, id, source.parts.get(id) ?? [], named);
    if (parts.length > 0) source.parts.set(id, parts);
    else source.parts.delete(id);
  }

  #changeResource(source: Source, id: string, item: Item | undefined): void {
    const key = id.slice("resource/".length);
    const touched =
      item?.kind === "resource" ? this.#resources.set(key, source.id, id, item.resource) : this.#resources.delete(key, source.id);
    this.#dirty.add(resourcePrefix + key, this.#seenAt);
    for (const taken of touched) this.#touchTaken(taken);
  }

  /** A ready ServiceEntry came or went: generated ones of its host or name may appear or disappear. */
  #touchTaken(taken: string): void {
    if (taken.includes("/")) {
      this.#services.touchHolders(taken);
      return;
    }
    for (const namespace of this.#namespaces()) this.#services.touchHolders(`${namespace}/${taken}`);
  }

  #namespaces(): ReadonlySet<string> {
    return new Set([...this.#sources.values()].map((source) => source.naming.namespace));
  }

  #reconfigure(config: RegistryConfig): void {
    const source = this.#sources.get(config.id);
    if (source === undefined) return;
    const before = { naming: source.naming, network: source.config.network };
    source.config = config;
    source.naming = this.#naming(config);
    source.view.setRules(config.protection, Date.now());
    source.timer.set(source.view.nextDeadline());
    if (JSON.stringify({ naming: source.naming, network: config.network }) === JSON.stringify(before)) return;
    for (const id of source.parts.keys()) this.#rename(source, id);
    for (const id of source.refusals.keys()) if (!source.parts.has(id)) this.#rename(source, id);
  }

  #rename(source: Source, id: string): void {
    const item = source.view.item(id);
    if (item?.kind === "service") this.#changeService(source, id, item.service);
  }

  /** Another registry may now come first everywhere. */
  #reorder(): void {
    this.#resources.reorder();
    for (const key of this.keys()) this.#dirty.add(key, this.#seenAt);
  }

  #withdraw(source: Source): void {
    source.timer.set(undefined);
    for (const id of [...source.view.ids()]) this.#changed(source.id, id, undefined, this.#seenAt);
    this.#sources.delete(source.id);
  }

  #announceComplete(): void {
    if (this.#completeListeners.size === 0 || !this.isComplete()) return;
    const listeners = [...this.#completeListeners];
    this.#completeListeners.clear();
    for (const listener of listeners) listener();
  }
}

/** Taken once: an idle catalog keeps nothing parsed. */
function takeFresh(part: ServicePart): NamedService | undefined {
  const { fresh } = part;
  part.fresh = undefined;
  return fresh;
}
