/**
 * Weights under the policy `weighted`: each registry's endpoints together have its share, and among them as its own
 * weights say. An endpoint that several registries name has what each of them gives it.
 */

import type { Contribution } from "../contribution.ts";
import { endpointIdentity } from "../endpoint-identity.ts";
import type { MergedEndpoint } from "../merged-service.ts";
import type { MergePolicy } from "./merge-policy.ts";
import { isHealthy } from "./tiers.ts";

/** What an endpoint without a weight counts beside others of its registry: Dubbo's default. */
const unsetWeight = 100;
/** Of all traffic. A smaller part of it than one of these is rounded up. */
const whole = 1_000_000;

/** Endpoints that get nothing have the weight 0. Where no share can be given, nothing is changed. */
export function withShares(
  endpoints: readonly MergedEndpoint[],
  contributions: readonly Contribution[],
  policy: Pick<MergePolicy, "share">,
): readonly MergedEndpoint[] {
  const parts = new Map<string, number>();
  let sum = 0;
  for (const { registry, network, named } of contributions) {
    const share = policy.share(registry);
    const weights = new Map<string, number>();
    for (const instance of named.instances) {
      if (isHealthy(instance)) weights.set(endpointIdentity(instance, network), instance.weight ?? unsetWeight);
    }
    const total = weights.values().reduce((one, other) => one + other, 0);
    if (share === 0 || total === 0) continue;
    sum += share;
    for (const [identity, weight] of weights) parts.set(identity, (parts.get(identity) ?? 0) + (share * weight) / total);
  }
  if (sum === 0) return endpoints;
  return endpoints.map((endpoint) => {
    const part = parts.get(endpointIdentity(endpoint));
    return { ...endpoint, weight: part === undefined ? 0 : Math.max(1, Math.round((part / sum) * whole)) };
  });
}
