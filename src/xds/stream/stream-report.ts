/** Tells the log and the observer what happens on one stream. */
import type { Logger } from "../../log/logger.ts";
import type { Accepted } from "../protocol.ts";
import type { Push, Subscription } from "../subscription.ts";
import type { ClientIdentity } from "./client.ts";
import { type ClientKind, printable } from "./client.ts";
import type { AnswerEvent, CloseReason, ObservedType, XdsObserver } from "./observer.ts";
import type { StreamContext } from "./stream-context.ts";
import type { EndStatus } from "./transport.ts";

export class StreamReport {
  readonly #observer: XdsObserver;
  readonly #log: Logger;
  #client: ClientIdentity;

  constructor(stream: number, peer: string, { shard, observer, log }: Pick<StreamContext, "shard" | "observer" | "log">) {
    this.#client = { stream, shard, peer, nodeId: undefined, kind: "tool" };
    this.#observer = observer;
    this.#log = log;
  }

  get client(): ClientIdentity {
    return this.#client;
  }

  opened(): void {
    this.#observer.onStreamOpen(this.#client);
  }

  introduced(nodeId: string | undefined, kind: ClientKind): void {
    this.#client = { ...this.#client, nodeId: nodeId && printable(nodeId), kind };
    this.#log[kind === "istiod" ? "info" : "debug"](this.#client, "xDS client connected");
  }

  requested({ subscription, answered, rejection }: Accepted, bytes: number, now: number): void {
    const type = observedType(subscription);
    this.#observer.onRequest(this.#client, type, bytes);
    const event = answered && this.#event(subscription, answered, now);
    if (rejection !== undefined) {
      const message = printable(rejection);
      this.#observer.onNack(this.#client, type, message, event);
      this.#warn(subscription, { version: answered?.version, message }, "xDS client rejected a push");
    } else if (event) {
      this.#observer.onAck(event);
    }
  }

  pushed(subscription: Subscription, push: Push): void {
    this.#observer.onPush({ client: this.#client, type: observedType(subscription), ...push });
  }

  unacknowledged(subscription: Subscription, now: number): void {
    for (const push of subscription.inFlight.values()) {
      const event = this.#event(subscription, push, now);
      this.#observer.onUnacked(event);
      this.#warn(subscription, { version: push.version, ms: event.msSincePush }, "xDS push is not acknowledged");
    }
  }

  ended(status: EndStatus, reason: string): void {
    if (status !== "OK") this.#log.warn({ ...this.#client, status, reason }, "xDS stream ended by the server");
  }

  closed(reason: CloseReason): void {
    this.#observer.onStreamClose(this.#client, reason);
  }

  failed(error: unknown): void {
    this.#log.error({ ...this.#client, err: error }, "xDS stream failed");
  }

  #event(subscription: Subscription, push: Push, now: number): AnswerEvent {
    return { client: this.#client, type: observedType(subscription), ...push, msSincePush: now - push.sentAt };
  }

  #warn(subscription: Subscription, fields: object, message: string): void {
    this.#log.warn({ ...this.#client, type: printable(subscription.typeUrl), ...fields }, message);
  }
}

function observedType(subscription: Subscription): ObservedType {
  return subscription.type ?? "other";
}
