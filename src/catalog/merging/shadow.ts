/** How far a registry that only shadows a service differs from what is served. */

import type { Contribution } from "../contribution.ts";
import { endpointIdentity } from "../endpoint-identity.ts";
import type { MergedService } from "../merged-service.ts";
import { agreedPorts, withExplicitPorts } from "./agreed-ports.ts";
import { ConflictList } from "./conflicts.ts";

export interface Shadow {
  readonly registry: string;
  /** Endpoints that are served and that it does not name. */
  readonly missing: number;
  /** Endpoints that it alone names. */
  readonly extra: number;
}

/** @param first of those that serve: its ports are what the shadow's are compared with */
export function shadowOf(
  shadow: Contribution,
  first: Contribution | undefined,
  service: Pick<MergedService, "endpoints" | "ports">,
): Shadow {
  const alike = first === undefined ? shadow : agreedPorts([first, shadow], new ConflictList())[1]!;
  const { registry, network, named } = withExplicitPorts(alike);
  const own = new Set(named.instances.map((instance) => endpointIdentity(instance, network)));
  let common = 0;
  for (const endpoint of service.endpoints) {
    const ports = endpoint.ports.length > 0 ? endpoint.ports : service.ports;
    if (own.has(endpointIdentity({ ...endpoint, ports }))) common += 1;
  }
  return { registry, missing: service.endpoints.length - common, extra: own.size - common };
}
