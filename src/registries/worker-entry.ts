/**
 * The first module of a registry's worker. It imports nothing heavy: how quickly a session
 * starts decides how quickly the first answer can be complete.
 */
import { getHeapStatistics } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import { collectGarbage } from "./collect-garbage.ts";
import type { Session, StartSession } from "./contract.ts";
import { relayLogger } from "./relay-logger.ts";
import { WorkerEmitter } from "./worker-emitter.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

if (!parentPort) throw new Error("this module runs only in a registry's worker");
const port = parentPort;
const { registry, session: module, settings, known: knownAtStart, worker } = workerData as WorkerStart;
const post = (message: FromWorker): void => port.postMessage(message);
const log = relayLogger(post, worker.logLevel);
const emitter = new WorkerEmitter(post, log);

const beat = (): void => {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  post({ type: "beat", heap, external });
};
const heart = setInterval(beat, worker.beatMs);

let session: Session | undefined;
let closing = false;
const known = Promise.withResolvers<readonly string[]>();
if (knownAtStart !== undefined) known.resolve(knownAtStart);

port.on("message", (message: ToWorker) => {
  switch (message.type) {
    case "ack":
      emitter.acknowledged();
      break;
    case "known":
      known.resolve(message.ids);
      break;
    case "relist":
      session?.relist();
      break;
    case "collect":
      collectGarbage();
      break;
    case "close":
      void close();
      break;
  }
});

async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  emitter.close();
  await session?.close();
  clearInterval(heart);
  post({ type: "closed" });
  port.close();
}

const [{ start }, ids] = await Promise.all([import(module) as Promise<{ start: StartSession }>, known.promise]);
if (!closing) {
  session = start({ registry, settings, known: ids, emit: emitter, log });
  post({ type: "started" });
}
