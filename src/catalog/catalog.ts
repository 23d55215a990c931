/**
 * The one view of all registries: takes what the supervisor hands over, protects it, names it,
 * and gives merged services and ready resources by key, together with the set of keys that
 * changed. Entries are merged on demand; nothing merged is kept.
 */

import type { MeshConfig, RegistryConfig } from "../config/schema.ts";
import type { MergingConfig } from "../config/sections/merging-schema.ts";
import type { KeptItem, KeptSource } from "../last-known-good/journal-entry.ts";
import type { Logger } from "../log/logger.ts";
import { registryNaming } from "../naming/registry-naming.ts";
import type { KindNaming, Problem } from "../registries/contract.ts";
import type { Feed, RegistryStatus } from "../registries/feed.ts";
import type { Fact } from "../registries/service.ts";
import { CatalogContents } from "./catalog-contents.ts";
import { type Clash, collisionClash, refusalClashes, resourceClashes } from "./clashes.ts";
import { Completion } from "./completion.ts";
import { DeadlineTimer } from "./deadline-timer.ts";
import type { Drained } from "./dirty-keys.ts";
import { explain, type HostExplanation } from "./explain.ts";
import { type FoundService, findServices } from "./find.ts";
import { type CatalogJournal, isComplete, keptSource } from "./kept-source.ts";
import type { CatalogEntry } from "./merged-service.ts";
import { compileMerging } from "./merging/merge-policy.ts";
import type { MergeTotals } from "./merging/merge-reports.ts";
import { sameAsFor } from "./merging/same-as.ts";
import { logHolds } from "./protection/log-holds.ts";
import { type RegistryReport, registryReport } from "./report.ts";
import type { ServiceInputs } from "./service-inputs.ts";
import { Source } from "./source.ts";
import { Packing } from "./view/packing.ts";
import { RegistryView } from "./view/registry-view.ts";
import type { ViewEvents } from "./view/view-events.ts";

export interface CatalogOptions {
  readonly kinds: readonly { readonly id: string; readonly naming: KindNaming }[];
  readonly mesh: Pick<MeshConfig, "namespace" | "clusterDomain">;
  /** Which services are one, and whose endpoints they then have. */
  readonly merging: MergingConfig;
  readonly log: Logger;
  /** Asks a registry to be read again, before held shrinkage is honoured. */
  relist(registry: string): void;
  /** Absent: nothing survives a restart. */
  readonly journal?: CatalogJournal | undefined;
}

export class Catalog implements Feed {
  readonly #options: CatalogOptions;
  #mesh: CatalogOptions["mesh"];
  #merging: MergingConfig;
  /** In configuration order. */
  #sources = new Map<string, Source>();
  readonly #contents: CatalogContents;
  readonly #packing = new Packing();
  readonly #completion = new Completion(() => this.isComplete(), this.#packing);

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#mesh = options.mesh;
    this.#merging = options.merging;
    this.#contents = new CatalogContents(() => this.#sources, compileMerging(options.merging));
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
    this.#with(registry, (source, now) => {
      const wasComplete = isComplete(source);
      source.view.updateStatus(status, now);
      if (!wasComplete && isComplete(source)) this.#options.journal?.completed(registry);
    });
    this.#completion.announce();
  }

  problem(registry: string, problem: Problem, count: number): void {
    this.#sources.get(registry)?.addProblem(problem, count);
  }

  // --- what an earlier process knew ---

  /** Takes over an item; whatever the registry itself says, before or after, is newer. False: it was not understood. */
  restore(registry: string, id: string, item: KeptItem): boolean {
    return this.#with(registry, (source, now) => source.restore(id, item, now)) === true;
  }

  /** All of it is taken over. `expired`: services that were empty for too long, though the registry listed them. */
  restored(registry: string, expired: Iterable<string>): void {
    this.#with(registry, (source, now) => source.view.restored(expired, now));
  }

  /** What is to be kept of a registry, as it is whenever it is asked; undefined: there is no such registry. */
  kept(registry: string): KeptSource | undefined {
    const source = this.#sources.get(registry);
    return source && keptSource(source);
  }

  // --- what the operator says ---

  /**
   * The registries that count, in order of priority. New ones start empty, missing ones are
   * withdrawn at once, and changed naming, network or protection is applied to what is known.
   */
  setRegistries(configs: readonly RegistryConfig[]): void {
    const wanted = new Map(configs.map((config) => [config.id, config]));
    const order = [...this.#sources.keys()].filter((id) => wanted.has(id));
    for (const source of [...this.#sources.values()]) if (wanted.get(source.id)?.type !== source.config.type) this.#withdraw(source);
    const before = this.#sources;
    this.#sources = new Map();
    for (const [priority, config] of [...wanted.values()].entries()) {
      const source = before.get(config.id) ?? this.#source(config);
      source.priority = priority;
      this.#sources.set(config.id, source);
    }
    for (const config of wanted.values()) this.#reconfigure(config);
    if ([...wanted.keys()].filter((id) => before.has(id)).some((id, at) => id !== order[at])) this.#contents.reorder();
    this.#completion.announce();
  }

  /** Namespace and cluster domain; a change names everything anew. */
  setMesh(mesh: CatalogOptions["mesh"]): void {
    this.#mesh = mesh;
    this.setRegistries([...this.#sources.values()].map((source) => source.config));
  }

  /** Another policy of merging; services that are declared one are named anew. */
  setMerging(merging: MergingConfig): void {
    this.#merging = merging;
    this.setRegistries([...this.#sources.values()].map((source) => source.config));
    this.#contents.setPolicy(compileMerging(merging));
  }

  /** Honours what is held of a registry, now. Gives the number of its items; undefined: there is no such registry. */
  release(registry: string): number | undefined {
    return this.#with(registry, (source, now) => source.view.release(now));
  }

  /** The same for what gives a host (or "namespace/host"). Undefined: nothing gives it. */
  releaseHost(host: string): number | undefined {
    const items = this.explain(host).flatMap(({ contributions }) => contributions);
    const isReleased = ({ registry, itemId }: { registry: string; itemId: string }) =>
      this.#with(registry, ({ view }, now) => view.releaseItem(itemId, now));
    return items.length === 0 ? undefined : items.filter(isReleased).length;
  }

  /** Stops the timers; the last state stays readable. */
  close(): void {
    for (const source of this.#sources.values()) source.timer.set(undefined);
    this.#contents.close();
  }

  // --- what later rooms read ---

  /** The entry under `service:namespace/host` or `resource:Kind/namespace/name`. */
  get(key: string): CatalogEntry | undefined {
    return this.#contents.get(key);
  }

  /** What generated services are made of. */
  get inputs(): ServiceInputs {
    return this.#contents.inputs;
  }

  /** Every key that may have an entry. */
  keys(): Iterable<string> {
    return this.#contents.keys();
  }

  /** The keys that changed since the last call, whether or not something is left under them. */
  drain(): Drained {
    return this.#contents.dirty.drain();
  }

  /** Called once when something becomes dirty after a drain. Returns the unsubscription. */
  onDirty(listener: () => void): () => void {
    return this.#contents.dirty.onDirty(listener);
  }

  /** Whether every required registry was listed completely, now or by an earlier process whose state is served. */
  isComplete(): boolean {
    return [...this.#sources.values()].every((source) => !source.config.required || isComplete(source));
  }

  /** Called once, as soon as the catalog is complete; at once if it is. Returns the unsubscription. */
  onComplete(listener: () => void): () => void {
    return this.#completion.on(listener);
  }

  /** What is known of an address, node or application, first registry first. */
  facts(subject: Fact["subject"], name: string): readonly Fact[] {
    return this.#contents.factsAbout(subject, name).map(({ fact }) => fact);
  }

  // --- what is told about it ---

  /** One report per registry, in configuration order. */
  reports(): readonly RegistryReport[] {
    const now = Date.now();
    return [...this.#sources.values()].map((source) => registryReport(source, now));
  }

  /** Hosts refused, collisions of hosts, and clashes of ready resources, as they are now. */
  clashes(): readonly Clash[] {
    return [
      ...[...this.#sources.values()].flatMap(refusalClashes),
      ...this.#contents.services.collisions().map(collisionClash),
      ...resourceClashes(this.#contents.resources, this.#contents.services),
    ];
  }

  /** How many services are merged under each policy, and what their registries say differently. */
  merges(): MergeTotals {
    return this.#contents.merges.totals();
  }

  /** What gives a host (or "namespace/host"), in every namespace that has it; empty if nothing does. */
  explain(host: string): readonly HostExplanation[] {
    return explain(host, this.#contents, this.#sources);
  }

  /** Services by what their registry calls them; see `find.ts`. */
  find(name: string): readonly FoundService[] {
    return findServices(name, this.#contents.services, this.#sources.values());
  }

  /** Every "namespace/host" of a service, and every host or "namespace/name" of a ready ServiceEntry. */
  *hosts(): Iterable<string> {
    yield* this.#contents.services.keys();
    yield* this.#contents.resources.taken();
  }

  #with<T>(registry: string, action: (source: Source, now: number) => T): T | undefined {
    const source = this.#sources.get(registry);
    if (source === undefined) return undefined;
    const result = action(source, Date.now());
    source.timer.set(source.view.nextDeadline());
    return result;
  }

  #source(config: RegistryConfig): Source {
    const { log } = this.#options;
    const registry = config.id;
    const events: ViewEvents = {
      changed: (id, item, seenAt) => this.#contents.change(registry, id, item, seenAt),
      kept: (id) => this.#options.journal?.touched(registry, id, this.#sources.get(registry)?.view.items.get(id)?.characters ?? 0),
      relist: () => this.#options.relist(registry),
      ...logHolds(registry, log),
    };
    const timer = new DeadlineTimer(() => this.#with(registry, (source, now) => source.view.tick(now)));
    const view = new RegistryView(config.protection, events, Date.now());
    this.#packing.add(view);
    return new Source(config, this.#naming(config), sameAsFor(registry, this.#merging.sameAs), view, timer);
  }

  #naming(config: RegistryConfig) {
    const kind = this.#options.kinds.find(({ id }) => id === config.type);
    // The configuration was validated against the same list.
    if (kind === undefined) throw new Error(`no registry kind ${config.type}`);
    return registryNaming(config, kind.naming, this.#mesh);
  }

  #reconfigure(config: RegistryConfig): void {
    const source = this.#sources.get(config.id);
    if (source === undefined) return;
    const now = Date.now();
    const { release } = source.config;
    const isServedOtherwise = source.configure(config, this.#naming(config), sameAsFor(config.id, this.#merging.sameAs));
    source.view.setRules(config.protection, now);
    source.view.setOperator(config.operator ?? {}, now);
    if (config.release !== undefined && config.release !== release) source.view.release(now);
    source.timer.set(source.view.nextDeadline());
    if (isServedOtherwise) this.#contents.rename(source);
  }

  #withdraw(source: Source): void {
    source.timer.set(undefined);
    this.#contents.withdraw(source);
    this.#sources.delete(source.id);
  }
}
