/**
 * What one registry is believed to hold: its own word (the truth), plus what the protection
 * keeps although that word lost it. A failure never shrinks the view; the removal table of the
 * design says what does. A state machine without clock or timers: the caller passes the time and
 * calls `tick` when `nextDeadline` is reached.
 *
 * Memory: one JSON text per item, nothing parsed. A held item's truth lies beside it.
 */
import type { ProtectionConfig } from "../config/schema.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import type { Item, Service } from "../registries/service.ts";
import { EmptyServices } from "./empty-services.ts";
import { endpointCount, parseItem } from "./item-text.ts";
import { drained, isMassRemoval, missingInstances, WindowPeak, withHeld } from "./protection.ts";

export type HoldReason = "reconnect" | "suspicion" | "mass-removal";

/** Why shrinkage waits, and since when (epoch ms). */
export interface Hold {
  readonly why: HoldReason;
  readonly detail: string;
  readonly since: number;
}

export interface HeldItem {
  /** What the registry says now; undefined if it says that the item is gone. */
  readonly truth: string | undefined;
  readonly truthEndpoints: number;
  readonly since: number;
}

export interface ViewEvents {
  /** The effective item is another one; undefined: it left. */
  changed(id: string, item: Item | undefined, seenAt: number): void;
  /** Held shrinkage is about to be honoured: the registry is to be read again. */
  relist(): void;
  opened(hold: Hold): void;
  closed(hold: Hold, honoured: number): void;
}

export interface ViewCounts {
  readonly service: number;
  readonly resource: number;
  readonly fact: number;
}

interface Kept {
  readonly kind: Item["kind"];
  /** What is served; differs from the truth only while the item is held. */
  readonly text: string;
  readonly endpoints: number;
  /** Whether it ever had an endpoint: only such a service "lost its last instance". */
  readonly lived: boolean;
}

/** More facts than this per registry are counted and left out. */
const maxFacts = 200_000;
/** How soon a registry that did not answer a `relist` is asked again, at the earliest. */
const minRelistGap = 1_000;

export class RegistryView {
  readonly #events: ViewEvents;
  readonly #items = new Map<string, Kept>();
  readonly #held = new Map<string, HeldItem>();
  readonly #empty = new EmptyServices();
  readonly #counts: Record<Item["kind"], number> = { service: 0, resource: 0, fact: 0 };
  readonly #peak = new WindowPeak();
  #rules: ProtectionConfig;
  #status: RegistryStatus | undefined;
  readonly #unknown: RegistryStatus;
  #hold: Hold | undefined;
  /** Since when the registry is live again while a hold is open; the hold's time runs from here. */
  #liveSince: number | undefined;
  #relistedAt: number | undefined;
  #mass: Hold | undefined;
  #drained = false;
  /** Endpoints that are served, and those the registry says there are. */
  #served = 0;
  #truth = 0;
  #malformed = 0;
  #left = 0;

  constructor(rules: ProtectionConfig, events: ViewEvents, now: number) {
    this.#rules = rules;
    this.#unknown = { phase: "starting", since: now, synced: false, lastContact: 0, epoch: 0, restarts: 0 };
    this.#events = events;
  }

  /** Until the supervisor said anything: starting. */
  get status(): RegistryStatus {
    return this.#status ?? this.#unknown;
  }
  get counts(): ViewCounts {
    return this.#counts;
  }
  /** Endpoints that are served. */
  get endpoints(): number {
    return this.#drained ? 0 : this.#served;
  }
  /** Texts that were no item, and facts above the limit: both are skipped. */
  get skipped(): { readonly malformed: number; readonly overLimit: number } {
    return { malformed: this.#malformed, overLimit: this.#left };
  }
  get holds(): readonly Hold[] {
    return [this.#hold, this.#mass].filter((hold) => hold !== undefined);
  }
  get held(): ReadonlyMap<string, HeldItem> {
    return this.#held;
  }
  get isDrained(): boolean {
    return this.#drained;
  }
  ids(): Iterable<string> {
    return this.#items.keys();
  }

  /** The effective item, parsed anew. */
  item(id: string): Item | undefined {
    const kept = this.#items.get(id);
    const item = kept === undefined ? undefined : parseItem(kept.text);
    return item !== undefined && this.#drained ? drained(item) : item;
  }

  /** How many instances of an item are served although the registry lost them. */
  heldEndpoints(id: string): number {
    const held = this.#held.get(id);
    return held === undefined ? 0 : (this.#items.get(id)?.endpoints ?? 0) - held.truthEndpoints;
  }

  upsert(id: string, text: string, seenAt: number, now: number): void {
    const before = this.#items.get(id);
    const held = this.#held.get(id);
    if ((held === undefined ? before?.text : held.truth) === text) return;
    const item = parseItem(text);
    if (item === undefined || !id.startsWith(`${item.kind}/`)) {
      this.#malformed += 1;
      return;
    }
    const count = endpointCount(item);
    if (before === undefined && !this.#admits(id, item, count)) return;
    const countBefore = held?.truthEndpoints ?? before?.endpoints ?? 0;
    this.#truth += count - countBefore;
    const kept = before !== undefined && this.#keeps(count < countBefore, now) ? this.#withMissing(before, item) : undefined;
    if (kept === undefined) {
      this.#held.delete(id);
      this.#put(id, item, text, count, seenAt, now);
    } else {
      this.#held.set(id, { truth: text, truthEndpoints: count, since: held?.since ?? now });
      this.#put(id, kept, JSON.stringify(kept), endpointCount(kept), seenAt, now);
    }
    this.#closeEmptyMass();
  }

  remove(id: string, seenAt: number, now: number): void {
    this.#empty.forget(id);
    const before = this.#items.get(id);
    if (before === undefined || this.#isGone(id)) return;
    this.#truth -= this.#truthOf(id, before);
    if (this.#keeps(before.endpoints > 0, now)) this.#holdGone(id, now);
    else this.#drop(id, seenAt, now);
  }

  listed(ids: ReadonlySet<string>, seenAt: number, now: number): void {
    this.#empty.keepExpired(ids);
    const gone: string[] = [];
    let lost = 0;
    for (const [id, kept] of this.#items) {
      if (ids.has(id) || this.#isGone(id)) continue;
      gone.push(id);
      lost += this.#truthOf(id, kept);
    }
    this.#truth -= lost;
    // Judged as a whole: half of a listing must not leave before the rest is recognised as a mass.
    const keep = gone.length > 0 && this.#keeps(lost > 0, now);
    for (const id of gone) {
      if (keep) this.#holdGone(id, now);
      else this.#drop(id, seenAt, now);
    }
    if (this.#hold !== undefined && this.#relistedAt !== undefined) this.#endHold(seenAt, now);
  }

  updateStatus(status: RegistryStatus, now: number): void {
    const before = this.#status;
    this.#status = status;
    if (this.#items.size > 0) {
      // A first connection replaces nothing, unless the view was filled before it: from elsewhere, then.
      // A supervisor that starts over (changed settings) counts its epochs anew, and is not synced.
      const replaced = before === undefined ? !status.synced : before.synced && (before.epoch !== status.epoch || !status.synced);
      if (replaced) this.#openHold("reconnect", status.reason ?? "the connection to the registry was replaced", now);
      if (status.suspicion !== undefined && status.suspicion !== before?.suspicion) this.#openHold("suspicion", status.suspicion, now);
    }
    if (status.phase === "live") this.#liveSince ??= now;
    else {
      this.#liveSince = undefined;
      this.#relistedAt = undefined;
    }
    if (status.phase === "live" && this.#drained) this.#setDrained(false, now);
  }

  /** New settings hold for everything that waits already. */
  setRules(rules: ProtectionConfig, now: number): void {
    this.#rules = rules;
    if (this.#drained && rules.unreachable === "keep") this.#setDrained(false, now);
  }

  /** The operator's word: whatever is held is honoured now. */
  release(now: number): void {
    const { holds } = this;
    const honoured = this.#held.size;
    this.#hold = undefined;
    this.#mass = undefined;
    this.#honour(now, now);
    for (const hold of holds) this.#events.closed(hold, honoured);
  }

  /** Epoch ms at which `tick` has something to do. */
  nextDeadline(): number | undefined {
    const deadlines = [this.#holdEnd(), this.#massEnd(), this.#drainAt(), this.#emptyEnd()].filter((at) => at !== undefined);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  tick(now: number): void {
    const reached = (at: number | undefined) => at !== undefined && at <= now;
    if (reached(this.#massEnd())) this.#endMass(now);
    if (reached(this.#holdEnd())) {
      if (this.#held.size === 0) this.#endHold(now, now);
      else {
        this.#relistedAt = now;
        this.#events.relist();
      }
    }
    if (reached(this.#drainAt())) this.#setDrained(true, now);
    for (const id of this.#empty.expire(now - this.#rules.emptyServiceFor)) this.#drop(id, now, now);
  }

  /** Whether a newcomer is taken at all. */
  #admits(id: string, item: Item, count: number): boolean {
    if (item.kind === "fact" && this.#counts.fact >= maxFacts) {
      this.#left += 1;
      return false;
    }
    if (item.kind === "service" && count === 0 && this.#empty.hasExpired(id)) return false;
    this.#empty.forget(id);
    return true;
  }

  /** Whether shrinkage waits. `#truth` is already what the registry says now. */
  #keeps(shrinks: boolean, now: number): boolean {
    if (this.#hold !== undefined || this.#mass !== undefined) return true;
    const peak = this.#peak.peak(this.#served, now, this.#rules.massRemovalWindow);
    if (!shrinks || !isMassRemoval(peak, this.#truth, this.#rules)) return false;
    this.#openMass(peak, now);
    return true;
  }

  #openMass(peak: number, now: number): void {
    const detail = `the registry has ${this.#truth} endpoints left of ${peak}`;
    this.#mass = { why: "mass-removal", detail, since: now };
    this.#events.opened(this.#mass);
  }

  #withMissing(before: Kept, item: Item): Item | undefined {
    if (item.kind !== "service") return undefined;
    const old = parseItem(before.text);
    if (old?.kind !== "service") return undefined;
    const missing = missingInstances(old.service as Service, item.service);
    return missing.length === 0 ? undefined : { kind: "service", service: withHeld(item.service, missing) };
  }

  #put(id: string, item: Item, text: string, endpoints: number, seenAt: number, now: number): void {
    const before = this.#items.get(id);
    if (before === undefined) this.#counts[item.kind] += 1;
    this.#noteServed(endpoints - (before?.endpoints ?? 0), now);
    this.#items.set(id, { kind: item.kind, text, endpoints, lived: endpoints > 0 || before?.lived === true });
    if (item.kind === "service" && endpoints === 0 && before?.lived) this.#empty.began(id, now);
    else this.#empty.ended(id);
    this.#events.changed(id, this.#drained ? drained(item) : item, seenAt);
  }

  #drop(id: string, seenAt: number, now: number): void {
    const before = this.#items.get(id);
    if (before === undefined) return;
    this.#counts[before.kind] -= 1;
    this.#noteServed(-before.endpoints, now);
    this.#items.delete(id);
    this.#held.delete(id);
    this.#empty.ended(id);
    this.#events.changed(id, undefined, seenAt);
  }

  #noteServed(difference: number, now: number): void {
    if (difference < 0) this.#peak.note(this.#served, now, this.#rules.massRemovalWindow);
    this.#served += difference;
  }

  #holdGone(id: string, now: number): void {
    this.#held.set(id, { truth: undefined, truthEndpoints: 0, since: this.#held.get(id)?.since ?? now });
  }

  #isGone(id: string): boolean {
    const held = this.#held.get(id);
    return held !== undefined && held.truth === undefined;
  }

  #truthOf(id: string, kept: Kept): number {
    return this.#held.get(id)?.truthEndpoints ?? kept.endpoints;
  }

  #openHold(why: HoldReason, detail: string, now: number): void {
    if (this.#rules.hold === 0) return;
    this.#liveSince = undefined;
    this.#relistedAt = undefined;
    const hold = { why, detail, since: this.#hold?.since ?? now };
    if (this.#hold === undefined) this.#events.opened(hold);
    this.#hold = hold;
  }

  #endHold(seenAt: number, now: number): void {
    const hold = this.#hold;
    if (hold === undefined) return;
    this.#hold = undefined;
    this.#relistedAt = undefined;
    const count = this.#held.size;
    // What a restart took away may itself be a mass removal; that rule has the last word.
    const mass = this.#mass !== undefined || isMassRemoval(this.#served, this.#truth, this.#rules);
    if (!mass) this.#honour(seenAt, now);
    else if (this.#mass === undefined) this.#openMass(this.#served, now);
    this.#events.closed(hold, mass ? 0 : count);
  }

  #endMass(now: number): void {
    const mass = this.#mass;
    if (mass === undefined) return;
    this.#mass = undefined;
    const count = this.#hold === undefined ? this.#held.size : 0;
    if (this.#hold === undefined) this.#honour(now, now);
    this.#events.closed(mass, count);
  }

  /** Everything that was held came back: nothing is left to wait for. */
  #closeEmptyMass(): void {
    if (this.#mass === undefined || this.#held.size > 0) return;
    const mass = this.#mass;
    this.#mass = undefined;
    this.#peak.clear();
    this.#events.closed(mass, 0);
  }

  /** The truth becomes what is served. */
  #honour(seenAt: number, now: number): void {
    for (const [id, { truth, truthEndpoints }] of [...this.#held]) {
      this.#held.delete(id);
      const item = truth === undefined ? undefined : parseItem(truth);
      if (truth === undefined || item === undefined) this.#drop(id, seenAt, now);
      else this.#put(id, item, truth, truthEndpoints, seenAt, now);
    }
    // Settled shrinkage is no longer part of any window.
    this.#peak.clear();
  }

  #setDrained(value: boolean, now: number): void {
    this.#drained = value;
    for (const [id, { kind }] of this.#items) if (kind === "service") this.#events.changed(id, this.item(id), now);
  }

  #holdEnd(): number | undefined {
    if (this.#hold === undefined || this.#liveSince === undefined) return undefined;
    if (this.#relistedAt !== undefined) return this.#relistedAt + Math.max(this.#rules.hold, minRelistGap);
    return this.#liveSince + this.#rules.hold;
  }

  #massEnd(): number | undefined {
    return this.#mass === undefined ? undefined : this.#mass.since + this.#rules.massRemovalHold;
  }

  #drainAt(): number | undefined {
    if (this.#rules.unreachable !== "drain" || this.#drained || this.#status?.phase !== "stale") return undefined;
    return (this.#status.lastContact || this.#status.since) + this.#rules.drainAfter;
  }

  #emptyEnd(): number | undefined {
    const { oldest } = this.#empty;
    return oldest === undefined ? undefined : oldest + this.#rules.emptyServiceFor;
  }
}
