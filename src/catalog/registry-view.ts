/**
 * What one registry is believed to hold: its own word (the truth), plus what the protection
 * keeps although that word lost it. A failure never shrinks the view; the removal table of the
 * design says what does. A state machine without clock or timers: the caller passes the time and
 * calls `tick` when `nextDeadline` is reached.
 */
import type { ProtectionConfig } from "../config/schema.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import type { Item } from "../registries/service.ts";
import { EmptyServices } from "./empty-services.ts";
import { ItemIntake } from "./item-intake.ts";
import { endpointCount, parseItem } from "./item-text.ts";
import { type HeldItem, type ItemCounts, type Kept, KeptItems, type RestoredItem } from "./kept-items.ts";
import { drainAt, drained, isMassRemoval, WindowPeak, withMissing } from "./protection.ts";
import { type Hold, type HoldReason, isReplaced, RestartHold } from "./restart-hold.ts";
import type { ViewEvents } from "./view-events.ts";

export class RegistryView {
  readonly #events: ViewEvents;
  readonly #items = new KeptItems();
  readonly #empty = new EmptyServices();
  readonly #intake = new ItemIntake();
  readonly #peak = new WindowPeak();
  readonly #restart = new RestartHold();
  readonly #unknown: RegistryStatus;
  #rules: ProtectionConfig;
  #status: RegistryStatus | undefined;
  #mass: Hold | undefined;
  #drained = false;

  constructor(rules: ProtectionConfig, events: ViewEvents, now: number) {
    this.#rules = rules;
    this.#events = events;
    this.#unknown = { phase: "starting", since: now, synced: false, lastContact: 0, epoch: 0, restarts: 0 };
  }

  /** Until the supervisor said anything: starting. */
  get status(): RegistryStatus {
    return this.#status ?? this.#unknown;
  }
  get counts(): ItemCounts {
    return this.#items.counts;
  }
  /** Endpoints that are served. */
  get endpoints(): number {
    return this.#drained ? 0 : this.#items.served;
  }
  /** Texts that were no item, and facts above the limit: both are skipped. */
  get skipped(): { readonly malformed: number; readonly overLimit: number } {
    return this.#intake.skipped;
  }
  get holds(): readonly Hold[] {
    return [this.#restart.current, this.#mass].filter((hold) => hold !== undefined);
  }
  get held(): ReadonlyMap<string, HeldItem> {
    return this.#items.held;
  }
  get isDrained(): boolean {
    return this.#drained;
  }
  /** Everything that is served, as text. */
  get texts(): Pick<KeptItems, "characters" | "pack"> {
    return this.#items;
  }
  get empty(): Pick<EmptyServices, "since" | "expired"> {
    return this.#empty;
  }

  ids(): readonly string[] {
    return [...this.#items.entries()].map(([id]) => id);
  }

  /** The effective item as text; the endpoints of a drained registry are in it all the same. */
  kept(id: string): Kept | undefined {
    return this.#items.get(id);
  }

  /** The effective item, parsed anew. */
  item(id: string): Item | undefined {
    const item = this.#items.item(id);
    return item !== undefined && this.#drained ? drained(item) : item;
  }

  /** How many instances of an item are served although the registry lost them. */
  heldEndpoints(id: string): number {
    return this.#items.heldEndpoints(id);
  }

  upsert(id: string, text: string, seenAt: number, now: number): void {
    if (this.#items.truthOf(id) === text) return;
    const item = this.#intake.parse(id, text);
    if (item === undefined) return;
    const count = endpointCount(item);
    const known = this.#items.get(id) !== undefined;
    if (!known && !this.#admits(id, item, count)) return;
    const kept = known && this.#keeps(this.#items.truthEndpoints(id) - count, now) ? withMissing(this.#items.item(id), item) : undefined;
    if (kept === undefined) this.#put(id, item, text, count, seenAt, now);
    else {
      const held = { truth: text, truthEndpoints: count, since: this.held.get(id)?.since ?? now };
      this.#put(id, kept, JSON.stringify(kept), endpointCount(kept), seenAt, now, held);
    }
    // Everything that was held came back: nothing is left to wait for.
    if (this.#mass !== undefined && this.held.size === 0) this.#endMass(now);
  }

  /** Takes over what an earlier process served; the registry's own word, where there is one, is newer. False: it is not served. */
  restore(id: string, { text, emptySince, firstSeen, lastSeen }: RestoredItem, now: number): boolean {
    if (this.#items.get(id) !== undefined) return true;
    const item = this.#intake.parse(id, text);
    if (item === undefined) return false;
    const endpoints = endpointCount(item);
    if (!this.#admits(id, item, endpoints)) return false;
    const isEmpty = emptySince !== undefined && item.kind === "service" && endpoints === 0;
    this.#items.restore(id, { kind: item.kind, text, endpoints, lived: isEmpty || endpoints > 0, firstSeen, lastSeen });
    if (isEmpty) this.#empty.began(id, Math.min(emptySince, now));
    this.#events.changed(id, item, now);
    return true;
  }

  /** All of it is taken over: the registry's first listing must not shrink it at once. */
  restored(expired: Iterable<string>, now: number): void {
    for (const id of expired) if (this.#items.get(id) === undefined) this.#empty.restoreExpired(id);
    if (this.#items.size > 0) this.#openRestart("restart", "what is served was known to an earlier process", now);
  }

  remove(id: string, seenAt: number, now: number): void {
    if (this.#empty.forget(id)) this.#events.kept(id);
    if (this.#items.get(id) === undefined || this.#items.isGone(id)) return;
    if (this.#keeps(this.#items.truthEndpoints(id), now)) this.#items.holdGone(id, now);
    else this.#drop(id, seenAt, now);
  }

  listed(ids: ReadonlySet<string>, seenAt: number, now: number): void {
    for (const id of this.#empty.keepExpired(ids)) this.#events.kept(id);
    const gone = this.ids().filter((id) => !ids.has(id) && !this.#items.isGone(id));
    // Judged as a whole: half of a listing must not leave before the rest is recognised as a mass.
    const lost = gone.reduce((sum, id) => sum + this.#items.truthEndpoints(id), 0);
    const keep = gone.length > 0 && this.#keeps(lost, now);
    for (const id of gone) {
      if (keep) this.#items.holdGone(id, now);
      else this.#drop(id, seenAt, now);
    }
    if (this.#restart.awaitsListing) this.#endRestart(seenAt, now);
  }

  updateStatus(status: RegistryStatus, now: number): void {
    const before = this.#status;
    this.#status = status;
    if (this.#items.size > 0) {
      const replaced = isReplaced(before, status);
      if (replaced) this.#openRestart("reconnect", status.reason ?? "the connection to the registry was replaced", now);
      if (status.suspicion !== undefined && status.suspicion !== before?.suspicion) this.#openRestart("suspicion", status.suspicion, now);
    }
    if (status.phase === "live") this.#restart.live(now);
    else this.#restart.away();
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
    const honoured = this.held.size;
    this.#restart.close();
    this.#mass = undefined;
    this.#honour(now, now);
    for (const hold of holds) this.#events.closed(hold, honoured);
  }

  /** Epoch ms at which `tick` has something to do. */
  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const at of [
      this.#restart.end(this.#rules.hold),
      this.#massEnd(),
      this.#drainAt(),
      this.#empty.end(this.#rules.emptyServiceFor),
    ]) {
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  tick(now: number): void {
    const reached = (at: number | undefined) => at !== undefined && at <= now;
    if (reached(this.#massEnd())) this.#endMass(now);
    if (reached(this.#restart.end(this.#rules.hold))) {
      if (this.held.size === 0) this.#endRestart(now, now);
      else {
        this.#restart.relisted(now);
        this.#events.relist();
      }
    }
    if (reached(this.#drainAt())) this.#setDrained(true, now);
    for (const id of this.#empty.expire(now - this.#rules.emptyServiceFor)) this.#drop(id, now, now);
  }

  /** Whether a newcomer is taken at all. */
  #admits(id: string, item: Item, count: number): boolean {
    if (item.kind === "fact" && !this.#intake.admitsFact(this.counts.fact)) return false;
    if (item.kind === "service" && count === 0 && this.#empty.hasExpired(id)) return false;
    this.#empty.forget(id);
    return true;
  }

  /** Whether shrinkage waits, now that the registry says that `lost` endpoints are gone. */
  #keeps(lost: number, now: number): boolean {
    if (this.#restart.current !== undefined || this.#mass !== undefined) return true;
    if (lost <= 0) return false;
    const { served, truth } = this.#items;
    return this.#isMass(this.#peak.peak(served, now, this.#rules.massRemovalWindow), truth - lost, now);
  }

  /** Opens the hold of a mass removal if this is one. */
  #isMass(peak: number, left: number, now: number): boolean {
    if (!isMassRemoval(peak, left, this.#rules)) return false;
    this.#mass = { why: "mass-removal", detail: `the registry has ${left} endpoints left of ${peak}`, since: now };
    this.#events.opened(this.#mass);
    return true;
  }

  #put(id: string, item: Item, text: string, endpoints: number, seenAt: number, now: number, held?: HeldItem): void {
    const before = this.#items.get(id);
    if (endpoints < (before?.endpoints ?? 0)) this.#notePeak(now);
    this.#items.put(id, item.kind, text, endpoints, seenAt, held);
    if (item.kind === "service" && endpoints === 0 && before?.lived) this.#empty.began(id, now);
    else this.#empty.ended(id);
    this.#events.changed(id, this.#drained ? drained(item) : item, seenAt);
    this.#events.kept(id);
  }

  #drop(id: string, seenAt: number, now: number): void {
    this.#notePeak(now);
    this.#items.delete(id);
    this.#empty.ended(id);
    this.#events.changed(id, undefined, seenAt);
    this.#events.kept(id);
  }

  #notePeak(now: number): void {
    this.#peak.note(this.#items.served, now, this.#rules.massRemovalWindow);
  }

  #openRestart(why: HoldReason, detail: string, now: number): void {
    if (this.#rules.hold === 0) return;
    const opened = this.#restart.open(why, detail, now);
    if (opened !== undefined) this.#events.opened(opened);
  }

  #endRestart(seenAt: number, now: number): void {
    const hold = this.#restart.close();
    if (hold === undefined) return;
    const count = this.held.size;
    // What a restart took away may itself be a mass removal; that rule has the last word.
    const waits = this.#mass !== undefined || this.#isMass(this.#items.served, this.#items.truth, now);
    if (!waits) this.#honour(seenAt, now);
    this.#events.closed(hold, waits ? 0 : count);
  }

  #endMass(now: number): void {
    const mass = this.#mass;
    if (mass === undefined) return;
    this.#mass = undefined;
    const waits = this.#restart.current !== undefined;
    const count = waits ? 0 : this.held.size;
    if (!waits) this.#honour(now, now);
    this.#events.closed(mass, count);
  }

  /** The truth becomes what is served. */
  #honour(seenAt: number, now: number): void {
    for (const [id, { truth, truthEndpoints }] of [...this.held]) {
      const item = truth === undefined ? undefined : parseItem(truth);
      if (truth === undefined || item === undefined) this.#drop(id, seenAt, now);
      else this.#put(id, item, truth, truthEndpoints, seenAt, now);
    }
    // Settled shrinkage is no longer part of any window.
    this.#peak.clear();
  }

  #setDrained(value: boolean, now: number): void {
    this.#drained = value;
    for (const [id, { kind }] of this.#items.entries()) if (kind === "service") this.#events.changed(id, this.item(id), now);
  }

  #massEnd(): number | undefined {
    return this.#mass === undefined ? undefined : this.#mass.since + this.#rules.massRemovalHold;
  }

  #drainAt(): number | undefined {
    return this.#drained ? undefined : drainAt(this.#status, this.#rules);
  }
}
