/**
 * A program: registers and removes providers, a thousand changes a second, until it is ended, and says
 * every second how many changes that were. In a process of its own, because it slows whoever runs it.
 *
 *     node flood.ts HOST:PORT,HOST:PORT
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DubboWriter } from "../servers/dubbo-writer.ts";

/** Providers that come and go; each is two changes. */
const parallel = 50;
/** ms of one coming and going */
const round = 100;

const writer = await DubboWriter.connect(process.argv[2]!);
let changes = 0;
setInterval(() => {
  console.log(changes);
  changes = 0;
}, 1_000);

async function comeAndGo(at: number): Promise<never> {
  const provider = { interface: `com.acme.Flood${at}Facade`, host: `10.34.0.${at}`, port: 20880 };
  await sleep(Math.random() * round);
  for (;;) {
    const pause = sleep(round);
    await writer.register(provider);
    await writer.unregister(provider);
    changes += 2;
    await pause;
  }
}

await Promise.all(Array.from({ length: parallel }, (_, at) => comeAndGo(at)));
