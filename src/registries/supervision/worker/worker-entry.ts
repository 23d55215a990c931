/**
 * The first module of a worker. It imports nothing heavy: how quickly a session starts decides how
 * quickly the first answer can be complete. A worker that was made ready beforehand learns by a
 * message what it is for.
 */
import { parentPort, workerData } from "node:worker_threads";
import { giveWay } from "../give-way.ts";
import type { ToWorker, WorkerStart } from "../worker-messages.ts";
import type { WorkerSessions as Sessions } from "./worker-sessions.ts";

if (!parentPort) throw new Error("this module runs only in a registry's worker");
const port = parentPort;
// Absent in a worker that was made ready beforehand.
const first = workerData as WorkerStart | null;
// Before the rest is loaded, which is most of the work of one that crashes again and again.
if (first?.worker.givesWay) giveWay();
const { WorkerSessions } = await import("./worker-sessions.ts");
let sessions: Sessions | undefined;

async function begin(start: WorkerStart): Promise<void> {
  sessions = new WorkerSessions(start.worker, (message) => port.postMessage(message));
  await Promise.all(start.sessions.map((session) => sessions?.open(session)));
}

port.on("message", (message: ToWorker) => {
  if (message.type === "start") void begin(message.start);
  else sessions?.hear(message);
});
if (first) await begin(first);
