/** How far a registry that only shadows a service differs from what is served. */
import { endpointIdentity } from "../endpoint-identity.ts";
import type { Contribution } from "../merge.ts";
import type { MergedEndpoint } from "../merged-service.ts";

export interface Shadow {
  readonly registry: string;
  /** Endpoints that are served and that it does not name. */
  readonly missing: number;
  /** Endpoints that it alone names. */
  readonly extra: number;
}

export function shadowOf({ registry, network, named }: Contribution, served: readonly MergedEndpoint[]): Shadow {
  const own = new Set(named.instances.map((instance) => endpointIdentity(instance, network)));
  let common = 0;
  for (const endpoint of served) if (own.has(endpointIdentity(endpoint))) common += 1;
  return { registry, missing: served.length - common, extra: own.size - common };
}
