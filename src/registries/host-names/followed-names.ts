/**
 * Host names and their last good addresses. A name is asked for as long as somebody uses it: again
 * when its answer no longer holds, and after a failure. What once had addresses keeps them until
 * another answer gives others: whether an instance exists is the registry's word, not the name servers'.
 */
import { backOff } from "../back-off.ts";
import type { NameAnswer } from "./name-resolver.ts";

export interface NameState {
  /** The last that were told; empty: none so far. */
  readonly addresses: readonly string[];
  /** A first look-up has ended, however. */
  readonly tried: boolean;
  /** The name servers have told something, if only that there is no such name. */
  readonly answered: boolean;
}

export interface NameEvents {
  /** Its state is another one. */
  changed(name: string): void;
  /** It has no address now. Called after every look-up in vain. */
  failed(name: string, reason: string): void;
}

interface FollowedName {
  readonly name: string;
  users: number;
  /** Look-ups in vain since the last that gave addresses. */
  failures: number;
  timer: NodeJS.Timeout | undefined;
  state: NameState;
}

/** So many names are asked for at a time: enough for 10,000 names in a minute, no flood for a small name server. */
const inFlight = 32;
/** Bounds of an answer's time to live, ms, whatever it says: no storm of questions, no address that is long out of date. */
const leastTtl = 10_000;
const mostTtl = 60_000;
const retry = { firstMs: 1_000, mostMs: 60_000 };
/** Names with addresses are remembered so long after their last user left: an application that starts anew is back by then. */
const rememberedMs = 10 * 60_000;
/** More names are not followed. */
const maxNames = 10_000;

const untried: NameState = { addresses: [], tried: false, answered: false };

export class FollowedNames {
  readonly #lookup: (name: string) => Promise<NameAnswer>;
  readonly #events: NameEvents;
  readonly #names = new Map<string, FollowedName>();
  /** Those that are only remembered, oldest first. */
  readonly #unused = new Set<FollowedName>();
  /** Those whose turn has not come yet, in order. */
  readonly #due = new Set<FollowedName>();
  #asking = 0;
  #untried = 0;
  #stopped = false;

  /** @param lookup rejects where the name servers cannot tell */
  constructor(lookup: (name: string) => Promise<NameAnswer>, events: NameEvents) {
    this.#lookup = lookup;
    this.#events = events;
  }

  /** How many names are followed whose first look-up has not ended. */
  get untried(): number {
    return this.#untried;
  }

  /** One user more. False: there are too many names, and this one is not followed. */
  follow(name: string): boolean {
    let followed = this.#names.get(name);
    if (!followed) {
      const [oldest] = this.#unused;
      if (this.#names.size >= maxNames && oldest) this.#forget(oldest);
      if (this.#names.size >= maxNames) return false;
      followed = { name, users: 0, failures: 0, timer: undefined, state: untried };
      this.#names.set(name, followed);
    }
    if (followed.users++ > 0) return true;
    this.#unused.delete(followed);
    // What is remembered is good enough only where there is no new answer.
    followed.state = { ...followed.state, tried: false };
    this.#untried++;
    this.#ask(followed);
    return true;
  }

  /** One user less; without any the name is not asked for any more. */
  release(name: string): void {
    const followed = this.#names.get(name);
    if (!followed || --followed.users > 0) return;
    if (!followed.state.tried) this.#untried--;
    this.#due.delete(followed);
    clearTimeout(followed.timer);
    if (followed.state.addresses.length === 0) this.#names.delete(name);
    else {
      this.#unused.add(followed);
      followed.timer = setTimeout(() => this.#forget(followed), rememberedMs);
    }
  }

  /** Undefined: nothing is known of it. */
  state(name: string): NameState | undefined {
    return this.#names.get(name)?.state;
  }

  /** Asks no more. */
  stop(): void {
    this.#stopped = true;
    this.#due.clear();
    for (const { timer } of this.#names.values()) clearTimeout(timer);
  }

  #forget(followed: FollowedName): void {
    clearTimeout(followed.timer);
    this.#unused.delete(followed);
    this.#names.delete(followed.name);
  }

  #ask(followed: FollowedName): void {
    clearTimeout(followed.timer);
    this.#due.add(followed);
    this.#start();
  }

  #start(): void {
    for (const next of this.#due) {
      if (this.#asking >= inFlight) return;
      this.#due.delete(next);
      this.#asking++;
      void this.#look(next);
    }
  }

  async #look(followed: FollowedName): Promise<void> {
    let found: NameAnswer | undefined;
    let reason = "there is no such name";
    try {
      found = await this.#lookup(followed.name);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    this.#asking--;
    if (this.#stopped) return;
    if (this.#names.get(followed.name) === followed && followed.users > 0) this.#settle(followed, found, reason);
    this.#start();
  }

  #settle(followed: FollowedName, found: NameAnswer | undefined, reason: string): void {
    const { name, state: before } = followed;
    if (!before.tried) this.#untried--;
    const good = found && found.addresses.length > 0 ? found : undefined;
    followed.state = { addresses: (good ?? before).addresses, tried: true, answered: before.answered || found !== undefined };
    const wait = good ? holdsFor(good.ttl) : backOff(followed.failures, retry, Math.random());
    followed.failures = good ? 0 : followed.failures + 1;
    clearTimeout(followed.timer);
    followed.timer = setTimeout(() => this.#ask(followed), wait);
    if (!good) this.#events.failed(name, reason);
    if (!isSame(before, followed.state)) this.#events.changed(name);
  }
}

/** With jitter, so that names which came together are not asked for together for ever. */
function holdsFor(ttl: number): number {
  return Math.min(mostTtl, Math.max(leastTtl, ttl)) * (0.8 + 0.2 * Math.random());
}

function isSame(one: NameState, other: NameState): boolean {
  return one.tried === other.tried && one.answered === other.answered && one.addresses.join() === other.addresses.join();
}
