/**
 * A type of a delta stream. Of what the client holds it remembers one number, the sequence up to which the
 * client was told everything, and the exceptions to it that are still owed. Pure state.
 */
import type { SnapshotSource, TypeKey } from "../../snapshot/snapshot.ts";
import { coveredCount } from "../covered-count.ts";
import type { PacingSettings, Wait } from "../sotw/pacing.ts";
import { type Push, Subscription } from "../subscription.ts";
import { deltaType, type ResourceForm } from "../type-url.ts";
import { AckWindow } from "./ack-window.ts";
import { Interest, split, underAny } from "./interest.ts";

/** Prefixes that are told again although the client never asked for them, beside a wildcard. */
const maxSweptAgain = 16;

export class DeltaSubscription extends Subscription {
  readonly form: ResourceForm;
  readonly interest = new Interest();
  /** The client was told everything up to here; undefined before its first answer. */
  sequence: number | undefined;
  /** Prefixes under which everything is owed. */
  readonly sweeps = new Set<string>();
  /** Names that are owed, whether they exist or not. All of them are asked for. */
  readonly owed = new Set<string>();
  /**
   * Names taken back while a prefix still covers them: the client may have dropped them, so it is told again.
   * True: it had asked for the name, and is also told that it does not exist.
   */
  readonly returned = new Map<string, boolean>();
  /** What the client said to hold, name → version, as far as it was not answered yet. */
  readonly held = new Map<string, string>();
  /** Names that the client holds and an incomplete view lacks: whether they are gone is told when it is complete. */
  readonly doubtful = new Set<string>();
  /** Names that are asked for and an incomplete view lacks: the same. */
  readonly unseen = new Set<string>();
  /** The last answer said that the view is incomplete. */
  toldIncomplete = false;
  readonly #window: AckWindow;

  constructor(typeUrl: string, pacing: PacingSettings) {
    const { type, form } = deltaType(typeUrl);
    super(typeUrl, type);
    this.form = form;
    this.#window = new AckWindow(pacing);
  }

  /** Names, prefixes and versions kept for the client, which are what its requests cost. */
  get weight(): number {
    return this.interest.names.size + this.interest.prefixes.size + this.returned.size + this.held.size + this.doubtful.size;
  }

  /** What is asked for is owed, also what the client was sent before: it may ask because it lost it. */
  subscribe(subscriptions: Iterable<string>): void {
    const { names, prefixes } = split(subscriptions);
    for (const name of names) {
      this.interest.names.add(name);
      this.owed.add(name);
      this.returned.delete(name);
      this.#doubt(name);
    }
    for (const prefix of prefixes) {
      this.interest.prefixes.add(prefix);
      this.sweeps.add(prefix);
    }
    this.#doubtHeld(prefixes);
  }

  /**
   * What remains covered by something else is told again: the client may have dropped it, also where it never
   * asked for it. The exception is `*`, which every client knows to be about the rest, unless what it stood for was still owed.
   */
  unsubscribe(subscriptions: Iterable<string>): void {
    const { names, prefixes } = split(subscriptions);
    const { interest } = this;
    for (const name of names) {
      if (interest.names.delete(name)) this.returned.set(name, true);
      else if (interest.prefixes.size > 0) this.returned.set(name, this.returned.get(name) === true);
      this.owed.delete(name);
      this.unseen.delete(name);
      this.#doubt(name);
    }
    const dropped = new Set<string>();
    for (const prefix of prefixes) {
      const wasOwed = this.sweeps.delete(prefix);
      interest.prefixes.delete(prefix);
      if (wasOwed || prefix !== "") dropped.add(prefix);
    }
    if (dropped.size > 0) this.#oweWhatRemains(dropped);
    if (!interest.isWildcard) for (const prefix of this.sweeps) if (!interest.prefixes.has(prefix)) this.sweeps.delete(prefix);
    for (const name of this.returned.keys()) if (!interest.coversByPrefix(name)) this.returned.delete(name);
  }

  #oweWhatRemains(dropped: ReadonlySet<string>): void {
    this.#doubtHeld(dropped);
    const { prefixes, names, isWildcard } = this.interest;
    if (isWildcard) this.#sweepAgain(dropped);
    else if (dropped.has("")) for (const each of prefixes) this.sweeps.add(each);
    for (const name of names) if (underAny(dropped, name)) this.owed.add(name);
  }

  /** Nobody needs to have asked for these prefixes, so their number has a bound of its own: beyond it, everything is told again. */
  #sweepAgain(prefixes: ReadonlySet<string>): void {
    for (const prefix of prefixes) this.sweeps.add(prefix);
    if (this.sweeps.size <= this.interest.prefixes.size + maxSweptAgain) return;
    this.sweeps.clear();
    this.sweeps.add("");
  }

  /** What the client said to hold it may have dropped since; no resource has this version. */
  #doubt(name: string): void {
    if (this.held.has(name)) this.held.set(name, "");
  }

  /** Looks at each name once, however many prefixes there are: requests may hold a hundred thousand of both. */
  #doubtHeld(prefixes: ReadonlySet<string>): void {
    if (prefixes.size > 0) for (const name of this.held.keys()) if (underAny(prefixes, name)) this.held.set(name, "");
  }

  sent(push: Push): void {
    this.sending(push);
  }

  get nameCount(): number | undefined {
    return this.interest.isWildcard ? undefined : this.interest.names.size + this.interest.prefixes.size;
  }

  asksFor(name: string): boolean {
    return this.interest.covers(name);
  }

  objects(source: SnapshotSource): number | undefined {
    if (this.lastSent === undefined || this.type === undefined) return 0;
    return coveredCount(this.interest, source.current().table(this.type));
  }

  isCurrent(source: SnapshotSource): boolean {
    const told = this.type === undefined || this.sequence === source.current().sequence;
    return told && this.sweeps.size === 0 && this.owed.size === 0 && this.returned.size === 0;
  }

  ready(): boolean {
    return this.#window.isOpen(this.inFlight);
  }

  check(now: number): Wait {
    return this.#window.check(this.inFlight, now);
  }

  nextLook(): number | undefined {
    return this.#window.nextLook(this.inFlight);
  }

  protected caughtUp(): void {}
}

/** A subscription of a type that is served. */
export type Served = DeltaSubscription & { readonly type: TypeKey };
