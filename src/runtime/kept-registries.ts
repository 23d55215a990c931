/**
 * Last-known-good between the rooms: what journals held goes to the catalog before a registry is
 * heard, and what the catalog keeps goes to the journals before it is published.
 */
import type { Catalog } from "../catalog/catalog.ts";
import type { CatalogJournal } from "../catalog/kept-source.ts";
import type { RegistryConfig } from "../config/schema.ts";
import type { JournalContents } from "../last-known-good/journal-reading.ts";
import type { LastKnownGood } from "../last-known-good/last-known-good.ts";
import type { RegistryState, StateReport } from "../last-known-good/registry-state.ts";
import type { Pause } from "../last-known-good/slices.ts";
import type { Logger } from "../log/logger.ts";
import type { Restoring } from "../registries/restoring.ts";
import type { OperatorWords } from "./operator/operator-words.ts";

/** Whoever translates what the catalog takes over: so many changes wait there. */
interface Downstream {
  readonly backlog: number;
}

/** So many items are taken over before they are translated: the catalog has them parsed that long (`ServiceIndex`). */
const mostAhead = 400;

export class KeptRegistries implements CatalogJournal {
  /** What operators said to this replica, which survives a restart as well. */
  readonly operator: OperatorWords;
  readonly #kept: LastKnownGood;
  readonly #log: Logger;
  #downstream: Downstream = { backlog: 0 };
  readonly #catalog = Promise.withResolvers<Catalog>();

  constructor(kept: LastKnownGood, log: Logger, operator: OperatorWords) {
    this.#kept = kept;
    this.#log = log;
    this.operator = operator;
  }

  /** Clusters of which something is kept for a registry. */
  clusters(registry: string): readonly string[] {
    return this.#kept.clusters(registry);
  }

  /** Begins to read what is kept of a registry; the catalog gets it as soon as it is attached. */
  begin({ id, type }: RegistryConfig): Restoring {
    const state = this.#kept.registry({ registry: id, kind: type });
    return { known: state.loaded.then(({ contents }) => contents.ids()), applied: this.#apply(id, state) };
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

  async #apply(registry: string, state: RegistryState): Promise<string | undefined> {
    const [catalog, { contents, changedAt }] = await Promise.all([this.#catalog.promise, state.loaded]);
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
    state.applied(contents);
    return isComplete && failures === 0 ? reason(changedAt) : undefined;
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

/** @param changedAt epoch ms of the journal's last change. */
function reason(changedAt: number | undefined): string {
  const written = changedAt === undefined ? "" : `, last written ${new Date(changedAt).toISOString()}`;
  return `not listed yet since the start; its last known state is served${written}`;
}
