/**
 * One client's stream: feeds its requests to the protocol, and sends what is due, when it may go.
 * It knows no gRPC: a `Transport` carries its bytes, so that tests can be one.
 *
 * At most one push per type is unacknowledged, and at most one message is being written. The second
 * rule is not implied by the first: a client that guesses nonces could acknowledge without reading.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type DiscoveryRequest, DiscoveryRequestSchema } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { Logger } from "../log/logger.ts";
import type { SnapshotSource } from "../snapshot/snapshot.ts";
import { type ClientIdentity, type ClientKind, clientKind, printable } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { FirstAnswerGate } from "./first-answer.ts";
import type { AnswerEvent, ObservedType, XdsObserver } from "./observer.ts";
import type { PacingSettings } from "./pacing.ts";
import { RequestBudget } from "./request-budget.ts";
import { encodeHead } from "./response.ts";
import { type Accepted, type SotwLimits, SotwSession } from "./sotw.ts";
import type { Push, Subscription } from "./subscription.ts";
import { type View, viewOf } from "./view.ts";

export type EndStatus = "OK" | "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED" | "DEADLINE_EXCEEDED" | "UNAVAILABLE" | "INTERNAL";

export interface Transport {
  /** `address:port` of the client. */
  readonly peer: string;
  readonly onLoopback: boolean;
  /** Sends one message; calls `done` once, after the last byte was taken or sending failed. */
  send(pieces: readonly Uint8Array[], done: (error?: Error | null) => void): void;
  /** Ends the stream; nothing is sent or received afterwards. */
  end(status: EndStatus, reason: string): void;
}

/** What all streams of a server share. */
export interface StreamContext {
  readonly source: SnapshotSource;
  readonly gate: FirstAnswerGate;
  readonly settings: SotwLimits & { readonly pacing: PacingSettings };
  readonly clock: Clock;
  readonly observer: XdsObserver;
  readonly log: Logger;
  /** Names this server in every response. */
  readonly identity: string;
}

/** One type of a stream as the admin room shows it. */
export interface SubscriptionView {
  readonly typeUrl: string;
  /** Number of names asked for; undefined: all. */
  readonly names: number | undefined;
  readonly sentVersion: string | undefined;
  readonly ackedVersion: string | undefined;
  readonly ackedResources: number | undefined;
  /** Age of the unacknowledged push, in ms. */
  readonly unackedMs: number | undefined;
  /** The first answer waits for a complete view. */
  readonly held: boolean;
  readonly rejection: string | undefined;
}

export interface ClientView extends ClientIdentity {
  readonly ageMs: number;
  readonly subscriptions: readonly SubscriptionView[];
}

export class XdsStream {
  readonly #id: number;
  readonly #transport: Transport;
  readonly #context: StreamContext;
  readonly #session: SotwSession;
  readonly #budget = new RequestBudget();
  readonly #openedAt: number;
  #nodeId: string | undefined;
  #kind: ClientKind = "tool";
  #introduced = false;
  /** First answers for owned types may go out. */
  #open = false;
  #stopWaiting: (() => void) | undefined;
  #writing = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  /** @param noncePrefix makes the nonces of this stream unique. */
  constructor(id: number, noncePrefix: string, transport: Transport, context: StreamContext) {
    this.#id = id;
    this.#transport = transport;
    this.#context = context;
    this.#session = new SotwSession(noncePrefix, context.settings, context.settings.pacing);
    this.#openedAt = context.clock.now();
    this.#guard(() => context.observer.onStreamOpen(this.identity()));
  }

  /** Takes one message of the client, and answers it or ends the stream; never throws. */
  receive(bytes: Uint8Array): void {
    this.#guard(() => {
      if (this.#closed) return;
      const now = this.#context.clock.now();
      if (!this.#budget.spend(now, bytes.byteLength)) return this.#end("RESOURCE_EXHAUSTED", "too many requests");
      const request = decode(bytes);
      if (request instanceof Error) return this.#end("INVALID_ARGUMENT", `not a DiscoveryRequest: ${printable(request.message)}`);
      this.#introduce(request);
      const outcome = this.#session.request(request, now);
      if ("refused" in outcome) return this.#end(outcome.refused, outcome.reason);
      this.#report(outcome, now);
      this.#pump();
    });
  }

  /** The snapshot, or its completeness, changed. */
  wake(): void {
    this.#guard(() => this.#pump());
  }

  /** The client is gone, or the transport failed. */
  closed(reason: string): void {
    this.#guard(() => this.#finish(reason));
  }

  /** Ends the stream from our side. */
  end(status: EndStatus, reason: string): void {
    this.#guard(() => this.#end(status, reason));
  }

  identity(): ClientIdentity {
    return { stream: this.#id, peer: this.#transport.peer, nodeId: this.#nodeId, kind: this.#kind };
  }

  view(): ClientView {
    const now = this.#context.clock.now();
    const subscriptions = [...this.#session.subscriptions()].map((subscription): SubscriptionView => {
      const [unacked] = subscription.inFlight.values();
      return {
        typeUrl: subscription.typeUrl,
        names: subscription.names?.size,
        sentVersion: subscription.lastSent?.version,
        ackedVersion: subscription.lastAcked?.version,
        ackedResources: subscription.lastAcked?.resources,
        unackedMs: unacked && now - unacked.sentAt,
        held: this.#isHeld(subscription),
        rejection: subscription.rejection,
      };
    });
    return { ...this.identity(), ageMs: now - this.#openedAt, subscriptions };
  }

  /** Only a stream's first request is sure to carry the node. */
  #introduce(request: DiscoveryRequest): void {
    if (this.#introduced) return;
    this.#introduced = true;
    this.#nodeId = request.node && printable(request.node.id);
    this.#kind = clientKind(request.node, this.#transport.onLoopback);
    const level = this.#kind === "istiod" ? "info" : "debug";
    this.#context.log[level](this.identity(), "xDS client connected");
  }

  #report({ subscription, answered, rejection }: Accepted, now: number): void {
    const { observer, log } = this.#context;
    const type = observedType(subscription);
    observer.onRequest(this.identity(), type);
    const event = answered && this.#answerEvent(subscription, answered, now);
    if (rejection !== undefined) {
      const message = printable(rejection);
      observer.onNack(this.identity(), type, message, event);
      log.warn(
        { ...this.identity(), type: printable(subscription.typeUrl), version: answered?.version, message },
        "xDS client rejected a push",
      );
    } else if (event) {
      observer.onAck(event);
    }
  }

  /** Sends what is due and may go, looks after unacknowledged pushes, and sets the timer for what must wait. */
  #pump(): void {
    if (this.#closed) return;
    const now = this.#context.clock.now();
    for (const subscription of this.#session.subscriptions()) {
      const wait = subscription.pacer.check(now);
      if (wait === "expired") return this.#end("DEADLINE_EXCEEDED", `a push of ${subscription.typeUrl} was not acknowledged in time`);
      if (wait === "warn") this.#warnUnacked(subscription, now);
    }
    for (const subscription of this.#session.subscriptions()) {
      if (this.#writing) break;
      this.#sendIfDue(subscription, now);
    }
    this.#setTimer(now);
  }

  #sendIfDue(subscription: Subscription, now: number): void {
    if (!subscription.pacer.ready(now) || !this.#mayAnswer(subscription)) return;
    const snapshot = this.#context.source.current();
    const view = viewOf(subscription, snapshot);
    const incomplete = subscription.type !== undefined && !this.#context.gate.isComplete();
    // A tool wants to know when the view has become complete; to istiod the same content is no news.
    const key = incomplete && this.#kind === "tool" ? `${view.key} incomplete` : view.key;
    if (!subscription.answerOwed && key === subscription.sentKey) return;
    const push: Push = {
      nonce: this.#session.nextNonce(),
      version: view.version,
      resources: view.resources,
      bytes: view.bytes,
      sentAt: now,
      seenAt: newestChange(subscription, this.#context.source),
    };
    subscription.sent(push, key, snapshot.sequence);
    this.#write(subscription, push, view, incomplete);
  }

  #write(subscription: Subscription, push: Push, view: View, incomplete: boolean): void {
    const head = encodeHead({
      version: push.version,
      typeUrl: subscription.typeUrl,
      nonce: push.nonce,
      controlPlane: incomplete ? `${this.#context.identity} incomplete` : this.#context.identity,
    });
    this.#writing = true;
    this.#transport.send([head, ...view.pieces()], (error) => {
      this.#writing = false;
      this.#guard(() => (error ? this.#end("UNAVAILABLE", `sending failed: ${error.message}`) : this.#pump()));
    });
    this.#context.observer.onPush({ client: this.identity(), type: observedType(subscription), ...push });
  }

  /** Types we do not own are answered at once; those we own wait for a complete view where the client is the istiod beside us. */
  #isHeld(subscription: Subscription): boolean {
    return subscription.type !== undefined && this.#kind === "istiod" && !this.#open && !this.#context.gate.isComplete();
  }

  #mayAnswer(subscription: Subscription): boolean {
    if (this.#isHeld(subscription)) {
      this.#stopWaiting ??= this.#context.gate.wait(() => {
        this.#openUp();
        this.wake();
      });
      return false;
    }
    if (subscription.type) this.#openUp();
    return true;
  }

  /** From the first answer on, a stream gets every change, whether or not the view is complete. */
  #openUp(): void {
    this.#open = true;
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }

  #warnUnacked(subscription: Subscription, now: number): void {
    for (const push of subscription.inFlight.values()) {
      const event = this.#answerEvent(subscription, push, now);
      this.#context.observer.onUnacked(event);
      this.#context.log.warn(
        { ...this.identity(), type: printable(subscription.typeUrl), ms: event.msSincePush },
        "xDS push is not acknowledged",
      );
    }
  }

  #answerEvent(subscription: Subscription, push: Push, now: number): AnswerEvent {
    return { client: this.identity(), type: observedType(subscription), ...push, msSincePush: now - push.sentAt };
  }

  #setTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const { pacer } of this.#session.subscriptions()) next = Math.min(next, pacer.nextLook(now) ?? next);
    // Timers may fire a little early by the monotonic clock; one round more is harmless.
    if (next < Number.POSITIVE_INFINITY)
      this.#cancelTimer = this.#context.clock.schedule(Math.max(1, Math.ceil(next - now)), () => this.wake());
  }

  #end(status: EndStatus, reason: string): void {
    if (this.#closed) return;
    if (status !== "OK") this.#context.log.warn({ ...this.identity(), status, reason }, "xDS stream ended by the server");
    this.#finish(reason);
    this.#transport.end(status, reason);
  }

  #finish(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#stopWaiting?.();
    this.#context.observer.onStreamClose(this.identity(), reason);
  }

  /** Whatever goes wrong on a stream costs this stream only. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#context.log.error({ err: error, stream: this.#id }, "xDS stream failed");
      try {
        this.#end("INTERNAL", "internal error");
      } catch (failure) {
        this.#context.log.error({ err: failure, stream: this.#id }, "xDS stream could not be ended");
        this.#transport.end("INTERNAL", "internal error");
      }
    }
  }
}

function decode(bytes: Uint8Array): DiscoveryRequest | Error {
  try {
    return fromBinary(DiscoveryRequestSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function observedType(subscription: Subscription): ObservedType {
  return subscription.type ?? "other";
}

/** When the newest change since the last push was seen, where the change log still knows. */
function newestChange(subscription: Subscription, source: SnapshotSource): number | undefined {
  if (!subscription.type || subscription.sentSequence === undefined) return undefined;
  const table = source.current().table(subscription.type);
  const changes = source.changesSince(subscription.type, subscription.sentSequence);
  let newest: number | undefined;
  for (const name of changes?.updated ?? []) {
    const seenAt = table.get(name)?.seenAt;
    if (seenAt !== undefined && (newest === undefined || seenAt > newest)) newest = seenAt;
  }
  return newest;
}
