/**
 * Last-known-good between the rooms: what journals held goes to the catalog before a registry is
 * heard, and what the catalog keeps goes to the journals before it is published.
 */
import type { Catalog } from "../catalog/catalog.ts";
import type { CatalogJournal } from "../catalog/kept-source.ts";
import type { RegistryConfig } from "../config/schema.ts";
import type { JournalOwner } from "../last-known-good/journal-header.ts";
import type { JournalContents } from "../last-known-good/journal-reading.ts";
import type { LastKnownGood } from "../last-known-good/last-known-good.ts";
import type { PeerState } from "../last-known-good/peers/peers.ts";
import type { RegistryState, StateReport } from "../last-known-good/registry-state.ts";
import type { Pause } from "../last-known-good/slices.ts";
import type { Logger } from "../log/logger.ts";
import type { StateOrigin } from "../registries/feed.ts";
import type { Restored, Restoring } from "../registries/supervision/restoring.ts";
import type { KeptResources } from "./kept-resources.ts";
import type { OperatorWords } from "./operator/operator-words.ts";

/** Whoever translates what the catalog takes over: so many changes wait there. */
interface Downstream {
  readonly backlog: number;
}

interface FoundState {
  readonly contents: JournalContents;
  readonly from: StateOrigin;
}

/** The newest state that a peer has of a registry; see `Peers`. */
type NewestOfPeers = (owner: JournalOwner) => Promise<PeerState | undefined>;

/** So many items are taken over before they are translated: the catalog has them parsed that long (`ServiceIndex`). */
const mostAhead = 64;

/** What survives a restart beside the journals. */
export interface KeptBeside {
  /** What operators said to this replica. */
  readonly operator: OperatorWords;
  readonly resources: KeptResources;
}

export class KeptRegistries implements CatalogJournal {
  readonly operator: OperatorWords;
  readonly resources: KeptResources;
  readonly #kept: LastKnownGood;
  readonly #log: Logger;
  readonly #peers: NewestOfPeers | undefined;
  #downstream: Downstream = { backlog: 0 };
  readonly #catalog = Promise.withResolvers<Catalog>();

  /** `peers`: asked for a registry of which nothing is kept here. */
  constructor(kept: LastKnownGood, log: Logger, { operator, resources }: KeptBeside, peers?: NewestOfPeers) {
    this.#kept = kept;
    this.#log = log;
    this.operator = operator;
    this.resources = resources;
    this.#peers = peers;
  }

  /** Clusters of which something is kept for a registry. */
  clusters(registry: string): readonly string[] {
    return this.#kept.clusters(registry);
  }

  /** Begins to read what is kept of a registry; the catalog gets it as soon as it is attached. */
  begin({ id, type }: RegistryConfig): Restoring {
    const owner = { registry: id, kind: type };
    const state = this.#kept.registry(owner);
    const found = this.#find(owner, state);
    return { known: found.then(({ contents }) => contents.ids()), applied: this.#apply(id, state, found) };
  }

  /** New settings of a registry; one that is of another kind now begins anew. */
  changed(registry: RegistryConfig): Restoring | undefined {
    return this.#kept.find(registry.id)?.kind === registry.type ? undefined : this.begin(registry);
  }

  /** The catalog must know the registries that were begun. */
  attach(catalog: Catalog, publisher: Downstream): void {
    this.#downstream = publisher;
    this.#catalog.resolve(catalog);
  }

  touched(registry: string, id: string, characters: number): void {
    this.#kept.find(registry)?.journal.touched(id, characters);
  }

  completed(registry: string): void {
    this.#kept.find(registry)?.journal.completed();
  }

  /** What changed so far is in the journals when this returns. */
  flush(): void {
    this.#kept.flush();
  }

  /** The registry left the configuration, and its journal goes. */
  remove(registry: string): void {
    this.#kept.remove(registry);
  }

  reports(): readonly StateReport[] {
    return this.#kept.reports();
  }

  close(): void {
    this.#kept.close();
  }

  /** Own state, unless it is not complete and that of a peer is. */
  async #find(owner: JournalOwner, state: RegistryState): Promise<FoundState> {
    const { contents, changedAt } = await state.loaded;
    const own = { contents, from: changedAt === undefined ? {} : { asOf: changedAt } };
    if (contents.isComplete || this.#peers === undefined || state.isRemoved) return own;
    const theirs = await this.#peers(owner);
    if (theirs === undefined) return own;
    const { peer, asOf } = theirs;
    const { registry } = owner;
    this.#log.info(
      { registry, peer, asOf: new Date(asOf).toISOString(), items: theirs.contents.size },
      `no complete state of registry ${registry} was kept: until it is listed, that of peer ${peer} is served`,
    );
    return { contents: theirs.contents, from: { peer, asOf } };
  }

  async #apply(registry: string, state: RegistryState, found: Promise<FoundState>): Promise<Restored | undefined> {
    const [catalog, { contents, from }] = await Promise.all([this.#catalog.promise, found, this.resources.loaded]);
    let failures = 0;
    const failed = (item: string, error?: unknown): void => {
      // A defect of ours can fail every item.
      if (failures++ === 0) this.#log.error({ registry, item, err: error }, "what was kept of an item, perhaps of several, cannot be used");
    };
    await this.#kept.slices.run(
      restoreItems(catalog, registry, contents, {
        isEnded: () => state.isRemoved,
        isBusy: () => this.#downstream.backlog >= mostAhead,
        failed,
      }),
    );
    if (state.isRemoved) return undefined;
    catalog.restored(registry, contents.expired);
    const { isComplete } = contents;
    const source = catalog.kept(registry);
    if (source !== undefined) state.journal.follow(source);
    if (from.peer !== undefined) state.journal.rewrite();
    state.applied(contents);
    return isComplete && failures === 0 ? { reason: reason(from), from } : undefined;
  }
}

interface RestoreEvents {
  isEnded(): boolean;
  isBusy(): boolean;
  failed(item: string, error?: unknown): void;
}

function* restoreItems(catalog: Catalog, registry: string, contents: JournalContents, events: RestoreEvents): Generator<Pause, void> {
  let ahead = 0;
  for (const [id, item] of contents.items()) {
    while (events.isBusy() || ahead >= mostAhead) {
      ahead = 0;
      yield "next turn";
    }
    if (events.isEnded()) return;
    ahead += 1;
    try {
      if (!catalog.restore(registry, id, item)) events.failed(id);
    } catch (error) {
      events.failed(id, error);
    }
    yield "may go on";
  }
}

function reason({ peer, asOf }: StateOrigin): string {
  const when = asOf === undefined ? "" : new Date(asOf).toISOString();
  if (peer !== undefined) return `not listed yet since the start; what peer ${peer} knew of it at ${when} is served`;
  return `not listed yet since the start; its last known state is served${when && `, last written ${when}`}`;
}
