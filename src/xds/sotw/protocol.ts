/** Full state on a stream: reads requests, and makes the answers that the session finds due. */
import { DiscoveryRequestSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeRequest } from "../decode-request.ts";
import { type Moment, nonces, type Outgoing, type Protocol, type Received } from "../protocol.ts";
import { encodeHead } from "../response.ts";
import type { StreamContext } from "../stream/stream-context.ts";
import type { Push } from "../subscription.ts";
import { debugIdentity, debugResources, isDebugType } from "./debug-answer.ts";
import { SotwSession } from "./session.ts";
import type { SotwSubscription } from "./subscription.ts";
import { newestChange, viewOf } from "./view.ts";

export class SotwProtocol implements Protocol {
  readonly name = "sotw";
  readonly #context: StreamContext;
  readonly #session: SotwSession;
  readonly #nextNonce: () => string;

  /** @param noncePrefix makes the nonces of this stream unique */
  constructor(noncePrefix: string, context: StreamContext) {
    this.#context = context;
    this.#session = new SotwSession(context.settings, context.settings.pacing);
    this.#nextNonce = nonces(noncePrefix);
  }

  subscriptions(): Iterable<SotwSubscription> {
    return this.#session.subscriptions();
  }

  get names(): number {
    return this.#session.names;
  }

  receive(bytes: Uint8Array, now: number): Received {
    const request = decodeRequest(DiscoveryRequestSchema, bytes);
    if ("refused" in request) return { ...request, node: undefined };
    return { ...this.#session.request(request, now), node: request.node };
  }

  next(subscription: SotwSubscription, moment: Moment): Outgoing | undefined {
    return isDebugType(subscription.typeUrl) ? this.#debug(subscription, moment) : this.#state(subscription, moment);
  }

  #state(subscription: SotwSubscription, { now, incomplete, tool }: Moment): Outgoing | undefined {
    const { source, identity } = this.#context;
    const snapshot = source.current();
    const view = viewOf(subscription, snapshot, source);
    const unfinished = incomplete && subscription.type !== undefined;
    // A tool wants to know when the view has become complete; to istiod the same content is no news.
    const key = unfinished && tool ? `${view.key} incomplete` : view.key;
    if (!subscription.answerOwed && key === subscription.sentKey) return undefined;
    const { version, resources, bytes } = view;
    const push: Push = {
      nonce: this.#nextNonce(),
      version,
      resources,
      bytes,
      sentAt: now,
      seenAt: newestChange(subscription, source),
    };
    subscription.sent(push, key, snapshot.sequence);
    const { nonce } = push;
    const controlPlane = unfinished ? `${identity} incomplete` : identity;
    return { push, pieces: [encodeHead({ version, typeUrl: subscription.typeUrl, nonce, controlPlane }), ...view.pieces()] };
  }

  /** Asked for once, answered once. */
  #debug(subscription: SotwSubscription, { now }: Moment): Outgoing | undefined {
    if (!subscription.answerOwed) return undefined;
    const { source, identity, debugPages } = this.#context;
    const { typeUrl, names = [] } = subscription;
    const pieces = debugResources(typeUrl, names, debugPages);
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const push: Push = { nonce: this.#nextNonce(), version: "debug", resources: pieces.length, bytes, sentAt: now, seenAt: undefined };
    subscription.sent(push, "", source.current().sequence);
    const head = encodeHead({ version: push.version, typeUrl, nonce: push.nonce, controlPlane: debugIdentity(identity) });
    return { push, pieces: [head, ...pieces] };
  }
}
