/**
 * The items of one registry as JSON text (at rest a shorter form of it), with the truth of those
 * that are held beside them, and the totals of both. Nothing parsed is kept.
 */
import type { Item } from "../../registries/service.ts";
import { parseItem } from "./item-text.ts";
import { packed, unpacked } from "./packed-text.ts";

export interface Kept {
  readonly kind: Item["kind"];
  /** What is served; differs from the truth only while the item is held. */
  readonly text: string;
  /** Length of the text. */
  readonly characters: number;
  readonly endpoints: number;
  /** Whether it ever had an endpoint: only such a service "lost its last instance". */
  readonly lived: boolean;
  /** Epoch ms when a worker saw it first, as far as this process knows. */
  readonly firstSeen: number;
  /** Epoch ms when its present content was seen. */
  readonly lastSeen: number;
}

export interface HeldItem {
  /** What the registry says now; undefined if it says that the item is gone. */
  readonly truth: string | undefined;
  readonly truthEndpoints: number;
  /** Epoch ms. */
  readonly since: number;
}

/** What an earlier process kept of an item. Those with `emptySince` come last, in the order of that time. */
export interface RestoredItem {
  readonly text: string;
  /** Epoch ms since when a service that had instances has none. */
  readonly emptySince: number | undefined;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** As it lies in memory: by the hundred thousand, so the whole text is made when it is asked for. */
class StoredItem implements Kept {
  readonly kind: Item["kind"];
  /** The text, or a shorter form of it. */
  #stored: string;
  readonly characters: number;
  readonly endpoints: number;
  readonly lived: boolean;
  readonly firstSeen: number;
  readonly lastSeen: number;

  constructor({ kind, text, endpoints, lived, firstSeen, lastSeen }: Omit<Kept, "characters">) {
    this.kind = kind;
    this.#stored = text;
    this.characters = text.length;
    this.endpoints = endpoints;
    this.lived = lived;
    this.firstSeen = firstSeen;
    this.lastSeen = lastSeen;
  }

  get text(): string {
    return this.#stored.length === this.characters ? this.#stored : unpacked(this.#stored);
  }

  pack(): void {
    if (this.#stored.length === this.characters) this.#stored = packed(this.#stored);
  }
}

export type ItemCounts = Readonly<Record<Item["kind"], number>>;

export class KeptItems {
  readonly #items = new Map<string, StoredItem>();
  readonly #held = new Map<string, HeldItem>();
  readonly #counts: Record<Item["kind"], number> = { service: 0, resource: 0, fact: 0 };
  /** What is not packed yet; absent until packing begins. From then on, whatever comes is packed at once. */
  #unpacked: Iterator<StoredItem> | undefined;
  #served = 0;
  #withheld = 0;
  #characters = 0;

  get size(): number {
    return this.#items.size;
  }
  get counts(): ItemCounts {
    return this.#counts;
  }
  /** Endpoints that are served. */
  get served(): number {
    return this.#served;
  }
  /** Endpoints that the registry says there are. */
  get truth(): number {
    return this.#served - this.#withheld;
  }
  get held(): ReadonlyMap<string, HeldItem> {
    return this.#held;
  }
  /** Length of everything that is served, as text. */
  get characters(): number {
    return this.#characters;
  }

  /**
   * Packs the texts, for memory is worth more than time once the first listings are over.
   * @param end monotonic ms until which it may take
   * @returns whether nothing is left to do
   */
  pack(end: number): boolean {
    this.#unpacked ??= this.#items.values();
    while (performance.now() < end) {
      const { value, done } = this.#unpacked.next();
      if (done) return true;
      value.pack();
    }
    return false;
  }

  get(id: string): Kept | undefined {
    return this.#items.get(id);
  }

  entries(): Iterable<readonly [string, Kept]> {
    return this.#items;
  }

  /** The effective item, parsed anew. */
  item(id: string): Item | undefined {
    const kept = this.#items.get(id);
    return kept === undefined ? undefined : parseItem(kept.text);
  }

  /** Whether the registry says just this text already. */
  isTruth(id: string, text: string): boolean {
    const held = this.#held.get(id);
    if (held !== undefined) return held.truth === text;
    const kept = this.#items.get(id);
    // Texts differ in length mostly, and unpacking one takes longer than all else here.
    return kept?.characters === text.length && kept.text === text;
  }

  truthEndpoints(id: string): number {
    return this.#held.get(id)?.truthEndpoints ?? this.#items.get(id)?.endpoints ?? 0;
  }

  /** Endpoints of an item that are served although the registry lost them. */
  heldEndpoints(id: string): number {
    return (this.#items.get(id)?.endpoints ?? 0) - this.truthEndpoints(id);
  }

  /** Whether the item is served although the registry says that it is gone. */
  isGone(id: string): boolean {
    const held = this.#held.get(id);
    return held !== undefined && held.truth === undefined;
  }

  /** Serves a text, seen at `seenAt`. `held`: the truth, where it is another one. */
  put(id: string, kind: Item["kind"], text: string, endpoints: number, seenAt: number, held?: HeldItem): void {
    const before = this.#items.get(id);
    this.#withheld -= this.heldEndpoints(id);
    if (before === undefined) this.#counts[kind] += 1;
    this.#served += endpoints - (before?.endpoints ?? 0);
    const lived = endpoints > 0 || before?.lived === true;
    this.#set(id, { kind, text, endpoints, lived, firstSeen: before?.firstSeen ?? seenAt, lastSeen: seenAt });
    if (held === undefined) this.#held.delete(id);
    else this.#held.set(id, held);
    this.#withheld += this.heldEndpoints(id);
  }

  /** Serves what an earlier process served; of an item that is not there yet. */
  restore(id: string, kept: Omit<Kept, "characters">): void {
    this.#counts[kept.kind] += 1;
    this.#served += kept.endpoints;
    this.#set(id, kept);
  }

  /** Goes on serving an item that the registry says is gone. */
  holdGone(id: string, now: number): void {
    this.#withheld -= this.heldEndpoints(id);
    this.#held.set(id, { truth: undefined, truthEndpoints: 0, since: this.#held.get(id)?.since ?? now });
    this.#withheld += this.heldEndpoints(id);
  }

  delete(id: string): void {
    const before = this.#items.get(id);
    if (before === undefined) return;
    this.#withheld -= this.heldEndpoints(id);
    this.#counts[before.kind] -= 1;
    this.#served -= before.endpoints;
    this.#characters -= before.characters;
    this.#items.delete(id);
    this.#held.delete(id);
  }

  #set(id: string, kept: Omit<Kept, "characters">): void {
    this.#characters += kept.text.length - (this.#items.get(id)?.characters ?? 0);
    const stored = new StoredItem(kept);
    if (this.#unpacked !== undefined) stored.pack();
    this.#items.set(id, stored);
  }
}
