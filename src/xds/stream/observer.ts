/** What happens in this room, for metrics. Calls are synchronous and must be cheap. */
import type { TypeKey } from "../../snapshot/snapshot.ts";
import type { ClientIdentity } from "./client.ts";
import type { EndStatus } from "./transport.ts";

/** A type in metrics: clients may ask for any text, so what is not ours is one value. */
export type ObservedType = TypeKey | "other";

/** The status that we ended a stream with; CANCELLED: the client is gone. */
export type CloseReason = EndStatus | "CANCELLED";

export interface PushEvent {
  readonly client: ClientIdentity;
  readonly type: ObservedType;
  /** Of the framed resources. */
  readonly bytes: number;
  readonly resources: number;
  /** The response's version_info: the table's digest. */
  readonly version: string;
  /** Epoch ms at which a registry's worker saw the newest change in it; undefined where nothing was sent before. */
  readonly seenAt: number | undefined;
}

export interface AnswerEvent extends PushEvent {
  readonly msSincePush: number;
}

export interface XdsObserver {
  onStreamOpen(client: ClientIdentity): void;
  onStreamClose(client: ClientIdentity, reason: CloseReason): void;
  /** `bytes`: of the message. */
  onRequest(client: ClientIdentity, type: ObservedType, bytes: number): void;
  onPush(event: PushEvent): void;
  onAck(event: AnswerEvent): void;
  /** `event` lacks when the rejection names no push of ours. */
  onNack(client: ClientIdentity, type: ObservedType, message: string, event: AnswerEvent | undefined): void;
  /** A push is unacknowledged for `pacing.ackWarning`. */
  onUnacked(event: AnswerEvent): void;
}

export const silentObserver: XdsObserver = {
  onStreamOpen() {},
  onStreamClose() {},
  onRequest() {},
  onPush() {},
  onAck() {},
  onNack() {},
  onUnacked() {},
};
