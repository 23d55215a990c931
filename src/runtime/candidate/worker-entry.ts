/** Reads one candidate configuration in a thread of its own: whatever its text, the main thread goes on answering. */
import { parentPort, workerData } from "node:worker_threads";
import type { CandidateText } from "./candidate-messages.ts";
import { readCandidate } from "./read-candidate.ts";

parentPort?.postMessage(readCandidate(workerData as CandidateText));
