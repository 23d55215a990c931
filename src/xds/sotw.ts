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
import type { DiscoveryRequest } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { PacingSettings } from "./pacing.ts";
import { type Push, Subscription } from "./subscription.ts";
import { maxTypeUrlLength, ownedType } from "./type-url.ts";

export interface SotwLimits {
  /** Types one stream may ask for. */
  readonly maxTypes: number;
  /** Names one stream may ask for, over all types. */
  readonly maxNames: number;
}

/** The request was understood. */
export interface Accepted {
  readonly subscription: Subscription;
  /** A new type, or other names: an answer is owed. */
  readonly asked: boolean;
  /** The push that this request acknowledges or rejects. */
  readonly answered: Push | undefined;
  /** The client's reason, when this request is a rejection. */
  readonly rejection: string | undefined;
}

/** The stream must end with this status. */
export interface Refused {
  readonly refused: "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED";
  readonly reason: string;
}

/** The protocol state of one stream. */
export class SotwSession {
  readonly #noncePrefix: string;
  readonly #limits: SotwLimits;
  readonly #pacing: PacingSettings;
  readonly #subscriptions = new Map<string, Subscription>();
  #sequence = 0;

  /** @param noncePrefix makes nonces differ between streams and processes. */
  constructor(noncePrefix: string, limits: SotwLimits, pacing: PacingSettings) {
    this.#noncePrefix = noncePrefix;
    this.#limits = limits;
    this.#pacing = pacing;
  }

  /** In the order in which they were asked for. */
  subscriptions(): Iterable<Subscription> {
    return this.#subscriptions.values();
  }

  nextNonce(): string {
    this.#sequence += 1;
    return `${this.#noncePrefix}-${this.#sequence}`;
  }

  request(request: DiscoveryRequest, now: number): Accepted | Refused {
    const { typeUrl } = request;
    if (typeUrl === "") return { refused: "INVALID_ARGUMENT", reason: "the request names no type_url" };
    if (typeUrl.length > maxTypeUrlLength) {
      return { refused: "INVALID_ARGUMENT", reason: `the type_url is longer than ${maxTypeUrlLength} characters` };
    }
    const known = this.#subscriptions.get(typeUrl);
    const names = wantedNames(request.resourceNames, known);
    if ((names?.size ?? 0) + this.#namesBeside(known) > this.#limits.maxNames) {
      return { refused: "RESOURCE_EXHAUSTED", reason: `more than ${this.#limits.maxNames} resource names on one stream (xds.maxNames)` };
    }
    if (!known) return this.#subscribe(typeUrl, names);

    const rejection = request.errorDetail ? request.errorDetail.message || `code ${request.errorDetail.code}` : undefined;
    const answered = known.answered(request.responseNonce, now, rejection);
    const asked = !sameNames(known.names, names);
    if (asked) {
      known.names = names;
      known.answerOwed = true;
    }
    return { subscription: known, asked, answered, rejection };
  }

  #subscribe(typeUrl: string, names: ReadonlySet<string> | undefined): Accepted | Refused {
    if (this.#subscriptions.size >= this.#limits.maxTypes) {
      return { refused: "RESOURCE_EXHAUSTED", reason: `more than ${this.#limits.maxTypes} types on one stream (xds.maxTypes)` };
    }
    const subscription = new Subscription(typeUrl, ownedType(typeUrl), names, this.#pacing);
    this.#subscriptions.set(typeUrl, subscription);
    return { subscription, asked: true, answered: undefined, rejection: undefined };
  }

  #namesBeside(known: Subscription | undefined): number {
    let count = 0;
    for (const subscription of this.#subscriptions.values()) if (subscription !== known) count += subscription.names?.size ?? 0;
    return count;
  }
}

/**
 * No names in a type's first request mean all, and go on meaning all while no name is given; after
 * names were given, none means none. `*` always means all.
 */
function wantedNames(requested: readonly string[], known: Subscription | undefined): ReadonlySet<string> | undefined {
  if (requested.length === 0) return known?.names === undefined ? undefined : new Set();
  return requested.includes("*") ? undefined : new Set(requested);
}

function sameNames(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every((name) => b.has(name));
}
