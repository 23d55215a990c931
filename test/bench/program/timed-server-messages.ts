/** What a timed server and whoever started it say to each other. */
import type { EmittedAt, TimedChanges } from "./timed-session.ts";

/** The registry's state; its second and third argument, behind the configuration's path. */
export interface TimedState {
  readonly services: number;
  /** Per service. */
  readonly instances: number;
}

export type ToTimedServer = ({ readonly type: "change" } & TimedChanges) | { readonly type: "usage" };

export type FromTimedServer =
  /** The registry's state is published; the ports by shard. */
  | { readonly type: "listening"; readonly ports: readonly number[] }
  | { readonly type: "changed"; readonly emittedAt: EmittedAt }
  | ({ readonly type: "usage" } & Usage);

/** In MiB. */
export interface Usage {
  /** Of the process, as it is. */
  readonly uncollected: number;
  /** Of the process, after a collection such as the program makes itself when a flood is over. */
  readonly resident: number;
  /** Of the main thread, after it: JavaScript's heap, and what it holds outside of it. */
  readonly heap: number;
  /** Objects encoded, and resources framed for delta, so far. */
  readonly encoded: number;
  readonly framed: number;
}
