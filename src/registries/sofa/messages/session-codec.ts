/** What a client and a session server tell each other, whichever way it is written. */
import type { Frame, Message } from "../bolt/frame.ts";
import type { DataInfoId } from "../data-info-id.ts";

/** How a subscriber wants to be known. */
export interface Client {
  readonly appName: string;
  /** Empty: the server's default. */
  readonly zone: string;
  readonly scope: "zone" | "dataCenter" | "global";
  /** Data of other data centers, too. */
  readonly acceptMulti: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Registration {
  readonly id: DataInfoId;
  /** Unique; the server knows the subscription by it. */
  readonly registId: string;
  /** The server takes another registration of the same `registId` only with a larger one. */
  readonly version: number;
  readonly event: "REGISTER" | "UNREGISTER";
}

export interface RegisterAnswer {
  readonly success: boolean;
  /** The server will not have it now nor soon. */
  readonly refused: boolean;
  readonly message: string;
}

/** What data centers know of one id: all of it, never a difference. */
export interface Push {
  readonly id: DataInfoId;
  /** The subscriptions it answers. */
  readonly registIds: readonly string[];
  readonly segments: readonly Segment[];
}

/** One data center's part. */
export interface Segment {
  /** The data center's name. */
  readonly name: string;
  /** Grows with every change; beyond 2^53. */
  readonly version: bigint;
  /** The publishers' data by their zone. */
  readonly zones: ReadonlyMap<string, readonly string[]>;
}

/** Of a datum that the data server does not know: perhaps nobody publishes it, perhaps it has just been started. */
export const unknownVersion = 1n;

export interface SessionCodec {
  readonly name: "protobuf" | "hessian";
  /** The answer to every push. */
  readonly acknowledgement: Message;
  subscribe(registration: Registration, client: Client): Message;
  /** @throws Error if the frame holds no such answer */
  registerAnswer(frame: Frame): RegisterAnswer;
  /** Whether a request of the server is a push. */
  isPush(className: string): boolean;
  /** @throws Error if the content cannot be read */
  push(className: string, content: Uint8Array): Push;
}
