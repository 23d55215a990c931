/**
 * A large Eureka registry: what a poll costs the thread that serves xDS, and what it moves while little changes. The server
 * is the fake one, in a process of its own, so that its work is nobody else's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bench, type BenchOptions, type Figure, named, type Target } from "./figure.ts";
import { EurekaProcess } from "./load/eureka-process.ts";
import { withServer } from "./load/with-dubbo.ts";

/** ms over which polls are watched. */
const watched = 12_000;
/** ms after the first answer until what starting left behind is collected. */
const settle = 3_000;

export interface EurekaBenchOptions {
  readonly name: string;
  readonly apps: number;
  readonly instancesPerApp: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function eureka({ name, apps, instancesPerApp, targets }: EurekaBenchOptions): Bench {
  return named(name, targets, ({ say }) => measure(apps, instancesPerApp, say));
}

async function measure(apps: number, instancesPerApp: number, say: BenchOptions["say"]): Promise<Figure[]> {
  const server = await EurekaProcess.start(apps, instancesPerApp);
  try {
    say(`${apps} × ${instancesPerApp} instances`);
    const full = await watch(server, { pollInterval: "1s", fullInterval: "1s" });
    say(`${full.fulls} full copies of ${full.bytesPerPoll.toFixed(0)} kB in ${watched / 1_000} s`);
    const delta = await watch(server, { pollInterval: "1s" });
    return [
      { name: "process start → first answer", value: full.firstAnswer, unit: "ms" },
      { name: "polls of full copies: event loop blocked, max", value: full.blocked, unit: "ms" },
      { name: "size of a full copy, compressed", value: full.bytesPerPoll, unit: "kB" },
      { name: "steady state: event loop blocked, max", value: delta.blocked, unit: "ms" },
      { name: "steady state: moved per poll", value: delta.bytesPerPoll, unit: "kB" },
      { name: "steady state: full copies", value: delta.fulls, unit: "" },
    ];
  } finally {
    await server.stop();
  }
}

interface Watched {
  readonly firstAnswer: number;
  readonly blocked: number;
  readonly fulls: number;
  /** Of a full copy, or else of what a poll moves. kB */
  readonly bytesPerPoll: number;
}

function watch(eureka: EurekaProcess, intervals: Readonly<Record<string, string>>): Promise<Watched> {
  const registry = { id: "eu", type: "eureka", servers: eureka.url, ...intervals };
  return withServer({ registries: [registry], probe: true }, async (server, client) => {
    const first = await client.connect(server.xdsPort);
    await sleep(settle);
    await server.loopDelay();
    await eureka.heard();
    await sleep(watched);
    const { max } = await server.loopDelay();
    const { fulls, fullBytes, deltas, deltaBytes } = await eureka.heard();
    return {
      firstAnswer: first.at - server.startedAt,
      blocked: max,
      fulls,
      bytesPerPoll: (fulls > 0 ? fullBytes / fulls : deltaBytes / Math.max(1, deltas)) / 1_000,
    };
  });
}
