/**
 * Which tier serves under the policy `priority`, with hysteresis in both directions. Pure: the caller keeps the state and
 * passes the time. Each replica decides for itself, so two may differ while a change of tiers is pending.
 */
import type { MergePolicy } from "./merge-policy.ts";
import type { Tier } from "./tiers.ts";

export interface Failover {
  /** Sources of the tier that serves, joined by commas. */
  readonly serving: string;
  /** The tier that is to serve, and since when (epoch ms) it should. */
  readonly pending?: { readonly tier: string; readonly since: number };
}

export interface FailoverStep {
  readonly tier: Tier;
  readonly state: Failover;
  /** Epoch ms at which to look again; undefined: only when something changes. */
  readonly lookAgain: number | undefined;
}

/** @param tiers in order of precedence, at least one */
export function failover(
  tiers: readonly Tier[],
  policy: Pick<MergePolicy, "failAfter" | "returnAfter">,
  before: Failover | undefined,
  now: number,
): FailoverStep {
  const best = tiers.findIndex(({ healthy }) => healthy > 0);
  const current = before === undefined ? -1 : tiers.findIndex((tier) => nameOf(tier) === before.serving);
  const serve = (at: number): FailoverStep => ({ tier: tiers[at]!, state: { serving: nameOf(tiers[at]!) }, lookAgain: undefined });
  if (current < 0) {
    const withInstances = tiers.findIndex(({ instances }) => instances > 0);
    return serve(best >= 0 ? best : Math.max(0, withInstances));
  }
  // Nobody is better: what serves goes on, so that nothing changes without a gain.
  if (best < 0)
    return tiers[current]!.instances > 0
      ? serve(current)
      : serve(
          Math.max(
            0,
            tiers.findIndex(({ instances }) => instances > 0),
          ),
        );
  if (best === current || tiers[current]!.instances === 0) return serve(best);
  const returns = best < current;
  if (returns && tiers[current]!.healthy === 0) return serve(best);
  const wanted = nameOf(tiers[best]!);
  const since = before?.pending?.tier === wanted ? before.pending.since : now;
  const due = since + (returns ? policy.returnAfter : policy.failAfter);
  if (now >= due) return serve(best);
  const serving = tiers[current]!;
  return { tier: serving, state: { serving: nameOf(serving), pending: { tier: wanted, since } }, lookAgain: due };
}

/** Its sources, joined by commas. */
export function nameOf({ sources }: Tier): string {
  return sources.join(",");
}
