/** Who is at the other end of a stream. */
import type { Node } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";

/**
 * `istiod`: the control plane beside us, which serves a mesh from what we say, so its first answers
 * wait for a complete view. `tool`: everything else; it gets the view as it is.
 */
export type ClientKind = "istiod" | "tool";

/** What is known of a client; strings come from it and are cut to a bounded length. */
export interface ClientIdentity {
  /** Unique among the streams of this process. */
  readonly stream: number;
  /** Which part of the state it is served, from 0. */
  readonly shard: number;
  /** `address:port`. */
  readonly peer: string;
  /** From the stream's first request; undefined before it. */
  readonly nodeId: string | undefined;
  readonly kind: ClientKind;
}

/** istiod's client says GENERATOR=api in its node metadata, in every version; proxies and tools do not (observed). */
export function clientKind(node: Node | undefined, onLoopback: boolean): ClientKind {
  return onLoopback && node?.metadata?.GENERATOR === "api" ? "istiod" : "tool";
}

const longest = 256;

/** Text from a client as it may appear in logs: bounded, without control characters. */
export function printable(text: string): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(/\p{Cc}/gu, "\ufffd");
}
