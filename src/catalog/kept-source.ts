/** What the catalog gives to last-known-good of one registry: the effective items, before any draining. */
import type { JournalEntry, KeptSource } from "../last-known-good/journal-entry.ts";
import { portsText } from "../naming/known-ports.ts";
import type { Source } from "./source.ts";

/** Told of what must survive a restart; both calls are cheap. */
export interface CatalogJournal {
  /** What is kept of an item is another one now. `characters`: length of its text. */
  touched(registry: string, id: string, characters: number): void;
  /** A complete listing of the registry was taken over, the first in this process. */
  completed(registry: string): void;
}

export function keptSource(source: Source): KeptSource {
  const { view } = source;
  return {
    ids: () => [...view.ids(), ...view.empty.expired],
    entry: (id) => entryOf(source, id),
    isComplete: () => isComplete(source),
    characters: () => view.texts.characters,
  };
}

/** Whether a complete listing stands behind what is served, of this process or an earlier one. */
export function isComplete({ view: { status } }: Source): boolean {
  return status.synced || status.restored === true;
}

function entryOf({ view, known }: Source, id: string): JournalEntry {
  const kept = view.kept(id);
  if (kept === undefined) return { what: view.empty.expired.has(id) ? "expired" : "gone", id };
  const { text, firstSeen, lastSeen } = kept;
  return {
    what: "kept",
    id,
    item: { text, ports: portsText(known.get(id) ?? []), emptySince: view.empty.since(id), firstSeen, lastSeen },
  };
}
