/** The tiers that serve under the policy `priority`, by service, and the time at which one of them is due to change. */
import { DeadlineTimer } from "../deadline-timer.ts";
import { type Failover, failover, nameOf } from "./failover.ts";
import type { MergePolicy } from "./merge-policy.ts";
import type { Tier } from "./tiers.ts";

export class Failovers {
  readonly #states = new Map<string, Failover>();
  /** Of services that were decided while not all registries were known: the tiers there were. */
  readonly #provisional = new Map<string, string>();
  /** Epoch ms at which a service has to be looked at. */
  readonly #due = new Map<string, number>();
  readonly #timer: DeadlineTimer;
  readonly #isSettled: () => boolean;
  /** It was so once. */
  #settled = false;
  readonly #clock: () => number;
  /** Epoch ms; a service that was due then may have left meanwhile. */
  #next: number | undefined;

  /**
   * @param due is told every "namespace/host" whose tier may change now
   * @param isSettled whether all registries are known: until then, one that is known later was not away, and is not returned to
   */
  constructor(due: (key: string, now: number) => void, isSettled: () => boolean = () => true, clock: () => number = Date.now) {
    this.#isSettled = isSettled;
    this.#clock = clock;
    this.#timer = new DeadlineTimer(() => {
      const now = clock();
      this.#next = undefined;
      for (const [key, at] of this.#due) {
        if (at > now) {
          this.#armFor(at);
          continue;
        }
        this.#due.delete(key);
        due(key, now);
      }
    });
  }

  /** The tier that serves a service now. */
  choose(key: string, tiers: readonly Tier[], policy: MergePolicy): { readonly tier: Tier; readonly state: Failover } {
    const names = tiers.map(nameOf).join("\n");
    const isFirst = (this.#provisional.get(key) ?? names) !== names;
    const { tier, state, lookAgain } = failover(tiers, policy, isFirst ? undefined : this.#states.get(key), this.#clock());
    this.#states.set(key, state);
    this.#settled ||= this.#isSettled();
    if (this.#settled) this.#provisional.delete(key);
    else this.#provisional.set(key, names);
    if (lookAgain === undefined) this.#due.delete(key);
    else {
      this.#due.set(key, lookAgain);
      this.#armFor(lookAgain);
    }
    return { tier, state };
  }

  /** The service is gone, or another policy holds for it. */
  forget(key: string): void {
    this.#states.delete(key);
    this.#provisional.delete(key);
    this.#due.delete(key);
  }

  clear(): void {
    this.#states.clear();
    this.#provisional.clear();
    this.#due.clear();
    this.#next = undefined;
    this.#timer.set(undefined);
  }

  /** Thousands may wait at a time, so they are looked through only when the first of them is due. */
  #armFor(at: number): void {
    if (this.#next !== undefined && this.#next <= at) return;
    this.#next = at;
    this.#timer.set(at);
  }
}
