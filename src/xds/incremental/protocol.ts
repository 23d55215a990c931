/**
 * The incremental dialect of istio-mcp on `StreamAggregatedResources`, without any I/O: a type's first answer on a
 * stream is everything, what follows is only what changed, and what is gone comes without a body. Only for
 * clients that know it: stock istiod takes every answer for everything, and would delete what an increment leaves out.
 *
 * Rules, with where they come from:
 * - the first request for a type on a stream is answered in full, whatever nonce it carries, and even if there is
 *   nothing: the client deletes what its first answer lacks, so that must never come from an incomplete view;
 * - a nonce is unique per stream and never empty: clients do not acknowledge an empty one (observed);
 * - every nonce in flight is remembered, so that acknowledgements may come late;
 * - resource names are not looked at: the dialect's servers send whole types.
 */
import { type DiscoveryRequest, DiscoveryRequestSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeRequest } from "../decode-request.ts";
import type { DeltaFeed } from "../delta/feed.ts";
import {
  type Accepted,
  type Moment,
  nonces,
  type Outgoing,
  type Protocol,
  type Received,
  type Refused,
  refusedTypeUrl,
  rejectionOf,
  tooManyTypes,
} from "../protocol.ts";
import { encodeHead } from "../response.ts";
import type { StreamContext } from "../stream/stream-context.ts";
import type { Push } from "../subscription.ts";
import { type Increment, nextIncrement } from "./increment.ts";
import { revisionsOf } from "./revision.ts";
import { IncrementalSubscription, type Served } from "./subscription.ts";

const nothing: Increment = { version: "empty", pieces: [], resources: 0, seenAt: undefined };

export class IncrementalProtocol implements Protocol {
  readonly name = "incremental";
  /** No names are kept for the client. */
  readonly names = 0;
  readonly #context: Pick<StreamContext, "settings" | "identity">;
  readonly #feed: DeltaFeed;
  readonly #subscriptions = new Map<string, IncrementalSubscription>();
  readonly #nextNonce: () => string;
  /** Undefined before the first request. */
  #revisions: readonly string[] | undefined;

  /** @param noncePrefix makes the nonces of this stream unique */
  constructor(noncePrefix: string, context: Pick<StreamContext, "settings" | "identity">, feed: DeltaFeed) {
    this.#context = context;
    this.#feed = feed;
    this.#nextNonce = nonces(noncePrefix);
  }

  subscriptions(): Iterable<IncrementalSubscription> {
    return this.#subscriptions.values();
  }

  receive(bytes: Uint8Array, now: number): Received {
    const request = decodeRequest(DiscoveryRequestSchema, bytes);
    if ("refused" in request) return { ...request, node: undefined };
    this.#revisions ??= revisionsOf(request.node);
    return { ...this.#request(request, now), node: request.node };
  }

  next(subscription: IncrementalSubscription, { now, incomplete, tool }: Moment): Outgoing | Refused | undefined {
    const first = subscription.lastSent === undefined;
    if (first && incomplete && tool && subscription.type) return undefined;
    const increment = this.#increment(subscription, first);
    if (!increment || "refused" in increment) return increment;
    const { version, pieces, resources, seenAt } = increment;
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const push: Push = { nonce: this.#nextNonce(), version, resources, bytes, sentAt: now, seenAt };
    subscription.sent(push);
    const controlPlane = incomplete && subscription.type ? `${this.#context.identity} incomplete` : this.#context.identity;
    const head = encodeHead({ version, typeUrl: subscription.typeUrl, nonce: push.nonce, controlPlane });
    return { push, pieces: [head, ...pieces] };
  }

  #request({ typeUrl, responseNonce, errorDetail }: DiscoveryRequest, now: number): Accepted | Refused {
    const refused = refusedTypeUrl(typeUrl);
    if (refused) return refused;
    const known = this.#subscriptions.get(typeUrl);
    if (known) {
      const rejection = rejectionOf(errorDetail);
      return { subscription: known, answered: known.answered(responseNonce, now, rejection), rejection };
    }
    const { settings } = this.#context;
    if (this.#subscriptions.size >= settings.maxTypes) return tooManyTypes(settings);
    const subscription = new IncrementalSubscription(typeUrl, settings.pacing);
    this.#subscriptions.set(typeUrl, subscription);
    return { subscription, answered: undefined, rejection: undefined };
  }

  #increment(subscription: IncrementalSubscription, first: boolean): Increment | Refused | undefined {
    if (!isServed(subscription)) return first ? nothing : undefined;
    return nextIncrement(subscription, {
      feed: this.#feed,
      revisions: this.#revisions ?? [],
      answered: (type) => [...this.#subscriptions.values()].filter(isServed).find((other) => other.type === type && other.lastSent),
    });
  }
}

function isServed(subscription: IncrementalSubscription): subscription is Served {
  return subscription.type !== undefined;
}
