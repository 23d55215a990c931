/** Contributions in order of precedence, those of one rank together. */
import type { Contribution } from "../contribution.ts";
import type { MergePolicy } from "./merge-policy.ts";

export interface Tier {
  /** Ids of the sources, sorted. */
  readonly sources: readonly string[];
  readonly contributions: readonly Contribution[];
  readonly healthy: number;
  readonly instances: number;
}

/** Named sources come together as the policy names them, all others one by one behind them, in the order of the configuration. */
export function tiersOf(contributions: readonly Contribution[], policy: Pick<MergePolicy, "position">): readonly Tier[] {
  const byRank = new Map<string, { readonly named: number; readonly priority: number; readonly contributions: Contribution[] }>();
  for (const contribution of contributions) {
    const { registry, priority } = contribution;
    const named = policy.position(registry) ?? Number.POSITIVE_INFINITY;
    const rank = Number.isFinite(named) ? `${named}` : registry;
    const tier = byRank.get(rank);
    if (tier) tier.contributions.push(contribution);
    else byRank.set(rank, { named, priority, contributions: [contribution] });
  }
  return [...byRank.values()].sort((one, other) => compare(one.named, other.named) || one.priority - other.priority).map(tierOf);
}

function tierOf({ contributions }: { readonly contributions: readonly Contribution[] }): Tier {
  let healthy = 0;
  let instances = 0;
  for (const { named } of contributions) {
    instances += named.instances.length;
    for (const instance of named.instances) if (isHealthy(instance)) healthy += 1;
  }
  return { sources: [...new Set(contributions.map(({ registry }) => registry))].sort(), contributions, healthy, instances };
}

/** What a registry does not say of health counts as healthy. */
export function isHealthy({ health, weight }: { readonly health?: string | undefined; readonly weight?: number | undefined }): boolean {
  return health !== "unhealthy" && health !== "disabled" && weight !== 0;
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
