/** Delta on a stream: reads requests, and makes messages of the answers that are due. */
import { DeltaDiscoveryRequestSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeRequest } from "../decode-request.ts";
import { type Moment, nonces, type Outgoing, type Protocol, type Received, type Refused } from "../protocol.ts";
import { encodeDeltaHead } from "../response.ts";
import type { StreamContext } from "../stream/stream-context.ts";
import type { Push } from "../subscription.ts";
import { type DeltaAnswer, nextAnswer } from "./answer.ts";
import type { DeltaFeed } from "./feed.ts";
import { DeltaSession } from "./session.ts";
import type { DeltaSubscription } from "./subscription.ts";

export class DeltaProtocol implements Protocol {
  readonly name = "delta";
  readonly #identity: string;
  readonly #feed: DeltaFeed;
  readonly #session: DeltaSession;
  readonly #nextNonce: () => string;

  /** @param noncePrefix makes the nonces of this stream unique */
  constructor(noncePrefix: string, { settings, identity }: Pick<StreamContext, "settings" | "identity">, feed: DeltaFeed) {
    this.#identity = identity;
    this.#feed = feed;
    this.#session = new DeltaSession(settings, settings.pacing);
    this.#nextNonce = nonces(noncePrefix);
  }

  subscriptions(): Iterable<DeltaSubscription> {
    return this.#session.subscriptions();
  }

  get names(): number {
    return this.#session.names;
  }

  receive(bytes: Uint8Array, now: number): Received {
    const request = decodeRequest(DeltaDiscoveryRequestSchema, bytes);
    if ("refused" in request) return { ...request, node: undefined };
    return { ...this.#session.request(request, now), node: request.node };
  }

  next(subscription: DeltaSubscription, { now, incomplete, tool }: Moment): Outgoing | Refused | undefined {
    const answer = nextAnswer(subscription, this.#feed, incomplete) ?? this.#completion(subscription, tool && !incomplete);
    if (!answer || "refused" in answer) return answer;
    const unfinished = incomplete && subscription.type !== undefined;
    subscription.toldIncomplete = unfinished;
    const { typeUrl } = subscription;
    const { version, removed, seenAt, sweep } = answer;
    const { resources, bytes, pieces } = sweep ?? this.#framed(subscription, answer);
    const push: Push = { nonce: this.#nextNonce(), version, resources, bytes, sentAt: now, seenAt };
    subscription.sent(push);
    const controlPlane = unfinished ? `${this.#identity} incomplete` : this.#identity;
    const head = encodeDeltaHead({ version, typeUrl, nonce: push.nonce, controlPlane, removed });
    const message = { push, pieces: [head, ...pieces] };
    return sweep ? { ...message, release: sweep.release } : message;
  }

  /** A tool that was told that more is to come is told when it came. */
  #completion({ type, toldIncomplete }: DeltaSubscription, complete: boolean): DeltaAnswer | undefined {
    if (!complete || !toldIncomplete || !type) return undefined;
    return { version: this.#feed.current().table(type).digest, removed: [], updated: [], sweep: undefined, seenAt: undefined };
  }

  #framed({ type, form }: DeltaSubscription, { updated }: DeltaAnswer) {
    const pieces = type === undefined ? [] : updated.map((entry) => this.#feed.frames.frame(type, form, entry));
    return { pieces, resources: pieces.length, bytes: pieces.reduce((sum, { length }) => sum + length, 0) };
  }
}
