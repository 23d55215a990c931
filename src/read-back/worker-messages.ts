/** What the main thread and the worker of a read-back say to each other. */
import type { TypeKey } from "../snapshot/snapshot.ts";
import type { Question } from "./ask-ports.ts";
import type { Outcome } from "./findings.ts";

export type ToWorker =
  /** A part of what istiod acknowledged: `name\nversion\nname\nversion…`, as one text because that is cheap to hand over. */
  | { readonly type: "expect"; readonly resourceType: TypeKey; readonly pairs: string }
  /** All parts were handed over. */
  | { readonly type: "ask" };

/** What the worker answers, once. */
export type FromWorker = Outcome;

/** `workerData`. */
export type WorkerStart = Question;
