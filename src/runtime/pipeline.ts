/**
 * The way of the data from the registries to the snapshot, without the ports: what `serve` runs
 * behind its server, and what `check` and `dump` run once.
 */
import type { TransferableState } from "../admin/peer-pages.ts";
import { Catalog } from "../catalog/catalog.ts";
import type { CatalogEntry } from "../catalog/merged-service.ts";
import type { ClusterManager } from "../clusters/cluster-manager.ts";
import type { ConfigDiff } from "../config/diff.ts";
import type { Config, UnreadableRegistry } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import { type Manifest, toManifest } from "../mesh/manifest.ts";
import type { Translation } from "../mesh/mesh-object.ts";
import { compileMeshPolicy, type MeshPolicy } from "../mesh/policy.ts";
import { translateResource } from "../mesh/ready-resource.ts";
import { translateService } from "../mesh/service-entry.ts";
import { VipTable } from "../mesh/vip.ts";
import { kinds } from "../registries/kinds.ts";
import type { Supervisor } from "../registries/supervision/supervisor.ts";
import { encodeObject } from "../snapshot/encode.ts";
import { createStore, type Store } from "../snapshot/sharded-store.ts";
import type { Completeness } from "../xds/first-answer.ts";
import type { KeptRegistries } from "./kept-registries.ts";
import type { OperatorWords } from "./operator/operator-words.ts";
import { Publisher } from "./publisher.ts";
import type { RegistrySources } from "./registry-sources.ts";
import { type StartedRegistries, startRegistries } from "./started-registries.ts";

export class Pipeline {
  readonly catalog: Catalog;
  /** As a source, the whole state; its shards are what the ports serve. */
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly sources: RegistrySources;
  readonly clusters: ClusterManager;
  readonly operator: OperatorWords;
  readonly publisher: Publisher;
  /** Absent: nothing survives a restart. */
  readonly kept: KeptRegistries | undefined;
  #unreadable: readonly UnreadableRegistry[];
  #policy: MeshPolicy;
  #vips: VipTable;
  readonly #publishedListeners = new Set<(seenAt: number) => void>();

  /** Starts a worker for every registry at once, unless that was done earlier (`started`). */
  constructor(config: Config, log: Logger, started: StartedRegistries = startRegistries(config, log)) {
    this.#unreadable = config.unreadable ?? [];
    this.#policy = compileMeshPolicy(config.mesh);
    this.#vips = new VipTable(config.mesh.vipCidr);
    this.store = createStore(config.xds.shards, { log });
    this.kept = started.kept;
    const relist = (registry: string): void => this.supervisor.relist(registry);
    this.catalog = new Catalog({ kinds, mesh: config.mesh, merging: config.merging, log, relist, journal: this.kept });
    this.supervisor = started.supervisor;
    this.sources = started.sources;
    this.clusters = started.clusters;
    this.operator = started.operator;
    this.publisher = new Publisher({
      catalog: this.catalog,
      vips: {
        assign: (key) => this.#vips.assign(key),
        release: (key) => this.#vips.release(key),
        get: (key) => this.#vips.get(key),
      },
      translate: (entry, vip) => this.translate(entry, vip),
      encode: encodeObject,
      store: this.store,
      ...(this.kept && { kept: this.kept.resources }),
      keep: () => this.kept?.flush(),
      published: (seenAt) => {
        for (const listener of this.#publishedListeners) listener(seenAt);
      },
    });
    this.catalog.onDirty(() => this.publisher.schedule());
    this.sources.follow((configs) => this.catalog.setRegistries(configs));
    this.kept?.attach(this.catalog, this.publisher);
    this.kept?.resources.attach({
      catalog: this.catalog,
      store: this.store,
      isIdle: () => this.publisher.isIdle(),
      vip: (name) => this.#vips.get(name),
    });
    started.attach(this.catalog);
    this.supervisor.follow(this.publisher);
  }

  /** Complete means: every required registry was listed, and what it said is published. */
  readonly completeness: Completeness = {
    isComplete: () => this.#isRead() && this.publisher.isIdle(),
    whenComplete: (callback) => {
      if (this.completeness.isComplete()) {
        callback();
        return () => {};
      }
      // An empty registry completes the view without making anything dirty: publish nothing, but be idle once.
      const stopWaiting = this.catalog.onComplete(() => this.publisher.schedule());
      const stopListening = this.publisher.onIdle(() => {
        if (!this.#isRead()) return;
        stopListening();
        callback();
      });
      return () => {
        stopWaiting();
        stopListening();
      };
    },
  };

  #isRead(): boolean {
    return this.catalog.isComplete() && !this.#unreadable.some(({ required }) => required);
  }

  translate(entry: CatalogEntry, vip: string | undefined): Translation {
    return entry.kind === "service" ? translateService(entry.service, this.#policy, vip) : translateResource(entry.passed, this.#policy);
  }

  /** The virtual address of "namespace/host"; undefined if it has none. */
  vip(name: string): string | undefined {
    return this.#vips.get(name);
  }

  /** Everything that is served, as Istio manifests in the order of the catalog. */
  *manifests(): Generator<Manifest> {
    for (const key of this.catalog.keys()) {
      const entry = this.catalog.get(key);
      const vip = entry?.kind === "service" ? this.#vips.get(`${entry.service.namespace}/${entry.service.host}`) : undefined;
      const object = entry && this.translate(entry, vip).object;
      if (object) yield toManifest(object);
    }
  }

  /** What is known of a source, for a replica that knows nothing; undefined: it was never listed completely. */
  transferable(source: string): TransferableState | undefined {
    const status = this.supervisor.status(source);
    const kept = this.catalog.kept(source);
    const type = this.sources.configs.find(({ id }) => id === source)?.type;
    if (status === undefined || type === undefined || !kept?.isComplete()) return undefined;
    return { kind: type, source: kept, asOf: status.synced ? status.lastContact : (status.restoredFrom?.asOf ?? 0) };
  }

  /** Called after each publication with the epoch ms of the oldest change in it. */
  onPublished(listener: (seenAt: number) => void): void {
    this.#publishedListeners.add(listener);
  }

  /** Applies a reload; registries that did not change go on untouched. */
  reload({ sections }: ConfigDiff, next: Config): void {
    if (sections.includes("mesh")) {
      this.#policy = compileMeshPolicy(next.mesh);
      this.#vips = new VipTable(next.mesh.vipCidr);
      this.catalog.setMesh(next.mesh);
    }
    this.kept?.resources.configure(next);
    this.#unreadable = next.unreadable ?? [];
    this.clusters.configure(next.clusters);
    this.sources.setRegistries(next.registries, next.freeze);
    // Whoever waits for what could not be read looks again, also if it turns out to be empty.
    if (sections.includes("unreadable")) this.catalog.onComplete(() => this.publisher.schedule());
    if (sections.includes("merging")) this.catalog.setMerging(next.merging);
    if (sections.includes("mesh")) this.publisher.retranslate(this.catalog.keys());
  }

  async stop(): Promise<void> {
    this.kept?.resources.close();
    this.publisher.close();
    this.catalog.close();
    await Promise.all([this.clusters.stop(), this.supervisor.stop()]);
    this.kept?.close();
  }
}
