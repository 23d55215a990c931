/** What a client process and whoever started it say to each other. Times are of the shared clock. */
import type { Taken } from "./dialogue.ts";

/** Full state: as istiod asks for it. Delta: all ServiceEntries. */
export type ClientProtocol = "full-state" | "delta";

export type ToClient =
  /** Leave the stream there is, connect as soon as something listens there, and ask. */
  | { readonly type: "connect"; readonly port: number }
  /** Decode everything that is held. */
  | { readonly type: "inspect" };

export type FromClient =
  | { readonly type: "ready" }
  | Arrival
  | Inspection
  /** The stream ended. */
  | { readonly type: "ended"; readonly reason: string };

/** An answer for ServiceEntries arrived completely. */
export interface Arrival extends Taken {
  readonly type: "arrival";
  readonly at: number;
  readonly bytes: number;
}

export interface Inspection {
  readonly type: "inspection";
  readonly services: number;
  readonly endpoints: number;
  /** See `load/endpoint-digest.ts`. */
  readonly digest: string;
}
