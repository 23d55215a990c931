/**
 * The worker's side of a registry: what a session tells becomes batches of text for the main
 * thread. Unchanged items are dropped here; while main has not acknowledged earlier batches,
 * only the newest text per item waits, so a flood costs memory for the view and no more.
 */
import { hash } from "node:crypto";
import type { ClusterItem } from "../../../clusters/offer.ts";
import type { Logger } from "../../../log/logger.ts";
import type { Emitter, Listing, Problem } from "../../contract.ts";
import { type Item, itemId } from "../../service.ts";
import type { FromSession } from "../worker-messages.ts";
import { MessagePace } from "./message-pace.ts";
import { PendingChanges } from "./pending-changes.ts";
import { PendingProblems } from "./pending-problems.ts";

/** Batches on their way that main has not acknowledged. */
const credit = 3;
const contactEveryMs = 1_000;
/** Characters. No service is that large; something that claims to be must not fill the memory of both threads. */
const largestItem = 64 * 1024 * 1024;

interface OpenListing {
  readonly seen: Set<string>;
  /** Of those, what could not be read. */
  readonly kept: Set<string>;
  /** Suspicions before it began: its commit settles those. */
  readonly suspicions: number;
}

type Told = Item | ClusterItem;

export class WorkerEmitter implements Emitter<Told> {
  readonly #post: (message: FromSession) => void;
  readonly #log: Logger;
  /** Digest of the newest text per item: 32 bytes tell whether anything changed. */
  readonly #known = new Map<string, string>();
  readonly #changes = new PendingChanges();
  readonly #problems = new PendingProblems();
  readonly #pace = new MessagePace();
  #open: OpenListing | undefined;
  #unacknowledged = 0;
  #flushing: NodeJS.Immediate | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #lastContact = 0;
  #unreachable: string | undefined;
  #losses = 0;
  #suspicions = 0;
  #closed = false;

  constructor(post: (message: FromSession) => void, log: Logger) {
    this.#post = post;
    this.#log = log;
  }

  listing(): Listing<Told> {
    if (this.#open) this.#log.debug({}, "a newer listing takes the place of an unfinished one");
    const listing: OpenListing = { seen: new Set(), kept: new Set(), suspicions: this.#suspicions };
    this.#open = listing;
    return {
      add: (item) => this.#put(item, listing),
      keep: (id) => this.#keep(id, listing),
      commit: () => this.#commit(listing),
      abandon: (reason) => this.#abandon(listing, reason),
    };
  }

  replaced(items: Iterable<Told>): void {
    const listing = this.listing();
    for (const item of items) listing.add(item);
    listing.commit();
  }

  changed(item: Told): void {
    this.#put(item, undefined);
  }

  removed(id: string): void {
    this.#open?.seen.delete(id);
    this.#known.delete(id);
    // Also when this session never saw it: main may know it from an earlier one.
    this.#changes.set(id, undefined, now());
    this.#schedule();
  }

  unreachable(reason: string): void {
    if (this.#unreachable === reason || this.#closed) return;
    this.#unreachable = reason;
    this.#losses++;
    this.#post({ type: "unreachable", reason: reason.slice(0, 1_000), losses: this.#losses });
  }

  contact(): void {
    const at = Date.now();
    if ((this.#unreachable === undefined && at - this.#lastContact < contactEveryMs) || this.#closed) return;
    this.#unreachable = undefined;
    this.#lastContact = at;
    this.#post({ type: "contact", at });
  }

  suspicious(what: string): void {
    if (this.#closed) return;
    this.#suspicions++;
    this.#post({ type: "suspicious", what: what.slice(0, 1_000), suspicions: this.#suspicions });
  }

  problem(problem: Problem): void {
    this.#problems.add(problem);
    this.#schedule();
  }

  /** Main has applied one batch. */
  acknowledged(): void {
    this.#unacknowledged--;
    if (!this.#isWaiting) return;
    if (this.#wait() === 0) this.#flush();
    else this.#schedule();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#closed = true;
    clearImmediate(this.#flushing);
    clearTimeout(this.#gathering);
  }

  #keep(id: string, listing: OpenListing): void {
    listing.seen.add(id);
    listing.kept.add(id);
  }

  #put(item: Told, listing: OpenListing | undefined): void {
    const id = itemId(item);
    this.#open?.seen.add(id);
    listing?.seen.add(id);
    const text = JSON.stringify(item);
    if (text.length > largestItem) {
      for (const open of [this.#open, listing]) if (open) this.#keep(id, open);
      this.problem({ code: "item-too-large", where: id, message: `${text.length} characters; its last known state is kept` });
      return;
    }
    const digest = hash("sha256", text, "binary");
    if (this.#known.get(id) === digest) return;
    this.#known.set(id, digest);
    this.#changes.set(id, text, now());
    this.#schedule();
  }

  #commit(listing: OpenListing): void {
    if (this.#open !== listing) return;
    this.#open = undefined;
    const gone: string[] = [];
    for (const id of this.#known.keys()) if (!listing.seen.has(id)) gone.push(id);
    for (const id of gone) this.#known.delete(id);
    this.#unreachable = undefined;
    this.#changes.commit({ gone, kept: [...listing.kept], seenAt: now(), losses: this.#losses, suspicions: listing.suspicions });
    this.#schedule();
  }

  #abandon(listing: OpenListing, reason: string): void {
    if (this.#open !== listing) return;
    this.#open = undefined;
    if (!this.#closed) this.#post({ type: "abandoned", reason: reason.slice(0, 1_000) });
  }

  /**
   * Sends at the end of this turn of the event loop, so that one change goes at once and what
   * belongs together goes together. A long listing streams as soon as a batch is full; what comes
   * thicker than that and is no listing is gathered.
   */
  #schedule(): void {
    if (this.#unacknowledged >= credit) return;
    if (this.#changes.full) this.#flush();
    else if (this.#flushing === undefined) {
      const wait = this.#wait();
      if (wait === 0) this.#flushing = setImmediate(() => this.#flush());
      else this.#gathering ??= setTimeout(() => this.#flush(), Math.ceil(wait));
    }
  }

  get #isWaiting(): boolean {
    return this.#changes.size > 0 || this.#problems.size > 0;
  }

  /** ms; a listing does not wait, least of all its end. */
  #wait(): number {
    return this.#open || this.#changes.hasCommit ? 0 : this.#pace.wait(performance.now());
  }

  #flush(): void {
    clearImmediate(this.#flushing);
    clearTimeout(this.#gathering);
    this.#flushing = undefined;
    this.#gathering = undefined;
    while (!this.#closed && this.#unacknowledged < credit && this.#isWaiting) {
      this.#unacknowledged++;
      this.#pace.sent(performance.now());
      this.#post({ type: "batch", ...this.#changes.take(), problems: this.#problems.take() });
    }
  }
}

/** Epoch ms with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
