/** What a journal says of one item of a registry, and of the registry as a whole. */

/** What is served of an item: enough to serve the very same bytes after a restart. */
export interface KeptItem {
  /** The neutral JSON text of the effective item: with what a hold keeps. */
  readonly text: string;
  /** JSON of the ports the service was seen with; empty if none are known. */
  readonly ports: string;
  /** Epoch ms since when the service, which had instances, has none; undefined for anything else. */
  readonly emptySince: number | undefined;
  /** Epoch ms. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/**
 * - `kept`: the item is served so from now on
 * - `gone`: it left
 * - `expired`: it left because it was empty for too long, though the registry still lists it: it
 *   comes back only with an instance
 * - `complete`: everything the registry holds was listed; what stands in the journal is no fragment
 */
export type JournalEntry =
  | { readonly what: "kept"; readonly id: string; readonly item: KeptItem }
  | { readonly what: "gone" | "expired"; readonly id: string }
  | { readonly what: "complete" };

/** What is kept of a registry right now; the journal asks when it writes. */
export interface KeptSource {
  /** Everything there is to say something about. */
  ids(): Iterable<string>;
  /** What is to be said of an id. */
  entry(id: string): JournalEntry;
  /** Whether a complete listing stands behind it, of this process or an earlier one. */
  isComplete(): boolean;
  /** Length of all texts, in characters: about the size of a journal without history. */
  characters(): number;
}
