/**
 * Which clusters there are, of all that is offered, and who owns each: one owner per id, chosen by a rule that does not
 * depend on the order in which offers arrive once all places are read. Pure: the offers go in, the clusters come out.
 */
import type { ClusterAccess, ClusterOffer } from "./offer.ts";

export interface RosterCluster {
  readonly id: string;
  /** Name of the place it comes from, and its owner there. */
  readonly place: string;
  readonly owner: string;
  readonly local: boolean;
  /** The newest that could be used; undefined: there was none so far. */
  readonly access: ClusterAccess | undefined;
  /** Why the owner's present offer cannot be used; the access before stays. */
  readonly refused: string | undefined;
  /** Others that offer the same id and are not heard. */
  readonly rejected: readonly string[];
}

interface Held {
  readonly key: string;
  readonly access: ClusterAccess | undefined;
}

export class ClusterRoster {
  /** Names of the places, the first has precedence. */
  readonly #order: readonly string[];
  /** By place, then by key: cluster and owner. */
  readonly #offers = new Map<string, Map<string, ClusterOffer>>();
  /** By id: whose offer counts, and what it gave last. */
  readonly #held = new Map<string, Held>();
  /** From then on an owner stays until its offer is withdrawn. */
  #isSettled = false;

  constructor(order: readonly string[]) {
    this.#order = order;
  }

  /** A new offer, or another content of one; `key`: unique within the place. */
  offer(place: string, key: string, offer: ClusterOffer): void {
    const before = this.#offers.get(place)?.get(key);
    const offers = this.#offers.get(place) ?? new Map<string, ClusterOffer>();
    this.#offers.set(place, offers.set(key, offer));
    if (before !== undefined && before.id !== offer.id) this.#decide(before.id);
    this.#decide(offer.id);
  }

  withdraw(place: string, key: string): void {
    const offer = this.#offers.get(place)?.get(key);
    this.#offers.get(place)?.delete(key);
    if (offer !== undefined) this.#decide(offer.id);
  }

  /** Nothing else is offered there. */
  retain(place: string, keys: ReadonlySet<string>): void {
    for (const key of [...(this.#offers.get(place)?.keys() ?? [])]) if (!keys.has(key)) this.withdraw(place, key);
  }

  /** All places were read: who owns a cluster now, keeps it. */
  settle(): void {
    this.#isSettled = true;
  }

  /** In order of their ids. */
  clusters(): readonly RosterCluster[] {
    return [...this.#held.keys()].sort().map((id) => this.#cluster(id));
  }

  #cluster(id: string): RosterCluster {
    const { key, access } = this.#held.get(id) as Held;
    const [owner, ...others] = this.#candidates(id).sort((one, other) => Number(other.key === key) - Number(one.key === key));
    const { place, offer } = owner as Candidate;
    return {
      id,
      place,
      owner: offer.owner,
      local: offer.local === true,
      access,
      refused: offer.refused,
      rejected: others.map((other) => other.offer.owner).sort(),
    };
  }

  #decide(id: string): void {
    const candidates = this.#candidates(id).sort(byPrecedence);
    const held = this.#held.get(id);
    const incumbent = held && candidates.find(({ key }) => key === held.key);
    // One that was never good for anything does not keep out another.
    const stays = incumbent !== undefined && this.#isSettled && (held?.access ?? incumbent.offer.access) !== undefined;
    const owner = stays ? incumbent : (candidates.find(({ offer }) => offer.access) ?? candidates[0]);
    if (owner === undefined) this.#held.delete(id);
    else {
      // What another once offered is not this one's to use.
      const before = owner.key === held?.key ? held.access : undefined;
      this.#held.set(id, { key: owner.key, access: owner.offer.access ?? before });
    }
  }

  #candidates(id: string): Candidate[] {
    return this.#order.flatMap((place, rank) =>
      [...(this.#offers.get(place) ?? [])].flatMap(([key, offer]) =>
        offer.id === id ? { place, rank, key: `${place} ${key}`, offer } : [],
      ),
    );
  }
}

interface Candidate {
  readonly place: string;
  readonly rank: number;
  readonly key: string;
  readonly offer: ClusterOffer;
}

function byPrecedence(one: Candidate, other: Candidate): number {
  return one.rank - other.rank || compare(one.offer.since ?? "", other.offer.since ?? "") || compare(one.offer.owner, other.offer.owner);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
