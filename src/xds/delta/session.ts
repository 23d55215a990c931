/**
 * The delta protocol without any I/O: requests in, decisions out. What is due for a subscription then is in
 * `delta-answer.ts`.
 *
 * Rules, with where they come from:
 * - a nonce serves to count acknowledgements and nothing else: subscriptions are taken from every request,
 *   also with a late or foreign nonce (Istio's server drops such requests, and with them subscriptions);
 * - a type's first request without subscriptions means `*`, and goes on meaning it, whatever names follow,
 *   until `*` is taken back; after that, no names mean none (xDS specification);
 * - in one request subscriptions come before what is taken back: on-demand clients start with `*` in both
 *   lists, and thereby ask for nothing yet;
 * - versions that a client says to hold count in a type's first request only (xDS specification);
 * - a rejected version is not sent again; the next change is.
 */
import type { DeltaDiscoveryRequest } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
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
import type { PacingSettings } from "../sotw/pacing.ts";
import { DeltaSubscription } from "./subscription.ts";

/** The protocol state of one stream. */
export class DeltaSession {
  readonly #limits: RequestLimits;
  readonly #pacing: PacingSettings;
  readonly #subscriptions = new Map<string, DeltaSubscription>();

  constructor(limits: RequestLimits, pacing: PacingSettings) {
    this.#limits = limits;
    this.#pacing = pacing;
  }

  /** In the order in which they were asked for. */
  subscriptions(): Iterable<DeltaSubscription> {
    return this.#subscriptions.values();
  }

  /** Names, prefixes and versions kept for the client, over all types. */
  get names(): number {
    let names = 0;
    for (const { weight } of this.#subscriptions.values()) names += weight;
    return names;
  }

  request(request: DeltaDiscoveryRequest, now: number): Accepted | Refused {
    const { typeUrl, errorDetail, responseNonce } = request;
    const { resourceNamesSubscribe, resourceNamesUnsubscribe, initialResourceVersions: held } = request;
    const names = refusedNames(resourceNamesSubscribe, resourceNamesUnsubscribe, Object.keys(held), Object.values(held));
    const refused = refusedTypeUrl(typeUrl) ?? names;
    if (refused) return refused;
    const known = this.#subscriptions.get(typeUrl);
    if (!known && this.#subscriptions.size >= this.#limits.maxTypes) return tooManyTypes(this.#limits);
    const subscription = known ?? new DeltaSubscription(typeUrl, this.#pacing);
    this.#subscriptions.set(typeUrl, subscription);
    takeSubscriptions(subscription, request, known === undefined);
    if (this.names > this.#limits.maxNames) return tooManyNames(this.#limits);

    if (!known) return { subscription, answered: undefined, rejection: undefined };
    const rejection = rejectionOf(errorDetail);
    return { subscription, answered: known.answered(responseNonce, now, rejection), rejection };
  }
}

function takeSubscriptions(subscription: DeltaSubscription, request: DeltaDiscoveryRequest, first: boolean): void {
  const { resourceNamesSubscribe, resourceNamesUnsubscribe, initialResourceVersions } = request;
  const all = first && resourceNamesSubscribe.length === 0;
  if (all || resourceNamesSubscribe.length > 0) subscription.subscribe(all ? ["*"] : resourceNamesSubscribe);
  if (first) for (const [name, version] of Object.entries(initialResourceVersions)) subscription.held.set(name, version);
  if (resourceNamesUnsubscribe.length > 0) subscription.unsubscribe(resourceNamesUnsubscribe);
}
