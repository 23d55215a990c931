/** The tiers that serve under the policy `priority`, by service, and the time at which one of them is due to change. */
import { DeadlineTimer } from "../deadline-timer.ts";
import { type Failover, failover } from "./failover.ts";
import type { MergePolicy } from "./merge-policy.ts";
import type { Tier } from "./tiers.ts";

export class Failovers {
  readonly #states = new Map<string, Failover>();
  /** Epoch ms at which a service has to be looked at. */
  readonly #due = new Map<string, number>();
  readonly #timer: DeadlineTimer;
  readonly #clock: () => number;

  /** @param due is told every "namespace/host" whose tier may change now */
  constructor(due: (key: string, now: number) => void, clock: () => number = Date.now) {
    this.#clock = clock;
    this.#timer = new DeadlineTimer(() => {
      const now = clock();
      for (const [key, at] of this.#due) {
        if (at > now) continue;
        this.#due.delete(key);
        due(key, now);
      }
      this.#arm();
    });
  }

  /** The tier that serves a service now. */
  choose(key: string, tiers: readonly Tier[], policy: MergePolicy): { readonly tier: Tier; readonly state: Failover } {
    const { tier, state, lookAgain } = failover(tiers, policy, this.#states.get(key), this.#clock());
    this.#states.set(key, state);
    if (lookAgain !== undefined) this.#due.set(key, lookAgain);
    else if (!this.#due.delete(key)) return { tier, state };
    this.#arm();
    return { tier, state };
  }

  /** The service is gone, or another policy holds for it. */
  forget(key: string): void {
    if (this.#states.size === 0 || !this.#states.delete(key)) return;
    if (this.#due.delete(key)) this.#arm();
  }

  clear(): void {
    this.#states.clear();
    this.#due.clear();
    this.#arm();
  }

  #arm(): void {
    let next: number | undefined;
    for (const at of this.#due.values()) if (next === undefined || at < next) next = at;
    this.#timer.set(next);
  }
}
