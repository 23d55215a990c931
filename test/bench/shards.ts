/** What a change makes a server of several shards send, to clients of full state at all its ports, beside a server of one. */
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../e2e/servers/eventually.ts";
import { ClientProcess } from "./client/client-process.ts";
import { type Bench, type Figure, named, type Target } from "./figure.ts";
import { TimedServerProcess } from "./program/timed-server-process.ts";

const instances = 10;
const changes = 40;
/** Of a change, in ms: longer than a push of everything is paced, so that no two share one. */
const gap = 700;

export interface ShardsOptions {
  readonly name: string;
  readonly services: number;
  readonly shards: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function shards({ name, services, shards, targets }: ShardsOptions): Bench {
  return named(name, targets, async (): Promise<Figure[]> => {
    const whole = await bytesPerChange(services, 1);
    const divided = await bytesPerChange(services, shards);
    return [
      { name: "1 shard: sent per change", value: whole / 1e6, unit: "MB" },
      { name: `${shards} shards: sent per change`, value: divided / 1e6, unit: "MB" },
      { name: `${shards} shards / 1 shard`, value: divided / whole, unit: "x" },
    ];
  });
}

async function bytesPerChange(services: number, shards: number): Promise<number> {
  const server = await TimedServerProcess.start({ services, instances, xds: { shards } });
  const clients = await Promise.all(server.ports.map(() => ClientProcess.start()));
  try {
    await Promise.all(clients.map((client, shard) => client.connect(server.ports[shard]!)));
    await sleep(gap);
    await server.change({ first: 0, count: changes, pause: gap });
    const arrived = () => clients.reduce((sum, { added }) => sum + added.size, 0);
    await eventually("every change arrives", () => arrived() === changes, { every: 20, within: 10_000 });
    const pushes = clients.flatMap(({ arrivals }) => arrivals.slice(1));
    if (pushes.length !== changes) throw new Error(`${pushes.length} pushes for ${changes} changes`);
    return pushes.reduce((sum, { bytes }) => sum + bytes, 0) / changes;
  } finally {
    await Promise.all([server, ...clients].map((process) => process.stop()));
  }
}
