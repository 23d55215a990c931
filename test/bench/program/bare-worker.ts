/** Tells its main thread a text every now and then, with the time at which it did. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { sharedNow } from "../measuring/clock.ts";

/** As long as a service with 10 instances. */
const text = "x".repeat(3_000);
const { count, pause } = workerData as { readonly count: number; readonly pause: number };

for (let marker = 0; marker < count; marker += 1) {
  await sleep(pause + Math.random() * 20);
  parentPort!.postMessage({ marker, at: sharedNow(), text });
}
