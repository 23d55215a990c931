/** One session of a Nacos registry: its namespaces, each followed through a source of its own, told as one view. */
import type { Listing, Session, SessionContext } from "../contract.ts";
import type { Item } from "../service.ts";
import { Credentials } from "./access/credentials.ts";
import type { Namespace } from "./access/namespaces.ts";
import { KnownNamespaces } from "./follow/known-namespaces.ts";
import { MetadataReading } from "./follow/metadata-reading.ts";
import { NamespaceFollower } from "./follow/namespace-follower.ts";
import { UnmetServices } from "./follow/unmet-services.ts";
import { serviceFilter, WantedGroups } from "./follow/wanted-services.ts";
import { NacosItems } from "./meaning/nacos-items.ts";
import type { OpenSource } from "./naming-source.ts";
import type { NacosSettings } from "./settings.ts";
import { openerOf } from "./transport.ts";

/** Until namespaces are asked for again, after that failed. */
const retryMs = 5_000;
/** What an application offers may be written a little later than the application itself; lists in between. */
const metadataAttempts = 4;

export class NacosSession implements Session {
  readonly #context: SessionContext;
  readonly #settings: NacosSettings;
  readonly #groups: WantedGroups;
  readonly #namespaces: KnownNamespaces;
  readonly #items: NacosItems;
  readonly #unmet: UnmetServices;
  readonly #metadata: MetadataReading;
  readonly #wanted: (name: string) => boolean;
  readonly #open: (groups: readonly string[] | undefined) => OpenSource;
  /** By id of the namespace. */
  readonly #followers = new Map<string, NamespaceFollower>();
  /** Those of which not everything was read since the last complete listing. */
  readonly #incomplete = new Set<string>();
  #found = false;
  #listing: Listing | undefined;
  #telling: NodeJS.Immediate | undefined;
  #judgeTimer: NodeJS.Timeout | undefined;
  #namespaceTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(context: SessionContext) {
    this.#context = context;
    this.#settings = context.settings as NacosSettings;
    const report = context.emit.problem.bind(context.emit);
    const credentials = new Credentials(this.#settings);
    this.#groups = new WantedGroups(this.#settings);
    this.#namespaces = new KnownNamespaces(this.#groups.namespaces, this.#settings, credentials, report);
    this.#items = new NacosItems(this.#settings, context.known, report);
    this.#unmet = new UnmetServices(context.known);
    this.#metadata = new MetadataReading({
      items: this.#items,
      maxInFlight: this.#settings.maxInFlight,
      source: (namespace) => this.#followers.get(namespace)?.source,
      report,
    });
    this.#wanted = serviceFilter(this.#settings);
    this.#open = openerOf(this.#settings, credentials, report, context.log);
    setImmediate(() => void this.#findNamespaces());
  }

  relist(): void {
    for (const follower of this.#followers.values()) follower.relist();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#namespaceTimer);
    clearTimeout(this.#judgeTimer);
    clearImmediate(this.#telling);
    await Promise.all(Array.from(this.#followers.values(), (follower) => follower.stop()));
  }

  async #findNamespaces(): Promise<void> {
    const { listInterval } = this.#settings;
    let wait = listInterval;
    try {
      const found = await this.#namespaces.find();
      if (this.#closed) return;
      this.#followThese(found);
    } catch (error) {
      if (this.#closed) return;
      // Those that are followed already know for themselves whether their servers answer.
      const reason = `the namespaces cannot be listed: ${(error as Error).message}`;
      if (!this.#found) this.#context.emit.unreachable(reason);
      this.#context.log[this.#found ? "debug" : "warn"]({ retryInMs: retryMs }, reason);
      wait = Math.min(retryMs, listInterval);
    }
    if (this.#namespaces.mustAsk) this.#namespaceTimer = setTimeout(() => void this.#findNamespaces(), wait);
  }

  #followThese(found: readonly Namespace[]): void {
    const ids = new Set(found.map(({ id }) => id));
    const gone = [...this.#followers.values()].filter(({ namespace }) => !ids.has(namespace));
    this.#found = true;
    // Before the first of them is complete.
    const fresh = found.filter(({ id }) => !this.#followers.has(id));
    for (const { id } of fresh) this.#incomplete.add(id);
    for (const namespace of fresh) this.#follow(namespace);
    for (const follower of gone) this.#unfollow(follower);
    if (this.#followers.size === 0) this.#context.emit.replaced([]);
  }

  #follow(namespace: Namespace): void {
    const { id } = namespace;
    const { emit, log } = this.#context;
    const groups = this.#groups.of(namespace);
    const follower = new NamespaceFollower({
      namespace: id,
      groups,
      wanted: this.#wanted,
      settings: this.#settings,
      open: this.#open(groups),
      report: emit.problem.bind(emit),
      log,
      events: {
        begun: () => this.#onBegun(id),
        read: (service, isListed) => {
          this.#items.put(service, isListed);
          this.#tellSoon();
        },
        gone: ({ group, name }) => {
          this.#items.delete(id, group, name);
          this.#tellSoon();
        },
        polled: () => this.#readMetadata(metadataAttempts),
        complete: () => this.#onComplete(id),
        succeeded: () => emit.suspicious(`namespace ${id} is read by another connection, perhaps from another server`),
        lost: (reason) => this.#onLost(id, this.#followers.size > 1 ? `namespace ${id}: ${reason}` : reason),
        contact: () => {
          if (this.#incomplete.size === 0) emit.contact();
        },
      },
    });
    this.#followers.set(id, follower);
  }

  /** A namespace is gone from the server, and with it all that it held. */
  #unfollow(follower: NamespaceFollower): void {
    const { namespace } = follower;
    this.#followers.delete(namespace);
    for (const { group, name } of follower.names) this.#items.delete(namespace, group, name);
    void follower.stop();
    this.#tellSoon();
    if (this.#incomplete.delete(namespace)) this.#commitIfComplete();
  }

  #onBegun(namespace: string): void {
    this.#incomplete.add(namespace);
    this.#listing ??= this.#context.emit.listing();
  }

  async #onComplete(namespace: string): Promise<void> {
    await this.#metadata.read(Number.POSITIVE_INFINITY);
    if (this.#closed) return;
    this.#incomplete.delete(namespace);
    this.#commitIfComplete();
  }

  #onLost(namespace: string, reason: string): void {
    this.#incomplete.add(namespace);
    this.#listing?.abandon(reason);
    this.#listing = undefined;
    this.#context.emit.unreachable(reason);
  }

  #commitIfComplete(): void {
    if (this.#incomplete.size > 0 || !this.#listing) return;
    const listing = this.#listing;
    this.#listing = undefined;
    this.#judge(true);
    const add = (item: Item): void => {
      this.#unmet.met(item);
      listing.add(item);
    };
    const isUnread = this.#followers.values().some((follower) => follower.isUnread);
    this.#items.list({ add, keep: (id) => listing.keep(id) }, this.#context.emit, isUnread);
    // What nobody could read yet is not without instances.
    const unmet = isUnread ? [] : this.#unmet.items((namespace) => this.#isFollowed(namespace), this.#wanted);
    for (const item of unmet) listing.add(item);
    listing.commit();
  }

  /** Where namespaces are merged, a service's key names none. */
  #isFollowed(namespace: string): boolean {
    return this.#settings.merge === "namespaces" || this.#followers.has(namespace);
  }

  /** At the end of this turn of the event loop: what belongs together comes together. */
  #tellSoon(): void {
    if (this.#closed) return;
    this.#telling ??= setImmediate(() => {
      this.#telling = undefined;
      // A listing reads all metadata at once.
      if (!this.#listing && this.#metadata.isDue(1)) this.#readMetadata(1);
      else this.#tell();
    });
  }

  #tell(): void {
    if (this.#closed) return;
    if (!this.#listing) this.#judge(false);
    this.#items.tell(this.#context.emit);
  }

  #readMetadata(times: number): void {
    void this.#metadata.read(times).then(() => this.#tell());
  }

  #judge(isComplete: boolean): void {
    const next = this.#items.judge(performance.now(), isComplete);
    clearTimeout(this.#judgeTimer);
    if (next < Number.POSITIVE_INFINITY) {
      this.#judgeTimer = setTimeout(() => this.#tellSoon(), Math.max(0, next - performance.now()));
    }
  }
}
