/**
 * The first module of a worker. It imports nothing heavy: how quickly a session starts decides how
 * quickly the first answer can be complete. A worker that was made ready beforehand learns by a
 * message what it is for.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerStart } from "../worker-messages.ts";
import { BusyWatch, processorTime } from "./busy-watch.ts";
import { giveWay } from "./give-way.ts";
import type { WorkerSessions as Sessions } from "./worker-sessions.ts";

if (!parentPort) throw new Error("this module runs only in a registry's worker");
const port = parentPort;
// Absent in a worker that was made ready beforehand.
const first = workerData as WorkerStart | null;
// Before the rest is loaded, which is most of the work of one that crashes again and again.
if (first?.worker.givesWay) giveWay();
const { WorkerSessions } = await import("./worker-sessions.ts");
let sessions: Sessions | undefined;
/** Absent until the first listing, which is as urgent as anything. */
let watch: BusyWatch | undefined;

async function begin(start: WorkerStart): Promise<void> {
  sessions = new WorkerSessions(start.worker, (message) => {
    port.postMessage(message);
    lookAfter(message);
  });
  await Promise.all(start.sessions.map((session) => sessions?.open(session)));
}

function lookAfter(message: FromWorker): void {
  if (message.type === "beat" && watch?.look(performance.now(), processorTime())) giveWay();
  if (message.type === "said" && message.word.type === "batch" && message.word.commit) {
    watch ??= new BusyWatch(performance.now(), processorTime());
  }
}

port.on("message", (message: ToWorker) => {
  if (message.type === "start") void begin(message.start);
  else sessions?.hear(message);
});
if (first) await begin(first);
