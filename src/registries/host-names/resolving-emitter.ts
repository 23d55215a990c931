/**
 * Stands between a session and the worker's emitter: services reach main with addresses, whatever
 * their registry wrote, and again when a name's addresses change. Sessions know nothing of it.
 *
 * A service is told for the first time when each of its names was asked for once. What an earlier
 * worker told of it stays until then; and for some minutes more while the name servers tell nothing
 * of one of its names: an outage of theirs must not take away what was served before a restart of ours.
 */
import type { Emitter, Listing, Problem } from "../contract.ts";
import { type Item, itemId, parseKeyText, type Service } from "../service.ts";
import { FollowedNames } from "./followed-names.ts";
import type { NameAnswer } from "./name-resolver.ts";
import { NamedServices } from "./named-services.ts";
import { namesOf, resolvedService } from "./resolved-service.ts";

/** The first listing waits so long for first answers: without them half of a registry could pass for a complete view. */
const firstAnswersMs = 5_000;
/** What an earlier worker told stays so long without any answer. */
const patienceMs = 5 * 60_000;

interface OpenListing {
  readonly target: Listing;
  /** Ids of the services with names that belong to it. */
  readonly seen: Set<string>;
}

export class ResolvingEmitter implements Emitter {
  readonly #target: Emitter;
  readonly #names: FollowedNames;
  readonly #services: NamedServices;
  readonly #patience: NodeJS.Timeout;
  #patient = true;
  /** What earlier workers told; undefined after the first commit, which settles all of it. */
  #inherited: readonly string[] | ReadonlySet<string> | undefined;
  #open: OpenListing | undefined;
  /** The first listing, complete but for its names. */
  #waiting: OpenListing | undefined;
  #waitingTimer: NodeJS.Timeout | undefined;

  /** @param known ids of what earlier workers told; `lookup` rejects where the name servers cannot tell */
  constructor(target: Emitter, known: readonly string[], lookup: (name: string) => Promise<NameAnswer>) {
    this.#target = target;
    this.#inherited = known;
    this.#names = new FollowedNames(lookup, {
      changed: (name) => this.#nameChanged(name),
      failed: (name, reason) => this.#nameFailed(name, reason),
    });
    this.#services = new NamedServices(this.#names);
    this.#patience = setTimeout(() => {
      this.#patient = false;
      for (const [id] of this.#services.entries()) this.#tellAnew(id);
    }, patienceMs).unref();
  }

  listing(): Listing {
    this.#endWaiting();
    const open: OpenListing = { target: this.#target.listing(), seen: new Set() };
    this.#open = open;
    return {
      add: (item) => this.#put(item, open, (resolved) => open.target.add(resolved)),
      keep: (id) => {
        open.seen.add(id);
        open.target.keep(id);
      },
      commit: () => this.#commit(open),
      abandon: (reason) => this.#abandon(open, reason),
    };
  }

  replaced(items: Iterable<Item>): void {
    const listing = this.listing();
    for (const item of items) listing.add(item);
    listing.commit();
  }

  changed(item: Item): void {
    this.#put(item, this.#open, (resolved) => this.#target.changed(resolved));
  }

  removed(id: string): void {
    this.#services.delete(id);
    this.#target.removed(id);
    this.#endWaitingIfAnswered();
  }

  unreachable(reason: string): void {
    this.#endWaiting();
    this.#target.unreachable(reason);
  }

  contact(): void {
    this.#target.contact();
  }

  suspicious(what: string): void {
    this.#endWaiting();
    this.#target.suspicious(what);
  }

  problem(problem: Problem): void {
    this.#target.problem(problem);
  }

  /** Asks for no name any more. */
  close(): void {
    clearTimeout(this.#patience);
    clearTimeout(this.#waitingTimer);
    this.#names.stop();
  }

  #put(item: Item, listing: OpenListing | undefined, tell: (item: Item) => void): void {
    const names = item.kind === "service" ? namesOf(item.service) : [];
    if (item.kind !== "service" || names.length === 0) {
      if (this.#services.size > 0) this.#services.delete(itemId(item));
      tell(item);
      this.#endWaitingIfAnswered();
      return;
    }
    const id = itemId(item);
    listing?.seen.add(id);
    for (const name of this.#services.put(id, item.service, names, this.#isInherited(id))) {
      this.#nameFailed(name, "there are too many host names");
    }
    this.#tell(id, tell);
  }

  /** Tells a service with its present addresses, if it may be told. */
  #tell(id: string, tell = (item: Item) => this.#target.changed(item)): void {
    const service = this.#services.get(id);
    if (!service || !(service.told || this.#isReady(service.names, service.inherited))) return;
    service.told = true;
    const resolved = resolvedService(JSON.parse(service.text) as Service, (name) => this.#names.state(name)?.addresses ?? []);
    tell({ kind: "service", service: resolved });
  }

  /** Tells what the session has said before. Not while a listing is open that has not named it: that would make it part of the listing. */
  #tellAnew(id: string): void {
    if (!this.#open || this.#open.seen.has(id)) this.#tell(id);
  }

  #isReady(names: readonly string[], inherited: boolean): boolean {
    const waits = inherited && this.#patient;
    return names.every((name) => {
      const state = this.#names.state(name);
      return state === undefined || (waits ? state.answered : state.tried);
    });
  }

  #isInherited(id: string): boolean {
    if (Array.isArray(this.#inherited)) this.#inherited = new Set(this.#inherited as readonly string[]);
    return (this.#inherited as ReadonlySet<string> | undefined)?.has(id) ?? false;
  }

  #commit(listing: OpenListing): void {
    if (this.#open !== listing) return;
    this.#open = undefined;
    for (const [id] of this.#services.entries()) if (!listing.seen.has(id)) this.#services.delete(id);
    this.#waiting = listing;
    if (this.#inherited === undefined || this.#names.untried === 0) this.#endWaiting();
    else this.#waitingTimer = setTimeout(() => this.#endWaiting(), firstAnswersMs);
  }

  #endWaitingIfAnswered(): void {
    if (this.#waiting && this.#names.untried === 0) this.#endWaiting();
  }

  #endWaiting(): void {
    const listing = this.#waiting;
    if (!listing) return;
    this.#waiting = undefined;
    clearTimeout(this.#waitingTimer);
    this.#inherited = undefined;
    for (const [id, { told }] of this.#services.entries()) if (!told) listing.target.keep(id);
    listing.target.commit();
  }

  #abandon(listing: OpenListing, reason: string): void {
    listing.target.abandon(reason);
    if (this.#open !== listing) return;
    this.#open = undefined;
    for (const [id] of this.#services.entries()) if (!listing.seen.has(id)) this.#tell(id);
  }

  #nameChanged(name: string): void {
    for (const id of this.#services.users(name)) this.#tellAnew(id);
    this.#endWaitingIfAnswered();
  }

  #nameFailed(name: string, reason: string): void {
    const [first = "", ...others] = this.#services.users(name);
    const whose = parseKeyText(first.slice("service/".length)).name;
    const more = others.length > 0 ? ` and ${others.length} more services` : "";
    const stale = (this.#names.state(name)?.addresses.length ?? 0) > 0;
    this.#target.problem({
      code: stale ? "host-name-stale" : "host-name-unresolved",
      where: name,
      message: `${reason}; used by ${whose}${more}`,
    });
  }
}
