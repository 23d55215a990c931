/**
 * The one rule of naming that looks at a whole set: where several identities meet in one
 * (namespace, host), the smallest keeps the plain host and the others carry a hash. The outcome
 * depends on the set alone, never on the order in which it came about.
 *
 * A claim is either a service's own host (`primary`) or one it wishes to have besides. A primary
 * claim beats a wish; a wish that loses is dropped, since its service is reachable anyway.
 * A hashed host that happens to be somebody's plain host is not served: plain hosts win.
 */
import { withHash } from "./host-name.ts";

export interface HostClaim {
  readonly namespace: string;
  /** Before the collision rule. */
  readonly host: string;
  readonly identity: string;
  readonly primary: boolean;
}

export interface Collision {
  readonly namespace: string;
  readonly host: string;
  /** The identity that keeps the host. */
  readonly keeps: string;
  /** The others, with the hosts they got instead; undefined for a dropped wish. */
  readonly moved: readonly { readonly identity: string; readonly host: string | undefined }[];
}

/** "namespace/host". Kept by the ten thousand, so joined: a concatenated string would hold on to its pieces. */
export function hostKey(namespace: string, host: string): string {
  return [namespace, host].join("/");
}

/** Several claims on one host, by identity. */
interface Crowd<Claim> {
  readonly namespace: string;
  readonly host: string;
  readonly groups: Map<string, Set<Claim>>;
  winner: string;
}

/** All claims of a mesh. A lone claim costs one map entry; a change costs O(1) unless a crowd loses its winner. */
export class HostTable<Claim extends HostClaim> {
  readonly #slots = new Map<string, Claim | Crowd<Claim>>();
  readonly #crowds = new Set<Crowd<Claim>>();
  /** Hashed host → whose it is. */
  readonly #hashed = new Map<string, { readonly crowd: Crowd<Claim>; readonly identity: string }>();

  /** Adds a claim; gives the other claims whose host became a different one. */
  add(claim: Claim): readonly Claim[] {
    const key = hostKey(claim.namespace, claim.host);
    const slot = this.#slots.get(key);
    if (slot === undefined) {
      this.#slots.set(key, claim);
      return [];
    }
    const crowd = isCrowd(slot) ? slot : this.#gather(key, slot);
    const group = crowd.groups.get(claim.identity);
    if (group === undefined) crowd.groups.set(claim.identity, new Set([claim]));
    else group.add(claim);
    return this.#settle(crowd, beats(crowd, claim.identity, crowd.winner) ? claim.identity : crowd.winner, claim);
  }

  /** Takes a claim (the same object) away; gives the other claims whose host became a different one. */
  remove(claim: Claim): readonly Claim[] {
    const key = hostKey(claim.namespace, claim.host);
    const slot = this.#slots.get(key);
    if (slot === undefined) return [];
    if (!isCrowd(slot)) {
      if (slot === claim) this.#slots.delete(key);
      return [];
    }
    const group = slot.groups.get(claim.identity);
    if (group?.delete(claim) !== true) return [];
    if (group.size === 0) slot.groups.delete(claim.identity);
    const moved = this.#settle(slot, claim.identity === slot.winner ? bestOf(slot) : slot.winner, claim);
    this.#disperse(key, slot);
    return moved;
  }

  /** Where a claim is served; undefined for a wish that lost. */
  hostOf(claim: Claim): string | undefined {
    const slot = this.#slots.get(hostKey(claim.namespace, claim.host));
    if (slot === undefined || !isCrowd(slot) || slot.winner === claim.identity) return claim.host;
    return claim.primary ? withHash(claim.host, claim.identity) : undefined;
  }

  /** The primary claims (all of one identity) that are served under a "namespace/host". */
  servedAt(key: string): readonly Claim[] {
    const slot = this.#slots.get(key);
    if (slot !== undefined) return this.holding(key).filter((claim) => claim.primary);
    const hashed = this.#hashed.get(key);
    return [...(hashed?.crowd.groups.get(hashed.identity) ?? [])].filter((claim) => claim.primary);
  }

  /** The claims, primary or wished, that hold a plain "namespace/host". */
  holding(key: string): readonly Claim[] {
    const slot = this.#slots.get(key);
    if (slot === undefined) return [];
    return isCrowd(slot) ? [...(slot.groups.get(slot.winner) ?? [])] : [slot];
  }

  /** Every "namespace/host" that somebody holds, also those that are only wished. */
  *keys(): Iterable<string> {
    yield* this.#slots.keys();
    for (const key of this.#hashed.keys()) if (!this.#slots.has(key)) yield key;
  }

  *collisions(): Iterable<Collision> {
    for (const crowd of this.#crowds) {
      const { namespace, host, groups, winner: keeps } = crowd;
      const moved = [...groups.keys()]
        .filter((identity) => identity !== keeps)
        .sort()
        .map((identity) => ({ identity, host: isPrimary(crowd, identity) ? withHash(host, identity) : undefined }));
      if (moved.length > 0) yield { namespace, host, keeps, moved };
    }
  }

  #gather(key: string, first: Claim): Crowd<Claim> {
    const { namespace, host, identity } = first;
    const crowd = { namespace, host, groups: new Map([[identity, new Set([first])]]), winner: identity };
    this.#slots.set(key, crowd);
    this.#crowds.add(crowd);
    return crowd;
  }

  #disperse(key: string, crowd: Crowd<Claim>): void {
    const rest = [...crowd.groups.values()];
    if (rest.length > 1 || (rest[0]?.size ?? 0) > 1) return;
    this.#crowds.delete(crowd);
    const [last] = rest[0] ?? [];
    if (last === undefined) this.#slots.delete(key);
    else this.#slots.set(key, last);
  }

  /** Makes `winner` the winner and gives the claims that this moves, but for the one that caused it. */
  #settle(crowd: Crowd<Claim>, winner: string, cause: Claim): readonly Claim[] {
    const before = crowd.winner;
    crowd.winner = winner;
    this.#trackHash(crowd, cause.identity);
    if (winner === before) return [];
    const moved: Claim[] = [];
    for (const identity of [before, winner]) {
      this.#trackHash(crowd, identity);
      for (const claim of crowd.groups.get(identity) ?? []) if (claim !== cause) moved.push(claim);
    }
    return moved;
  }

  #trackHash(crowd: Crowd<Claim>, identity: string): void {
    const key = hostKey(crowd.namespace, withHash(crowd.host, identity));
    if (identity !== crowd.winner && isPrimary(crowd, identity)) this.#hashed.set(key, { crowd, identity });
    else if (this.#hashed.get(key)?.identity === identity) this.#hashed.delete(key);
  }
}

function isCrowd<Claim extends HostClaim>(slot: Claim | Crowd<Claim>): slot is Crowd<Claim> {
  return "groups" in slot;
}

function isPrimary(crowd: Crowd<HostClaim>, identity: string): boolean {
  for (const claim of crowd.groups.get(identity) ?? []) if (claim.primary) return true;
  return false;
}

function beats(crowd: Crowd<HostClaim>, one: string, other: string): boolean {
  const primary = isPrimary(crowd, one);
  return primary === isPrimary(crowd, other) ? one < other : primary;
}

function bestOf(crowd: Crowd<HostClaim>): string {
  let best: string | undefined;
  for (const identity of crowd.groups.keys()) if (best === undefined || beats(crowd, identity, best)) best = identity;
  return best ?? "";
}
