/** Has a candidate configuration read in a thread of its own. */
import { Worker } from "node:worker_threads";
import { CandidateErrors } from "../../admin/state-diff.ts";
import type { CandidateText, ReadCandidate } from "./candidate-messages.ts";

const entry = new URL("./worker-entry.ts", import.meta.url);
/** Time for the largest configuration on a busy machine, in ms. */
const patience = 20_000;

/** @throws CandidateErrors; the signal's reason */
export async function parseCandidate(candidate: CandidateText, signal: AbortSignal): Promise<Extract<ReadCandidate, { config: unknown }>> {
  const worker = new Worker(entry, { name: "candidate", workerData: candidate, resourceLimits: { maxOldGenerationSizeMb: 192 } });
  try {
    const read = await answerOf(worker, signal);
    if ("errors" in read) throw new CandidateErrors(read.errors);
    return read;
  } finally {
    void worker.terminate();
  }
}

function answerOf(worker: Worker, signal: AbortSignal): Promise<ReadCandidate> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CandidateErrors("the configuration could not be read in time")), patience);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    worker.once("message", resolve);
    worker.once("error", (error) => reject(new CandidateErrors(`the configuration cannot be read: ${error.message}`)));
    worker.once("exit", () => {
      clearTimeout(timer);
      reject(new CandidateErrors("the configuration cannot be read"));
    });
  });
}
