/** What the catalog keeps of a registry's service per host: the claim, and where its content lies. */
import type { HostClaim } from "../naming/collisions.ts";
import type { NamedService } from "../naming/named-service.ts";
import type { Source } from "./source.ts";

/** A service's own host. */
export interface ServicePart extends HostClaim {
  readonly primary: true;
  readonly source: Source;
  readonly itemId: string;
  readonly wishes: readonly HostWish[];
  /** Kept only between the change and the next `get`, so that one change is parsed once. */
  fresh: NamedService | undefined;
}

/** Another host the service wants to have. */
export interface HostWish extends HostClaim {
  readonly primary: false;
  readonly part: ServicePart;
}

export type PartClaim = ServicePart | HostWish;

const noWishes: readonly HostWish[] = [];

/** @param alike claims the same for another registry: what is kept by the ten thousand is kept once for all of them */
export function servicePart(source: Source, itemId: string, named: NamedService, alike: HostClaim | undefined): ServicePart {
  const { namespace, host, identity } = alike ?? named;
  const { otherHosts } = named;
  const wishes: HostWish[] = [];
  const part: ServicePart = {
    namespace,
    host,
    identity,
    primary: true,
    source,
    itemId,
    wishes: otherHosts.length === 0 ? noWishes : wishes,
    fresh: undefined,
  };
  for (const other of otherHosts) wishes.push({ namespace, host: other, identity, primary: false, part });
  return part;
}

/** Whether a part claims exactly the hosts of a newly named one. */
export function claimsSame(part: ServicePart, named: NamedService): boolean {
  return (
    part.identity === named.identity &&
    part.host === named.host &&
    part.namespace === named.namespace &&
    part.wishes.length === named.otherHosts.length &&
    part.wishes.every((wish, index) => wish.host === named.otherHosts[index])
  );
}

export function partOf(claim: PartClaim): ServicePart {
  return claim.primary ? claim : claim.part;
}
