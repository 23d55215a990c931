/**
 * A program: registers and removes providers as fast as a ZooKeeper takes them, until it is ended, and
 * says every second how many changes that were. In a process of its own, because it slows whoever runs it.
 *
 *     node flood.ts HOST:PORT,HOST:PORT
 */
import { DubboWriter } from "../servers/dubbo-writer.ts";

/** Changes on their way at a time. */
const parallel = 64;

const writer = await DubboWriter.connect(process.argv[2]!);
let changes = 0;
setInterval(() => {
  console.log(changes);
  changes = 0;
}, 1_000);

async function floodOne(at: number): Promise<never> {
  for (let round = 0; ; round++) {
    const provider = { interface: `com.acme.Flood${at}Facade`, host: `10.34.${at}.${round & 255}`, port: 20880 };
    await writer.register(provider);
    await writer.unregister(provider);
    changes += 2;
  }
}

await Promise.all(Array.from({ length: parallel }, (_, at) => floodOne(at)));
