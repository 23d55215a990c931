/**
 * The full-state protocol ("state of the world") without any I/O: requests in, decisions out.
 *
 * Rules, with where they come from:
 * - the first request for a type on a stream is answered whatever nonce it carries: istiod's
 *   client sends a wall clock there (observed);
 * - only the first request and acknowledgements carry the node (observed);
 * - names are taken from every request, also from one with a late nonce: the order of requests on
 *   a stream is kept, so the last one is what the client wants;
 * - a rejected version is not sent again; the next change is (xDS specification);
 * - a nonce is a sequence number, unique per stream, and never empty: istiod acknowledges an empty
 *   one with an empty one and loops (observed, 9,500 messages/s).
 */
import type { DiscoveryRequest } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import {
  type Accepted,
  type Refused,
  type RequestLimits,
  refusedNames,
  refusedTypeUrl,
  rejectionOf,
  tooManyNames,
  tooManyTypes,
} from "../protocol.ts";
import { ownedType } from "../type-url.ts";
import type { PacingSettings } from "./pacing.ts";
import { SotwSubscription } from "./subscription.ts";

/** The protocol state of one stream. */
export class SotwSession {
  readonly #limits: RequestLimits;
  readonly #pacing: PacingSettings;
  readonly #subscriptions = new Map<string, SotwSubscription>();

  constructor(limits: RequestLimits, pacing: PacingSettings) {
    this.#limits = limits;
    this.#pacing = pacing;
  }

  /** In the order in which they were asked for. */
  subscriptions(): Iterable<SotwSubscription> {
    return this.#subscriptions.values();
  }

  /** Over all types. */
  get names(): number {
    return this.#namesBeside(undefined);
  }

  request(request: DiscoveryRequest, now: number): Accepted | Refused {
    const { typeUrl, errorDetail, responseNonce } = request;
    const refused = refusedTypeUrl(typeUrl) ?? refusedNames(request.resourceNames);
    if (refused) return refused;
    const known = this.#subscriptions.get(typeUrl);
    const names = wantedNames(request.resourceNames, known);
    if ((names?.size ?? 0) + this.#namesBeside(known) > this.#limits.maxNames) return tooManyNames(this.#limits);
    if (!known) return this.#subscribe(typeUrl, names);

    const rejection = rejectionOf(errorDetail);
    const answered = known.answered(responseNonce, now, rejection);
    if (!sameNames(known.names, names)) {
      known.names = names;
      known.answerOwed = true;
    }
    return { subscription: known, answered, rejection };
  }

  #subscribe(typeUrl: string, names: ReadonlySet<string> | undefined): Accepted | Refused {
    if (this.#subscriptions.size >= this.#limits.maxTypes) return tooManyTypes(this.#limits);
    const subscription = new SotwSubscription(typeUrl, ownedType(typeUrl), names, this.#pacing);
    this.#subscriptions.set(typeUrl, subscription);
    return { subscription, answered: undefined, rejection: undefined };
  }

  #namesBeside(known: SotwSubscription | undefined): number {
    let count = 0;
    for (const subscription of this.#subscriptions.values()) if (subscription !== known) count += subscription.nameCount ?? 0;
    return count;
  }
}

/**
 * No names in a type's first request mean all, and go on meaning all while no name is given; after
 * names were given, none means none. `*` always means all.
 */
function wantedNames(requested: readonly string[], known: SotwSubscription | undefined): ReadonlySet<string> | undefined {
  if (requested.length === 0) return known?.names === undefined ? undefined : new Set();
  return requested.includes("*") ? undefined : new Set(requested);
}

function sameNames(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every((name) => b.has(name));
}
