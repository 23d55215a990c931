/** A policy applied to one service: whose endpoints it has, and in which order the registries come. */
import { byPriority, type Contribution } from "../contribution.ts";
import type { Failover } from "./failover.ts";
import type { Failovers } from "./failovers.ts";
import type { MergePolicy } from "./merge-policy.ts";
import { type Tier, tiersOf } from "./tiers.ts";

export interface Selection {
  /** In order of precedence; none where only shadows give the service. */
  readonly served: readonly Contribution[];
  readonly shadows: readonly Contribution[];
  /** Only under `priority`. */
  readonly failover?: Failover;
}

/** @param key "namespace/host" */
export function select(
  key: string,
  contributions: readonly Contribution[],
  policy: MergePolicy,
  failovers: Pick<Failovers, "choose" | "forget">,
): Selection {
  if (policy.policy !== "priority") failovers.forget(key);
  const tiers = tiersOf(contributions, policy);
  const first = tiers[0];
  if (first === undefined) return { served: [], shadows: [] };
  switch (policy.policy) {
    case "union":
    case "weighted":
      return { served: ranked(tiers), shadows: [] };
    case "first":
      return { served: ranked([first]), shadows: [] };
    case "priority": {
      const { tier, state } = failovers.choose(key, tiers, policy);
      return { served: ranked([tier]), shadows: [], failover: state };
    }
    case "shadow": {
      // Where the order is named, a service that the first of it does not give is not served: the others are only looked at.
      const serves = !policy.ordered || first.contributions.some(({ registry }) => policy.position(registry) === 0);
      const shadows = (serves ? tiers.slice(1) : tiers).flatMap((tier) => tier.contributions);
      return { served: serves ? ranked([first]) : [], shadows };
    }
  }
}

/** Precedence under the policy in the place of that in the configuration. */
function ranked(tiers: readonly Tier[]): readonly Contribution[] {
  const ordered = tiers.flatMap(({ contributions }) => [...contributions].sort(byPriority));
  return ordered.map((contribution, priority) => (contribution.priority === priority ? contribution : { ...contribution, priority }));
}
