/** Changes at a steady rate, and what remains of them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientProcess } from "../client/client-process.ts";
import type { Figure } from "../figure.ts";
import { sharedNow } from "../measuring/clock.ts";
import { cpuSeconds, memory } from "../measuring/process-usage.ts";
import { quantile } from "../measuring/quantile.ts";
import type { ServerProcess } from "../program/server-process.ts";
import type { DubboTree } from "./dubbo-tree.ts";
import { endpointDigest } from "./endpoint-digest.ts";
import { steadyChanges } from "./steady-changes.ts";

export interface Load {
  readonly perSecond: number;
  readonly seconds: number;
  /** What comes before, in seconds: ZooKeeper, its writer and we compile our code. Of these changes only losses count. Default 0. */
  readonly warmUp?: number;
}

const usual: Load = { perSecond: 100, seconds: 30 };
const idleSeconds = 5;

/** What the figures' names begin with. */
export function nameOf({ perSecond, seconds }: Load): string {
  return `${perSecond} changes/s for ${seconds} s`;
}

export const loadName = nameOf(usual);
/** The server's start is over: caches are warm, the first garbage is collected. */
const settle = 3_000;

export async function sustain(
  tree: DubboTree,
  server: ServerProcess,
  client: ClientProcess,
  say: (line: string) => void,
  load = usual,
): Promise<Figure[]> {
  await client.connect(server.xdsPort);
  await sleep(settle);
  await server.loopDelay();
  const cpu = cpuSeconds(server.pid);
  const started = sharedNow();
  const pushesBefore = client.arrivals.length;
  const { perSecond, seconds, warmUp = 0 } = load;
  const { added, removed } = await steadyChanges(tree, { perSecond, seconds: seconds + warmUp });
  const cores = ((cpuSeconds(server.pid) - cpu) * 1000) / (sharedNow() - started);
  const loop = await server.loopDelay();

  await client.until("every change arrives", () => arrived(client, added, removed), 30_000).catch((error) => say(String(error)));
  const pushes = client.arrivals.length;
  await sleep(idleSeconds * 1000);
  const idlePushes = client.arrivals.length - pushes;
  const arrivals = lagsOf(added, client.added, started).length + lagsOf(removed, client.removed, started).length;
  const warm = started + warmUp * 1000;
  const [additions, removals] = [lagsOf(added, client.added, warm), lagsOf(removed, client.removed, warm)];
  const lags = [...additions, ...removals];
  const wrong = await difference(tree, client);
  const { resident, peak } = memory(server.pid);
  await tree.clear();

  const name = nameOf(load);
  return [
    { name: `${name}: lag p50`, value: quantile(lags, 0.5), unit: "ms" },
    { name: `${name}: lag p99`, value: quantile(lags, 0.99), unit: "ms" },
    { name: `${name}: lag p99 of additions`, value: quantile(additions, 0.99), unit: "ms" },
    { name: `${name}: lag p99 of removals`, value: quantile(removals, 0.99), unit: "ms" },
    { name: `${name}: CPU`, value: cores, unit: "cores" },
    { name: `${name}: event loop blocked, max`, value: loop.max, unit: "ms" },
    { name: `${name}: event loop blocked, p99.9`, value: loop.p999, unit: "ms" },
    { name: `${name}: event loop blocked, max with waits for a processor`, value: loop.maxWithWaits, unit: "ms" },
    { name: `${name}: pushes`, value: pushes - pushesBefore, unit: "" },
    { name: `${name}: lost`, value: added.size + removed.size - arrivals + wrong, unit: "" },
    { name: `${name}: pushes in ${idleSeconds} s of idleness`, value: idlePushes, unit: "" },
    { name: `${name}: resident after it`, value: resident, unit: "MiB" },
    { name: `${name}: resident, peak`, value: peak, unit: "MiB" },
  ];
}

function arrived(client: ClientProcess, added: Map<number, number>, removed: Map<number, number>): boolean {
  return added.keys().every((marker) => client.added.has(marker)) && removed.keys().every((marker) => client.removed.has(marker));
}

/** Of the changes since a time that arrived, in ms. */
function lagsOf(done: ReadonlyMap<number, number>, seen: ReadonlyMap<number, number>, since: number): number[] {
  return [...done].flatMap(([marker, at]) => {
    const seenAt = seen.get(marker);
    return seenAt === undefined || at < since ? [] : [seenAt - at];
  });
}

/** 0 if the client holds exactly what is registered; else how many endpoints it has too many or too few, at least 1. */
async function difference(tree: DubboTree, client: ClientProcess): Promise<number> {
  const expected = tree.endpoints();
  const { endpoints, digest } = await client.inspect();
  return digest === endpointDigest(expected) ? 0 : Math.max(1, Math.abs(endpoints - expected.length));
}
