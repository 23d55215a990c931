/**
 * All services by the host they are served under. Knows which keys a change touches, and nothing
 * of registries' views or of ready resources.
 */
import { type Collision, HostTable, hostKey } from "../naming/collisions.ts";
import { withHash } from "../naming/host-name.ts";
import type { NamedService } from "../naming/named-service.ts";
import { claimsSame, type PartClaim, partOf, type ServicePart, servicePart } from "./service-part.ts";
import type { Source } from "./source.ts";

/** So many named services wait for their `get` in memory; the rest is parsed again. */
const maxFresh = 512;

export class ServiceIndex {
  readonly #table = new HostTable<PartClaim>();
  readonly #touched: (namespaceAndHost: string) => void;
  /** A ring: the oldest makes room for the newest. */
  readonly #fresh: ServicePart[] = [];
  #nextFresh = 0;

  /** `touched` is told every "namespace/host" whose service may be another one now. */
  constructor(touched: (namespaceAndHost: string) => void) {
    this.#touched = touched;
  }

  /** The parts of one item are now these; gives the list to remember as `before` the next time. */
  replace(source: Source, itemId: string, before: readonly ServicePart[], named: readonly NamedService[]): readonly ServicePart[] {
    const kept = new Map<ServicePart, NamedService>();
    const parts: { part: ServicePart | undefined; named: NamedService }[] = named.map((one) => {
      const part = before.find((candidate) => claimsSame(candidate, one));
      if (part !== undefined) kept.set(part, one);
      return { part, named: one };
    });
    for (const part of before) if (!kept.has(part)) this.#withdraw(part);
    const after = parts.map(({ part, named: one }) => part ?? this.#claim(servicePart(source, itemId, one, this.#alike(one))));
    parts.forEach(({ named: one }, index) => {
      const part = after[index];
      if (part === undefined) return;
      this.#keepFresh(part, one);
      this.touch(part);
    });
    return after;
  }

  /** Marks the key under which a part is served. */
  touch(part: ServicePart): void {
    this.#touched(hostKey(part.namespace, this.hostOf(part)));
  }

  /** Marks whatever holds a plain "namespace/host", be it only wished, or is served there. */
  touchHolders(key: string): void {
    for (const claim of this.#table.holding(key)) this.touch(partOf(claim));
    if (this.#table.servedAt(key).length > 0) this.#touched(key);
  }

  hostOf(part: ServicePart): string {
    return this.#table.hostOf(part) ?? part.host;
  }

  /** The other hosts that a part got. */
  otherHostsOf(part: ServicePart): readonly string[] {
    return part.wishes.filter((wish) => this.#table.hostOf(wish) !== undefined).map((wish) => wish.host);
  }

  /** The parts, all of one identity, that are served under a "namespace/host". */
  servedAt(key: string): readonly ServicePart[] {
    return this.#table.servedAt(key).filter((claim) => claim.primary);
  }

  /** Every "namespace/host" where something is served. */
  *keys(): Iterable<string> {
    for (const [key] of this.served()) yield key;
  }

  /** The same, with the parts that are served there: at least one, all of one identity. */
  *served(): Iterable<readonly [string, readonly ServicePart[]]> {
    for (const key of this.#table.keys()) {
      const parts = this.servedAt(key);
      if (parts.length > 0) yield [key, parts];
    }
  }

  collisions(): readonly Collision[] {
    return [...this.#table.collisions()];
  }

  #keepFresh(part: ServicePart, named: NamedService): void {
    if (part.fresh === undefined) {
      const oldest = this.#fresh[this.#nextFresh];
      if (oldest !== undefined) oldest.fresh = undefined;
      this.#fresh[this.#nextFresh] = part;
      this.#nextFresh = (this.#nextFresh + 1) % maxFresh;
    }
    part.fresh = named;
  }

  /** A claim of the same service on the same host. */
  #alike({ namespace, host, identity }: NamedService): PartClaim | undefined {
    return this.#table.holding(hostKey(namespace, host)).find((claim) => claim.identity === identity);
  }

  #claim(part: ServicePart): ServicePart {
    for (const claim of [part, ...part.wishes]) this.#touchMoved(this.#table.add(claim));
    return part;
  }

  #withdraw(part: ServicePart): void {
    this.touch(part);
    part.fresh = undefined;
    for (const claim of [part, ...part.wishes]) this.#touchMoved(this.#table.remove(claim));
  }

  /** A service that moves leaves one key and appears under another; one that wins or loses a wish changes in place. */
  #touchMoved(claims: readonly PartClaim[]): void {
    for (const claim of claims) {
      this.touch(partOf(claim));
      if (claim.primary) {
        this.#touched(hostKey(claim.namespace, claim.host));
        this.#touched(hostKey(claim.namespace, withHash(claim.host, claim.identity)));
      }
    }
  }
}
