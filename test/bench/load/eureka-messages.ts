/** What a process with a fake Eureka server and whoever started it say to each other. */

export type ToEureka = { readonly type: "heard" };

export type FromEureka =
  | { readonly type: "ready"; readonly url: string }
  /** What was asked since the last time. */
  | ({ readonly type: "heard" } & HeardPolls);

export interface HeardPolls {
  readonly fulls: number;
  /** Of all full copies, as sent. */
  readonly fullBytes: number;
  readonly deltas: number;
  readonly deltaBytes: number;
}
