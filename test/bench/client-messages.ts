/** What a client process and whoever started it say to each other. Times are of the shared clock. */

export type ToClient =
  /** Connect as soon as something listens there, and ask like istiod. */
  | { readonly type: "connect"; readonly port: number }
  /** Decode the newest answer completely. */
  | { readonly type: "inspect" };

export type FromClient =
  | { readonly type: "ready" }
  | Arrival
  | Inspection
  /** The stream ended. */
  | { readonly type: "ended"; readonly reason: string };

/** An answer for ServiceEntries arrived completely. */
export interface Arrival {
  readonly type: "arrival";
  readonly at: number;
  readonly bytes: number;
  readonly resources: number;
  /** Markers that the answer before did not have. */
  readonly added: readonly number[];
  /** Markers that only the answer before had. */
  readonly removed: readonly number[];
}

export interface Inspection {
  readonly type: "inspection";
  readonly services: number;
  readonly endpoints: number;
  /** See `endpoint-digest.ts`. */
  readonly digest: string;
}
