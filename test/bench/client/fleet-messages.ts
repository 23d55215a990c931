/** What a fleet process and whoever started it say to each other. Times are of the shared clock. */

export type ToFleet = { readonly type: "connect"; readonly port: number; readonly clients: number };

export type FromFleet =
  | { readonly type: "ready" }
  /** All clients hold the present state. */
  | { readonly type: "connected" }
  /** A marker is at all clients of this process, the last of them at that time. */
  | { readonly type: "reached"; readonly marker: number; readonly at: number }
  /** A stream ended, or a change came twice. */
  | { readonly type: "failed"; readonly reason: string };
