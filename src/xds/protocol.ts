/**
 * What a stream needs of the protocol it speaks. The stream has the bytes, the clock, the budget, the gate
 * and the reports; the protocol decides what a request means and what is due.
 */
import type { Node } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { Push, Subscription } from "./subscription.ts";
import { maxTypeUrlLength } from "./type-url.ts";

/** `sotw`: full state of a type in every response; `delta`: changes only; `incremental`: those of istio-mcp. */
export type ProtocolName = "sotw" | "delta" | "incremental";

export interface RequestLimits {
  /** Types one stream may ask for. */
  readonly maxTypes: number;
  /** Names one stream may ask for, over all types. */
  readonly maxNames: number;
}

/** The request was understood. */
export interface Accepted {
  readonly subscription: Subscription;
  /** The push that this request acknowledges or rejects. */
  readonly answered: Push | undefined;
  /** The client's reason, when this request is a rejection. */
  readonly rejection: string | undefined;
}

/** The stream must end with this status. */
export interface Refused {
  readonly refused: "INVALID_ARGUMENT" | "RESOURCE_EXHAUSTED" | "UNAVAILABLE";
  readonly reason: string;
}

export type Received = (Accepted | Refused) & {
  /** Only a stream's first request is sure to carry it. */
  readonly node: Node | undefined;
};

/** What a protocol is told when it is asked for the next message. */
export interface Moment {
  /** Monotonic ms. */
  readonly now: number;
  /** A required registry is missing from the view. */
  readonly incomplete: boolean;
  /** The client is not the istiod beside us: it wants to know when the view has become complete. */
  readonly tool: boolean;
}

/** A message to send now. */
export interface Outgoing {
  readonly push: Push;
  /** Its bytes are the concatenation of these. */
  readonly pieces: readonly Uint8Array[];
  /** To be called when the bytes are sent or will not be; may be called again. */
  readonly release?: () => void;
}

export interface Protocol {
  readonly name: ProtocolName;
  /** Takes one message of the client. */
  receive(bytes: Uint8Array, now: number): Received;
  /** In the order in which they were asked for. */
  subscriptions(): Iterable<Subscription>;
  /** Resource names kept for the client, over all types: what its requests cost in memory. */
  readonly names: number;
  /** The next message that is due for one of its subscriptions, which counts as sent. */
  next(subscription: Subscription, moment: Moment): Outgoing | Refused | undefined;
}

/** Why a type URL cannot be asked for. */
export function refusedTypeUrl(typeUrl: string): Refused | undefined {
  if (typeUrl === "") return { refused: "INVALID_ARGUMENT", reason: "the request names no type_url" };
  if (typeUrl.length <= maxTypeUrlLength) return undefined;
  return { refused: "INVALID_ARGUMENT", reason: `the type_url is longer than ${maxTypeUrlLength} characters` };
}

/** Longest resource name or version that is taken, in UTF-16 units; Kubernetes allows 63 + 1 + 253. */
const maxNameLength = 512;

/** Why names cannot be asked for. */
export function refusedNames(...lists: readonly (readonly string[])[]): Refused | undefined {
  if (lists.every((names) => names.every((name) => name.length <= maxNameLength))) return undefined;
  return { refused: "INVALID_ARGUMENT", reason: `a resource name is longer than ${maxNameLength} characters` };
}

export function tooManyTypes({ maxTypes }: RequestLimits): Refused {
  return { refused: "RESOURCE_EXHAUSTED", reason: `more than ${maxTypes} types on one stream (xds.maxTypes)` };
}

export function tooManyNames({ maxNames }: RequestLimits): Refused {
  return { refused: "RESOURCE_EXHAUSTED", reason: `more than ${maxNames} resource names on one stream (xds.maxNames)` };
}

/** The client's reason, if the request is a rejection. */
export function rejectionOf(detail: { readonly message: string; readonly code: number } | undefined): string | undefined {
  return detail && (detail.message || `code ${detail.code}`);
}

/** Nonces that no other stream has; never empty. */
export function nonces(prefix: string): () => string {
  let sequence = 0;
  return () => `${prefix}-${++sequence}`;
}
