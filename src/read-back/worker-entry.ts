/** The worker of one read-back: takes what was sent, asks istiod, compares, answers, ends. */
import { parentPort, workerData } from "node:worker_threads";
import type { TypeKey } from "../snapshot/snapshot.ts";
import { askPorts } from "./ask-ports.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

if (!parentPort) throw new Error("this module runs only in the worker of a read-back");
const port = parentPort;
const expected = new Map<TypeKey, Map<string, string>>();

port.on("message", (message: ToWorker) => {
  if (message.type === "expect") expect(message.resourceType, message.pairs);
  else void answer();
});

function expect(type: TypeKey, pairs: string): void {
  const names = expected.get(type) ?? new Map<string, string>();
  expected.set(type, names);
  const parts = pairs.split("\n");
  for (let at = 0; at + 1 < parts.length; at += 2) names.set(parts[at]!, parts[at + 1]!);
}

async function answer(): Promise<void> {
  const outcome: FromWorker = await askPorts(workerData as WorkerStart, expected);
  port.postMessage(outcome);
  port.close();
}
