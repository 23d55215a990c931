/**
 * What of a registry's items goes on being served although its word lost it, and when that ends: by
 * holds, by flap damping, or by an operator's word.
 */
import type { OperatorWord, ProtectionConfig } from "../../config/schema.ts";
import type { Item } from "../../registries/service.ts";
import { Departures } from "../protection/departures.ts";
import type { HoldReason } from "../protection/hold.ts";
import { emptied, missingInstances, withMissing } from "../protection/missing-instances.ts";
import { operatorHolds } from "../protection/operator-holds.ts";
import { RemovalHolds } from "../protection/removal-holds.ts";
import { parseItem } from "./item-text.ts";
import type { ServedItems } from "./served-items.ts";
import type { ViewEvents } from "./view-events.ts";

export class Retention {
  readonly holds: RemovalHolds;
  readonly departures = new Departures();
  rules: ProtectionConfig;
  readonly #served: ServedItems;
  readonly #events: ViewEvents;

  constructor(served: ServedItems, rules: ProtectionConfig, events: ViewEvents) {
    this.#served = served;
    this.#events = events;
    this.rules = rules;
    this.holds = new RemovalHolds((hold) => events.opened(hold));
  }

  /** What is served of a known item of which the registry says `said`, with `left` endpoints; undefined: just that. */
  kept(id: string, said: Item, left: number, now: number): Item | undefined {
    this.#judge(id, left, now);
    const isDamped = this.#isDamped(id);
    if (!this.holds.waits(id) && !isDamped) return undefined;
    const before = this.#served.kept.item(id);
    if (isDamped) this.departures.note(id, before, said, now);
    const missing = missingInstances(before, said);
    // All that the service lost came back.
    if (missing.length === 0) this.#close(id);
    return withMissing(said, this.holds.waits(id) ? missing : this.#damped(id, missing));
  }

  /** Whether an item goes on being served that the registry says is gone. */
  keepsGone(id: string, now: number): boolean {
    this.#judge(id, 0, now);
    if (this.#isDamped(id)) this.departures.note(id, this.#served.kept.item(id), undefined, now);
    return this.holds.waits(id) || this.departures.concerns(id);
  }

  /** Judges what a listing lost as a whole: half of it must not leave before the rest is recognised as a mass. */
  judgeListing(gone: readonly string[], now: number): void {
    const { truth } = this.#served.kept;
    const lost = gone.reduce((sum, id) => sum + this.#served.kept.truthEndpoints(id), 0);
    if (lost > 0 && !this.holds.waitForAll) this.holds.judgeRegistry(truth, truth - lost, this.rules, now);
  }

  /** Everything is served as the registry says it. Nothing is left to wait for if that was a mass removal. */
  allCameBack(now: number): void {
    if (this.holds.mass !== undefined) this.#endMass(now);
  }

  openRestart(why: HoldReason, detail: string, now: number): void {
    if (this.rules.hold === 0) return;
    const opened = this.holds.restart.open(why, detail, now);
    if (opened !== undefined) this.#events.opened(opened);
  }

  /** The registry was read again, if it was asked to be: what it lacks now is honoured. */
  wasListed(seenAt: number, now: number): void {
    if (this.holds.restart.awaitsListing) this.#endRestart(seenAt, now);
  }

  /** What waited for a word alone that is taken back is honoured, unless it is a mass removal. */
  setOperator(word: OperatorWord | undefined, now: number): void {
    const before = this.holds.operator;
    const after = operatorHolds(word, before, now);
    this.holds.operator = after;
    for (const hold of after) if (!before.some(({ why }) => why === hold.why)) this.#events.opened(hold);
    const ended = before.filter(({ why }) => !after.some((one) => one.why === why));
    if (ended.length === 0) return;
    const honoured = this.#honourJudged(now, now);
    for (const hold of ended) this.#events.closed(hold, honoured);
  }

  /** Whatever is held is honoured now; a freeze goes on for what comes. Gives the number of items. */
  release(now: number): number {
    const { holds } = this;
    const closed = [
      holds.restart.isLive ? holds.restart.close() : undefined,
      holds.closeMass(),
      ...[...holds.items.keys()].map((id) => holds.closeItem(id)),
    ];
    this.departures.expire(Number.POSITIVE_INFINITY);
    const ids = [...this.#served.kept.held.keys()];
    for (const id of ids) this.#settle(id, now, now);
    holds.settled();
    for (const hold of closed) if (hold !== undefined) this.#events.closed(hold, ids.length);
    return ids.length;
  }

  /** The same for one item. Gives whether anything of it was held. */
  releaseItem(id: string, now: number): boolean {
    if (!this.#served.kept.held.has(id)) return false;
    this.departures.forgetItem(id);
    this.#close(id, 1);
    this.#settle(id, now, now);
    this.holds.settled();
    return true;
  }

  /** Epoch ms at which `tick` may have something to do. */
  deadlines(): readonly (number | undefined)[] {
    const { holds, departures, rules } = this;
    return [holds.restart.end(rules.hold), holds.massEnd(rules), holds.itemsEnd(rules), departures.end(rules.flapDamping)];
  }

  tick(now: number): void {
    const { holds, departures, rules } = this;
    const reached = (at: number | undefined) => at !== undefined && at <= now;
    if (reached(holds.massEnd(rules))) this.#endMass(now);
    for (const id of [...holds.items.keys()]) {
      if (!reached(holds.itemsEnd(rules))) break;
      this.#endItem(id, now);
    }
    if (reached(holds.restart.end(rules.hold))) {
      if (this.#served.kept.held.size === 0) this.#endRestart(now, now);
      else {
        holds.restart.relisted(now);
        this.#events.relist();
      }
    }
    for (const id of departures.expire(now - rules.flapDamping)) if (!holds.waits(id)) this.#settle(id, now, now);
  }

  #judge(id: string, left: number, now: number): void {
    const { holds, rules } = this;
    const { truth } = this.#served.kept;
    const before = this.#served.kept.truthEndpoints(id);
    if (left >= before || holds.waits(id)) return;
    if (holds.judgeRegistry(truth, truth - before + left, rules, now)) return;
    if (id.startsWith("service/")) holds.judgeItem(id, before, left, rules, now);
  }

  /** Also while something waits that left before damping was switched off. */
  #isDamped(id: string): boolean {
    return this.rules.flapDamping > 0 || this.departures.concerns(id);
  }

  #damped(id: string, missing: ReturnType<typeof missingInstances>) {
    return missing.filter((instance) => this.departures.waits(id, instance.id));
  }

  #endRestart(seenAt: number, now: number): void {
    const hold = this.holds.restart.close();
    if (hold === undefined) return;
    this.#events.closed(hold, this.#honourJudged(seenAt, now));
  }

  #endMass(now: number): void {
    const mass = this.holds.closeMass();
    if (mass !== undefined) this.#events.closed(mass, this.#honour(now, now));
  }

  #endItem(id: string, now: number): void {
    const waits = this.holds.waitForAll;
    this.#close(id, waits ? 0 : 1);
    if (!waits) this.#settle(id, now, now);
  }

  #close(id: string, honoured = 0): void {
    const hold = this.holds.closeItem(id);
    if (hold !== undefined) this.#events.closed(hold, honoured);
  }

  /** What a restart or an operator kept may itself be a mass removal; those rules have the last word. */
  #honourJudged(seenAt: number, now: number): number {
    const { holds, rules } = this;
    const { served, truth, held } = this.#served.kept;
    if (!holds.waitForAll) holds.judgeRegistry(served, truth, rules, now);
    if (holds.waitForAll) return 0;
    for (const id of held.keys()) {
      const before = this.#served.kept.get(id)?.endpoints ?? 0;
      if (id.startsWith("service/") && !holds.items.has(id)) holds.judgeItem(id, before, this.#served.kept.truthEndpoints(id), rules, now);
    }
    return this.#honour(seenAt, now);
  }

  /** What does not wait any more is served as the registry says it. Gives the number of items. */
  #honour(seenAt: number, now: number): number {
    const ids = [...this.#served.kept.held.keys()].filter((id) => !this.holds.waits(id));
    for (const id of ids) this.#settle(id, seenAt, now);
    if (!this.holds.waitForAll) this.holds.settled();
    return ids.length;
  }

  /** The truth of an item becomes what is served, but for what damping keeps. */
  #settle(id: string, seenAt: number, now: number): void {
    const held = this.#served.kept.held.get(id);
    if (held === undefined) return;
    const said = held.truth === undefined ? undefined : parseItem(held.truth);
    const before = this.departures.concerns(id) ? this.#served.kept.item(id) : undefined;
    const damped = before && withMissing(said ?? emptied(before), this.#damped(id, missingInstances(before, said)));
    if (damped !== undefined) this.#served.putHeld(id, damped, held, seenAt, now);
    else if (held.truth === undefined || said === undefined) this.#served.drop(id, seenAt);
    else this.#served.put(id, said, held.truth, seenAt, now);
  }
}
