/**
 * One read-back in a thread of its own, which ends with it: the dump is large, and neither its
 * parsing nor its memory may weigh on the thread that answers istiod.
 */
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { ResourceTable } from "../snapshot/snapshot.ts";
import type { Question } from "./ask-ports.ts";
import type { Outcome } from "./findings.ts";
import type { ToWorker } from "./worker-messages.ts";

export interface Asking {
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Ends it; the outcome is then a failure. */
  cancel(): void;
}

/** Asks istiod about these tables, which it acknowledged. */
export type Ask = (tables: readonly ResourceTable[]) => Asking;

export interface ThreadLimits {
  /** Time for the whole, ms. */
  readonly deadlineMs: number;
  /** MiB of the worker's heap; it holds the names of what was sent and one object of the dump. */
  readonly heapMb: number;
}

const defaultThreadLimits: ThreadLimits = { deadlineMs: 120_000, heapMb: 256 };

/** Names handed over between two turns of the event loop. */
const batchNames = 2_000;

/** @param entry the worker's module; another one in tests. */
export function askInThread(
  question: Question,
  limits: ThreadLimits = defaultThreadLimits,
  entry: URL = new URL("./worker-entry.ts", import.meta.url),
): Ask {
  return (tables) => {
    let cancel = () => {};
    const outcome = new Promise<Outcome>((resolve) => {
      const worker = start(entry, question, limits);
      if (worker instanceof Error) return resolve(failed(worker.message));
      const deadline = setTimeout(
        () => end({ failure: "timeout", detail: `it took longer than ${limits.deadlineMs / 1000} s` }),
        limits.deadlineMs,
      );
      let ended = false;
      const end = (result: Outcome): void => {
        ended = true;
        clearTimeout(deadline);
        resolve(result);
        void worker.terminate();
      };
      cancel = () => end(failed("it was cancelled"));
      worker.on("message", (result: Outcome) => end(result));
      worker.on("messageerror", (error) => end(failed(error.message)));
      worker.on("error", (error: unknown) => end(failed(error instanceof Error ? error.message : String(error))));
      worker.on("exit", (code) => end(failed(`it ended with code ${code}`)));
      handOver(
        tables,
        (message) => worker.postMessage(message),
        () => ended,
      ).catch((error: unknown) => end(failed(String(error))));
    });
    return { outcome, cancel: () => cancel() };
  };
}

function start(entry: URL, question: Question, { heapMb }: ThreadLimits): Worker | Error {
  try {
    const worker = new Worker(entry, {
      name: "read-back",
      workerData: question,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    return worker;
  } catch (error) {
    // The system has no thread or memory left.
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** In parts, so that the event loop turns in between; the tables themselves never change. */
async function handOver(tables: readonly ResourceTable[], post: (message: ToWorker) => void, ended: () => boolean): Promise<void> {
  for (const table of tables) {
    const { type } = table;
    post({ type: "expect", resourceType: type, pairs: "" }); // also of an empty table: istiod may hold something
    let pairs: string[] = [];
    for (const { name, version } of table.entries()) {
      pairs.push(name, version);
      if (pairs.length < 2 * batchNames) continue;
      post({ type: "expect", resourceType: type, pairs: pairs.join("\n") });
      pairs = [];
      await turn();
      if (ended()) return;
    }
    if (pairs.length > 0) post({ type: "expect", resourceType: type, pairs: pairs.join("\n") });
  }
  post({ type: "ask" });
}

function failed(detail: string): Outcome {
  return { failure: "worker", detail };
}
