/**
 * One client's stream: feeds its requests to the protocol, and sends what the protocol finds due, when it
 * may go. It knows no gRPC: a `Transport` carries its bytes.
 *
 * At most one message is being written. How many may be unacknowledged is for the protocol to say; that
 * alone would not do: a client that guesses nonces could acknowledge without reading.
 */
import type { Node } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { Outgoing, Protocol } from "../protocol.ts";
import type { Subscription } from "../subscription.ts";
import { clientKind, printable } from "./client.ts";
import { type ClientView, subscriptionView } from "./client-view.ts";
import type { CloseReason } from "./observer.ts";
import { RequestBudget } from "./request-budget.ts";
import type { StreamContext } from "./stream-context.ts";
import { StreamReport } from "./stream-report.ts";
import type { EndStatus, Transport } from "./transport.ts";

export class XdsStream {
  readonly #transport: Transport;
  readonly #context: StreamContext;
  readonly #protocol: Protocol;
  readonly #report: StreamReport;
  readonly #budget = new RequestBudget();
  readonly #openedAt: number;
  #introduced = false;
  /** The first answers for owned types may go out, or went. */
  #open = false;
  #stopWaiting: (() => void) | undefined;
  /** The client was answered from an incomplete view, and is to be told when it is complete. */
  #stopWatching: (() => void) | undefined;
  /** The message that is being written. */
  #writing: Outgoing | undefined;
  /** Whose message was written last: the others have their turn before it has another. */
  #served: Subscription | undefined;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  /** @param id unique among the streams of this process */
  constructor(id: number, transport: Transport, protocol: Protocol, context: StreamContext) {
    this.#transport = transport;
    this.#context = context;
    this.#protocol = protocol;
    this.#report = new StreamReport(id, transport.peer, context);
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
    this.#guard(() => {
      if (this.#closed) return;
      const inFlight = [...this.#protocol.subscriptions()].flatMap((subscription) => [...subscription.inFlight.values()]);
      this.#context.largeAnswers.gone(this.#report.client, inFlight, this.#context.clock.now());
      this.#finish("CANCELLED");
    });
  }

  view(): ClientView {
    const now = this.#context.clock.now();
    const { source } = this.#context;
    const subscriptions = [...this.#protocol.subscriptions()].map((subscription) =>
      subscriptionView(subscription, source, this.#isHeld(subscription), now),
    );
    return { ...this.#report.client, protocol: this.#protocol.name, ageMs: now - this.#openedAt, subscriptions };
  }

  #receive(bytes: Uint8Array): void {
    const now = this.#context.clock.now();
    if (!this.#budget.spend(now, bytes.byteLength)) {
      this.#end("RESOURCE_EXHAUSTED", "too many requests");
      return;
    }
    const received = this.#protocol.receive(bytes, now);
    this.#introduce(received.node);
    if ("refused" in received) {
      this.#end(received.refused, received.reason);
      return;
    }
    this.#report.requested(received, bytes.byteLength, now);
    this.#pump();
  }

  /** Only a stream's first request is sure to carry the node. */
  #introduce(node: Node | undefined): void {
    if (this.#introduced) return;
    this.#introduced = true;
    this.#report.introduced(node?.id, clientKind(node, this.#transport.onLoopback));
  }

  /** Sends what is due and may go, looks after unacknowledged pushes, and sets the timer for what must wait. */
  #pump(): void {
    if (this.#closed) return;
    const now = this.#context.clock.now();
    for (const subscription of this.#protocol.subscriptions()) {
      const wait = subscription.check(now);
      if (wait === "expired") {
        this.#end("DEADLINE_EXCEEDED", `a push of ${printable(subscription.typeUrl)} was not acknowledged in time`);
        return;
      }
      if (wait === "warn") this.#report.unacknowledged(subscription, now);
    }
    for (const subscription of this.#inTurn()) {
      if (this.#writing || this.#closed) break;
      this.#sendIfDue(subscription, now);
    }
    if (!this.#closed) this.#setTimer(now);
  }

  /** Those behind the one that was served last, then those up to it. */
  #inTurn(): Subscription[] {
    const subscriptions = [...this.#protocol.subscriptions()];
    const next = this.#served ? subscriptions.indexOf(this.#served) + 1 : 0;
    return next === 0 ? subscriptions : [...subscriptions.slice(next), ...subscriptions.slice(0, next)];
  }

  #sendIfDue(subscription: Subscription, now: number): void {
    if (!subscription.ready(now) || !this.#mayAnswer(subscription)) return;
    const incomplete = !this.#context.gate.isComplete();
    if (incomplete && subscription.type) this.#watchCompletion();
    const moment = { now, incomplete, tool: this.#report.client.kind === "tool" };
    const outgoing = this.#protocol.next(subscription, moment);
    if (!outgoing) return;
    if ("refused" in outgoing) {
      this.#end(outgoing.refused, outgoing.reason);
      return;
    }
    this.#served = subscription;
    this.#write(outgoing);
    this.#report.pushed(subscription, outgoing.push);
  }

  #write(outgoing: Outgoing): void {
    this.#writing = outgoing;
    this.#transport.send(outgoing.pieces, (error) => {
      outgoing.release?.();
      this.#writing = undefined;
      this.#guard(() => (error ? this.#end("UNAVAILABLE", `sending failed: ${error.message}`) : this.#pump()));
    });
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

  /** A view may become complete without a change in it, and more than once: whenever a registry was added. */
  #watchCompletion(): void {
    this.#stopWatching ??= this.#context.gate.whenComplete(() => {
      this.#stopWatching = undefined;
      this.wake();
    });
  }

  #setTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    let next = Number.POSITIVE_INFINITY;
    for (const subscription of this.#protocol.subscriptions()) next = Math.min(next, subscription.nextLook(now) ?? next);
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
    this.#leave();
    this.#report.closed(reason);
  }

  /** Nothing of the stream is left behind, however it ended. */
  #leave(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#stopWaiting?.();
    this.#stopWatching?.();
    this.#writing?.release?.();
  }

  /** Whatever goes wrong on a stream costs this stream only. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      const wasOpen = !this.#closed;
      this.#leave();
      this.#report.failed(error);
      this.#transport.end("INTERNAL", "internal error");
      if (wasOpen) this.#guard(() => this.#report.closed("INTERNAL"));
    }
  }
}
