/**
 * One client's stream: feeds its requests to the protocol, and sends what is due, when it may go.
 * It knows no gRPC: a `Transport` carries its bytes.
 *
 * At most one push per type is unacknowledged, and at most one message is being written. The second
 * rule is not implied by the first: a client that guesses nonces could acknowledge without reading.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type DiscoveryRequest, DiscoveryRequestSchema } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { Logger } from "../log/logger.ts";
import type { SnapshotSource } from "../snapshot/snapshot.ts";
import { clientKind, printable } from "./client.ts";
import { type ClientView, subscriptionView } from "./client-view.ts";
import type { Clock } from "./clock.ts";
import type { FirstAnswerGate } from "./first-answer.ts";
import type { CloseReason, XdsObserver } from "./observer.ts";
import type { PacingSettings } from "./pacing.ts";
import { RequestBudget } from "./request-budget.ts";
import { encodeHead } from "./response.ts";
import { type SotwLimits, SotwSession } from "./sotw.ts";
import { StreamReport } from "./stream-report.ts";
import type { Push, Subscription } from "./subscription.ts";
import type { EndStatus, Transport } from "./transport.ts";
import { newestChange, type View, viewOf } from "./view.ts";

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

export class XdsStream {
  readonly #transport: Transport;
  readonly #context: StreamContext;
  readonly #session: SotwSession;
  readonly #report: StreamReport;
  readonly #budget = new RequestBudget();
  readonly #openedAt: number;
  #introduced = false;
  /** The first answers for owned types may go out, or went. */
  #open = false;
  #stopWaiting: (() => void) | undefined;
  #writing = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  /**
   * @param id unique among the streams of this process
   * @param noncePrefix makes the nonces of this stream unique
   */
  constructor(id: number, noncePrefix: string, transport: Transport, context: StreamContext) {
    this.#transport = transport;
    this.#context = context;
    this.#session = new SotwSession(noncePrefix, context.settings, context.settings.pacing);
    this.#report = new StreamReport(id, transport.peer, context.observer, context.log);
    this.#openedAt = context.clock.now();
    this.#guard(() => this.#report.opened());
  }

  /** Takes one message of the client, and answers it or ends the stream; never throws. */
  receive(bytes: Uint8Array): void {
    this.#guard(() => {
      if (!this.#closed) this.#receive(bytes);
    });
  }

  /** The snapshot, or its completeness, changed. */
  wake(): void {
    this.#guard(() => this.#pump());
  }

  /** Ends the stream from our side. */
  end(status: EndStatus, reason: string): void {
    this.#guard(() => this.#end(status, reason));
  }

  /** The client is gone, or the transport failed. */
  gone(): void {
    this.#guard(() => this.#finish("CANCELLED"));
  }

  view(): ClientView {
    const now = this.#context.clock.now();
    const snapshot = this.#context.source.current();
    const subscriptions = [...this.#session.subscriptions()].map((subscription) =>
      subscriptionView(subscription, snapshot, this.#isHeld(subscription), now),
    );
    return { ...this.#report.client, protocol: "sotw", ageMs: now - this.#openedAt, subscriptions };
  }

  #receive(bytes: Uint8Array): void {
    const now = this.#context.clock.now();
    if (!this.#budget.spend(now, bytes.byteLength)) {
      this.#end("RESOURCE_EXHAUSTED", "too many requests");
      return;
    }
    const request = decode(bytes);
    if (request instanceof Error) {
      this.#end("INVALID_ARGUMENT", `not a DiscoveryRequest: ${printable(request.message)}`);
      return;
    }
    this.#introduce(request);
    const outcome = this.#session.request(request, now);
    if ("refused" in outcome) {
      this.#end(outcome.refused, outcome.reason);
      return;
    }
    this.#report.requested(outcome, now);
    this.#pump();
  }

  /** Only a stream's first request is sure to carry the node. */
  #introduce(request: DiscoveryRequest): void {
    if (this.#introduced) return;
    this.#introduced = true;
    this.#report.introduced(request.node?.id, clientKind(request.node, this.#transport.onLoopback));
  }

  /** Sends what is due and may go, looks after unacknowledged pushes, and sets the timer for what must wait. */
  #pump(): void {
    if (this.#closed) return;
    const now = this.#context.clock.now();
    for (const subscription of this.#session.subscriptions()) {
      const wait = subscription.pacer.check(now);
      if (wait === "expired") {
        this.#end("DEADLINE_EXCEEDED", `a push of ${printable(subscription.typeUrl)} was not acknowledged in time`);
        return;
      }
      if (wait === "warn") this.#report.unacknowledged(subscription, now);
    }
    for (const subscription of this.#session.subscriptions()) {
      if (this.#writing) break;
      this.#sendIfDue(subscription, now);
    }
    this.#setTimer(now);
  }

  #sendIfDue(subscription: Subscription, now: number): void {
    if (!subscription.pacer.ready(now) || !this.#mayAnswer(subscription)) return;
    const { source, gate } = this.#context;
    const snapshot = source.current();
    const view = viewOf(subscription, snapshot);
    const incomplete = subscription.type !== undefined && !gate.isComplete();
    // A tool wants to know when the view has become complete; to istiod the same content is no news.
    const key = incomplete && this.#report.client.kind === "tool" ? `${view.key} incomplete` : view.key;
    if (!subscription.answerOwed && key === subscription.sentKey) return;
    const push: Push = {
      nonce: this.#session.nextNonce(),
      version: view.version,
      resources: view.resources,
      bytes: view.bytes,
      sentAt: now,
      seenAt: newestChange(subscription, source),
    };
    subscription.sent(push, key, snapshot.sequence);
    this.#write(subscription, push, view, incomplete);
  }

  #write(subscription: Subscription, push: Push, view: View, incomplete: boolean): void {
    const { identity } = this.#context;
    const head = encodeHead({
      version: push.version,
      typeUrl: subscription.typeUrl,
      nonce: push.nonce,
      controlPlane: incomplete ? `${identity} incomplete` : identity,
    });
    this.#writing = true;
    this.#transport.send([head, ...view.pieces()], (error) => {
      this.#writing = false;
      this.#guard(() => (error ? this.#end("UNAVAILABLE", `sending failed: ${error.message}`) : this.#pump()));
    });
    this.#report.pushed(subscription, push);
  }

  /** Types we do not own are answered at once; those we own wait for a complete view where the client is the istiod beside us. */
  #isHeld(subscription: Subscription): boolean {
    const forIstiod = subscription.type !== undefined && this.#report.client.kind === "istiod";
    return forIstiod && !this.#open && !this.#context.gate.isComplete();
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

  #setTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const { pacer } of this.#session.subscriptions()) next = Math.min(next, pacer.nextLook(now) ?? next);
    // Timers may fire a little early by the monotonic clock; one round more is harmless.
    if (next < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#context.clock.schedule(Math.max(1, Math.ceil(next - now)), () => this.wake());
    }
  }

  #end(status: EndStatus, reason: string): void {
    if (this.#closed) return;
    this.#finish(status);
    this.#report.ended(status, reason);
    this.#transport.end(status, reason);
  }

  #finish(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#stopWaiting?.();
    this.#report.closed(reason);
  }

  /** Whatever goes wrong on a stream costs this stream only. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#closed = true;
      this.#cancelTimer?.();
      this.#stopWaiting?.();
      this.#report.failed(error);
      this.#transport.end("INTERNAL", "internal error");
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
