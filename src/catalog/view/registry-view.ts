/**
 * What one registry is believed to hold: its own word (the truth), plus what the protection
 * keeps although that word lost it. A failure never shrinks the view; the removal table of the
 * design says what does. A state machine without clock or timers: the caller passes the time and
 * calls `tick` when `nextDeadline` is reached.
 */
import type { OperatorWord, ProtectionConfig } from "../../config/schema.ts";
import type { RegistryStatus } from "../../registries/feed.ts";
import type { Item } from "../../registries/service.ts";
import type { Departures } from "../protection/departures.ts";
import { drainAt } from "../protection/drain.ts";
import type { EmptyServices } from "../protection/empty-services.ts";
import { GrowthGuard, type WaitingItem } from "../protection/growth-guard.ts";
import { isReplaced } from "../protection/restart-hold.ts";
import { ItemIntake } from "./item-intake.ts";
import { endpointCount, parseItem } from "./item-text.ts";
import type { KeptItems, RestoredItem } from "./kept-items.ts";
import { Retention } from "./retention.ts";
import { ServedItems } from "./served-items.ts";
import type { ViewEvents } from "./view-events.ts";

export class RegistryView {
  readonly #events: ViewEvents;
  readonly #served: ServedItems;
  readonly #intake = new ItemIntake();
  readonly #retention: Retention;
  readonly #growth: GrowthGuard;
  readonly #unknown: RegistryStatus;
  #status: RegistryStatus | undefined;
  #operator: OperatorWord = {};
  /** When a pause ended last, in epoch ms. */
  #resumed = 0;

  constructor(rules: ProtectionConfig, events: ViewEvents, now: number) {
    this.#events = events;
    this.#served = new ServedItems(events);
    this.#retention = new Retention(this.#served, rules, events);
    this.#growth = new GrowthGuard((hold) => events.opened(hold));
    this.#unknown = { phase: "starting", since: now, synced: false, lastContact: 0, epoch: 0, restarts: 0 };
  }

  /** Until the supervisor said anything: starting. */
  get status(): RegistryStatus {
    return this.#status ?? this.#unknown;
  }
  /** As they are served, but for draining. */
  get items(): Omit<KeptItems, "put" | "restore" | "holdGone" | "delete"> {
    return this.#served.kept;
  }
  /** Endpoints that are served. */
  get endpoints(): number {
    return this.#served.isDrained ? 0 : this.#served.kept.served;
  }
  get isDrained(): boolean {
    return this.#served.isDrained;
  }
  get empty(): Pick<EmptyServices, "since" | "expired"> {
    return this.#served.empty;
  }
  /** Texts that were no item, and facts above the limit: both are skipped. */
  get skipped(): { readonly malformed: number; readonly overLimit: number } {
    return this.#intake.skipped;
  }
  get operator(): OperatorWord {
    return this.#operator;
  }
  get rules(): ProtectionConfig {
    return this.#retention.rules;
  }
  /** Under which removals wait. */
  get holds(): Pick<Retention["holds"], "all" | "items" | "waitForAll"> {
    return this.#retention.holds;
  }
  get departures(): Pick<Departures, "size" | "returns" | "concerns"> {
    return this.#retention.departures;
  }
  get growth(): Pick<GrowthGuard, "all" | "items" | "waiting" | "times"> {
    return this.#growth;
  }

  ids(): readonly string[] {
    return [...this.#served.kept.entries()].map(([id]) => id);
  }

  /** The effective item, parsed anew; of a drained registry without its endpoints. */
  item(id: string): Item | undefined {
    return this.#served.item(id);
  }

  upsert(id: string, text: string, seenAt: number, now: number): void {
    const { kept } = this.#served;
    const waiting = this.#growth.waiting.get(id);
    if (waiting === undefined ? kept.isTruth(id, text) : waiting.text === text) return;
    const item = this.#intake.parse(id, text);
    if (item === undefined || this.#waits(id, text, endpointCount(item), seenAt, now)) return;
    this.#take(id, item, text, seenAt, now);
    if (kept.held.size === 0) this.#retention.allCameBack(now);
  }

  /** Takes over what an earlier process served; the registry's own word, where there is one, is newer. False: it is not served. */
  restore(id: string, restored: RestoredItem, now: number): boolean {
    if (this.#served.kept.get(id) !== undefined) return true;
    const item = this.#intake.parse(id, restored.text);
    if (item === undefined || !this.#admits(id, item)) return false;
    this.#served.restore(id, item, restored, now);
    return true;
  }

  /** All of it is taken over: the registry's first listing must not shrink it at once. */
  restored(expired: Iterable<string>, now: number): void {
    for (const id of expired) if (this.#served.kept.get(id) === undefined) this.#served.empty.restoreExpired(id);
    if (this.#served.kept.size > 0) this.#retention.openRestart("restart", "what is served was known to an earlier process", now);
  }

  remove(id: string, seenAt: number, now: number): void {
    this.#growth.forget(id);
    if (this.#served.empty.forget(id)) this.#events.kept(id);
    if (this.#served.kept.get(id) !== undefined && !this.#served.kept.isGone(id)) this.#lose(id, seenAt, now);
  }

  listed(ids: ReadonlySet<string>, seenAt: number, now: number): void {
    for (const id of this.#growth.waiting.keys()) if (!ids.has(id)) this.#growth.forget(id);
    for (const id of this.#served.empty.keepExpired(ids)) this.#events.kept(id);
    const gone = this.ids().filter((id) => !ids.has(id) && !this.#served.kept.isGone(id));
    this.#retention.judgeListing(gone, now);
    for (const id of gone) this.#lose(id, seenAt, now);
    this.#retention.wasListed(seenAt, now);
  }

  updateStatus(status: RegistryStatus, now: number): void {
    const before = this.#status;
    this.#status = status;
    const retention = this.#retention;
    if (this.#served.kept.size > 0) {
      const { reason = "the connection to the registry was replaced", suspicion } = status;
      if (isReplaced(before, status)) retention.openRestart("reconnect", reason, now);
      if (suspicion !== undefined && suspicion !== before?.suspicion) retention.openRestart("suspicion", suspicion, now);
    }
    if (status.phase === "live") retention.holds.restart.live(now);
    else retention.holds.restart.away();
    if (status.phase === "live" && this.isDrained) this.#served.setDrained(false, now);
  }

  /** New settings hold for everything that waits already. */
  setRules(rules: ProtectionConfig, now: number): void {
    this.#retention.rules = rules;
    if (this.isDrained && rules.unreachable === "keep") this.#served.setDrained(false, now);
    if (rules.growth !== "hold" && this.#growth.waiting.size > 0) this.#endGrowth(Number.POSITIVE_INFINITY, now);
  }

  /** Whether it is frozen or paused, from now on. */
  setOperator(word: OperatorWord, now: number): void {
    const wasKept = this.#isKept;
    this.#operator = word;
    if (wasKept && !this.#isKept) this.#resumed = now;
    this.#retention.setOperator(word, now);
  }

  /** The operator's word: whatever waits is honoured now. A freeze goes on for what comes. Gives the number of items. */
  release(now: number): number {
    // What waited may lose something by what is taken over for it, and that is honoured as well.
    const waited = this.#endGrowth(Number.POSITIVE_INFINITY, now);
    return waited + this.#retention.release(now);
  }

  /** The same for one item. Gives whether anything of it waited. */
  releaseItem(id: string, now: number): boolean {
    const waiting = this.#growth.release(id);
    if (waiting !== undefined) this.#takeWaiting(id, waiting, now);
    return this.#retention.releaseItem(id, now) || waiting !== undefined;
  }

  /** Epoch ms at which `tick` has something to do. */
  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const at of [...this.#retention.deadlines(), this.#growthEnd(), this.#drainAt(), this.#emptyEnd()]) {
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
    return next;
  }

  tick(now: number): void {
    const reached = (at: number | undefined) => at !== undefined && at <= now;
    this.#retention.tick(now);
    if (reached(this.#growthEnd())) this.#endGrowth(now - this.rules.growthHold, now);
    if (reached(this.#drainAt())) this.#served.setDrained(true, now);
    if (reached(this.#emptyEnd())) {
      for (const id of this.#served.empty.expire(now - this.rules.emptyServiceFor)) this.#served.drop(id, now);
    }
  }

  /** Whether an item waits because it, or the registry, grows by a multiple at once. */
  #waits(id: string, text: string, endpoints: number, seenAt: number, now: number): boolean {
    const { kept } = this.#served;
    // Against what is served: what comes back while its loss is held is no growth.
    const before = kept.get(id)?.endpoints ?? 0;
    const added = endpoints - before;
    const { synced, restored } = this.status;
    // A first listing grows from nothing.
    if (added > 0 && (synced || restored === true)) {
      const registry = { from: kept.served, to: kept.served + added };
      this.#growth.judge(id, { from: before, to: endpoints }, registry, this.rules, now);
    }
    // An item of which something is held must not stay as the registry said it before: that is honoured some day.
    const waits = added > 0 && !kept.held.has(id) && this.#growth.holdsBack(id, this.rules);
    if (waits) this.#growth.wait(id, { text, added, seenAt });
    else this.#growth.forget(id);
    return waits;
  }

  #take(id: string, item: Item, text: string, seenAt: number, now: number): void {
    const isKnown = this.#served.kept.get(id) !== undefined;
    if (!isKnown && !this.#admits(id, item)) return;
    const truthEndpoints = endpointCount(item);
    const kept = isKnown ? this.#retention.kept(id, item, truthEndpoints, now) : undefined;
    if (kept === undefined) this.#served.put(id, item, text, seenAt, now);
    else {
      const since = this.#served.kept.held.get(id)?.since ?? now;
      this.#served.putHeld(id, kept, { truth: text, truthEndpoints, since }, seenAt, now);
    }
  }

  #lose(id: string, seenAt: number, now: number): void {
    if (this.#retention.keepsGone(id, now)) this.#served.kept.holdGone(id, now);
    else this.#served.drop(id, seenAt);
  }

  /** Whether a newcomer is taken at all. */
  #admits(id: string, item: Item): boolean {
    if (item.kind === "fact" && !this.#intake.admitsFact(this.#served.kept.counts.fact)) return false;
    if (item.kind === "service" && endpointCount(item) === 0 && this.#served.empty.hasExpired(id)) return false;
    this.#served.empty.forget(id);
    return true;
  }

  /** Takes over what waits for growth that began at `before` or earlier. Gives the number of items. */
  #endGrowth(before: number, now: number): number {
    const free = this.#growth.expire(before);
    for (const [id, waiting] of free) this.#takeWaiting(id, waiting, now);
    return free.length;
  }

  #takeWaiting(id: string, { text, seenAt }: WaitingItem, now: number): void {
    const item = parseItem(text);
    if (item !== undefined) this.#take(id, item, text, seenAt, now);
  }

  /** Nothing of a paused registry changes. */
  #growthEnd(): number | undefined {
    return this.#operator.paused === undefined ? this.#growth.end(this.rules) : undefined;
  }

  #drainAt(): number | undefined {
    return this.isDrained || this.#isKept ? undefined : drainAt(this.#status, this.rules, this.#resumed);
  }

  #emptyEnd(): number | undefined {
    return this.#isKept ? undefined : this.#served.empty.end(this.rules.emptyServiceFor);
  }

  /** By the operator's word nothing leaves. */
  get #isKept(): boolean {
    return this.#operator.frozen !== undefined || this.#operator.paused !== undefined;
  }
}
