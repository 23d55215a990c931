import type { Logger } from "../../log/logger.ts";
import type { SnapshotSource } from "../../snapshot/snapshot.ts";
import type { Clock } from "../clock.ts";
import type { FirstAnswerGate } from "../first-answer.ts";
import type { RequestLimits } from "../protocol.ts";
import type { DebugPages } from "../sotw/debug-answer.ts";
import type { PacingSettings } from "../sotw/pacing.ts";
import type { LargeAnswers } from "./large-answers.ts";
import type { XdsObserver } from "./observer.ts";

/** What all streams of a port share. */
export interface StreamContext {
  /** The port's part of the state, from 0. */
  readonly shard: number;
  readonly source: SnapshotSource;
  readonly gate: FirstAnswerGate;
  readonly settings: RequestLimits & { readonly pacing: PacingSettings };
  readonly clock: Clock;
  readonly observer: XdsObserver;
  readonly log: Logger;
  readonly largeAnswers: LargeAnswers;
  readonly debugPages: DebugPages;
  /** Names this server in every response. */
  readonly identity: string;
}
