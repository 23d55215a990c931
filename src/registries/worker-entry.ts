/**
 * The first module of a registry's worker. It imports nothing heavy: how quickly a session
 * starts decides how quickly the first answer can be complete. A worker that was made ready
 * beforehand learns by a message what it is for.
 */
import { parentPort, workerData } from "node:worker_threads";
import { RunningSession } from "./running-session.ts";
import type { ToWorker, WorkerStart } from "./worker-messages.ts";

if (!parentPort) throw new Error("this module runs only in a registry's worker");
const port = parentPort;
let session: RunningSession | undefined;

async function begin(start: WorkerStart): Promise<void> {
  session = new RunningSession(start, { post: (message) => port.postMessage(message), close: () => port.close() });
  await session.run();
}

port.on("message", (message: ToWorker) => {
  if (message.type === "start") void begin(message.start);
  else session?.hear(message);
});
// Absent in a worker that was made ready beforehand.
if (workerData) await begin(workerData as WorkerStart);
