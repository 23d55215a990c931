/**
 * The whole way, with every part a process of its own: a real ZooKeeper, the program as its users
 * start it, and a client that asks as istiod does. It is filled once; every run starts the program
 * anew.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ZooKeeper } from "../e2e/servers/zookeeper.ts";
import { ClientProcess } from "./client-process.ts";
import { DubboTree } from "./dubbo-tree.ts";
import { endpointDigest } from "./endpoint-digest.ts";
import type { Bench, BenchOptions, Figure, Target } from "./figure.ts";
import { memory } from "./process-usage.ts";
import { median, quantile } from "./quantile.ts";
import { ServerProcess } from "./server-process.ts";
import { sustain } from "./sustained-load.ts";

const providers = 10;
/** Single changes per run. */
const samples = 30;
/** MiB; 140,000 nodes with long names do not fit into the usual one. */
const zooKeeperHeap = 1_536;
/** Memory is looked at this long after the first answer, in ms. */
const settle = 3_000;

export interface SpineOptions {
  readonly name: string;
  readonly interfaces: number;
  /** Also 100 changes a second. */
  readonly sustained: boolean;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

interface Run {
  readonly firstAnswer: number;
  readonly megabytes: number;
  readonly resident: number;
  readonly peak: number;
  readonly lags: readonly number[];
}

export function spine({ name, interfaces, sustained, targets }: SpineOptions): Bench {
  const full = (figure: string) => `${name}: ${figure}`;
  return {
    name,
    targets: Object.fromEntries(Object.entries(targets).map(([figure, target]) => [full(figure), target])),
    async run(options) {
      const figures = await measure(interfaces, sustained, options);
      return figures.map((figure) => ({ ...figure, name: full(figure.name) }));
    },
  };
}

async function measure(interfaces: number, sustained: boolean, { runs, say }: BenchOptions): Promise<Figure[]> {
  const zooKeeper = await ZooKeeper.start({ heap: zooKeeperHeap });
  try {
    const tree = await DubboTree.load(zooKeeper.address, interfaces, providers);
    say(`${interfaces} × ${providers} providers in ZooKeeper, names of ${tree.nameLength} bytes`);
    const registries = [{ id: "zk", type: "zookeeper", servers: zooKeeper.address }];
    const all: Run[] = [];
    for (let run = 1; run <= runs; run += 1) {
      const measured = await withServer({ registries }, (server, client) => single(tree, server, client));
      all.push(measured);
      say(
        `run ${run}: ${measured.firstAnswer.toFixed(0)} ms, ${measured.resident.toFixed(0)} MiB, p50 ${median(measured.lags).toFixed(1)} ms`,
      );
    }
    const of = (key: "firstAnswer" | "megabytes" | "resident" | "peak") => median(all.map((run) => run[key]));
    const lags = all.flatMap((run) => run.lags);
    const load = sustained ? await withServer({ registries, probe: true }, (server, client) => sustain(tree, server, client, say)) : [];
    tree.close();
    return [
      { name: "process start → first answer", value: of("firstAnswer"), unit: "ms" },
      { name: "size of a full state", value: of("megabytes"), unit: "MB" },
      { name: "resident, settled", value: of("resident"), unit: "MiB" },
      { name: "resident, peak", value: of("peak"), unit: "MiB" },
      { name: "change → full state, p50", value: median(all.map((run) => median(run.lags))), unit: "ms" },
      { name: `change → full state, p99 of ${lags.length}`, value: quantile(lags, 0.99), unit: "ms" },
      ...load,
    ];
  } finally {
    await zooKeeper.stop();
  }
}

async function withServer<T>(
  options: Parameters<typeof ServerProcess.start>[0],
  use: (server: ServerProcess, client: ClientProcess) => Promise<T>,
): Promise<T> {
  const client = await ClientProcess.start();
  const server = await ServerProcess.start(options);
  try {
    return await use(server, client);
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : error}; the server ${server.alive ? "runs" : "ended"}: ${server.output()}`,
      {
        cause: error,
      },
    );
  } finally {
    await Promise.all([client.stop(), server.stop()]);
  }
}

/** From the start to the first answer; its memory; and changes one at a time, each when the one before is done. */
async function single(tree: DubboTree, server: ServerProcess, client: ClientProcess): Promise<Run> {
  const first = await client.connect(server.xdsPort);
  await check(tree, client);
  await sleep(settle);
  const { resident, peak } = memory(server.pid);
  const megabytes = first.bytes / 1e6;
  // A little longer than a push is paced, and out of step with every other timer.
  const pause = () => sleep(25 * megabytes * 1.1 + 50 + Math.random() * 20);
  const lags: number[] = [];
  for (let marker = 0; marker < samples; marker += 1) {
    await pause();
    const created = await tree.add(marker);
    await client.until(`provider ${marker} arrives`, () => client.added.has(marker), 10_000);
    lags.push(client.added.get(marker)! - created);
  }
  await clear(tree, client);
  return { firstAnswer: first.at - server.startedAt, megabytes, resident, peak, lags };
}

/** Leaves the tree as it was loaded. */
async function clear(tree: DubboTree, client: ClientProcess): Promise<void> {
  const { markers } = tree;
  await Promise.all(markers.map((marker) => tree.remove(marker)));
  await client.until("removed providers leave", () => markers.every((marker) => client.removed.has(marker)), 10_000);
  await check(tree, client);
}

/** @throws Error unless the client holds exactly what is registered */
export async function check(tree: DubboTree, client: ClientProcess): Promise<void> {
  const expected = tree.endpoints();
  const { services, endpoints, digest } = await client.inspect();
  if (services === tree.interfaces && endpoints === expected.length && digest === endpointDigest(expected)) return;
  throw new Error(
    `the client holds ${services} services with ${endpoints} endpoints; registered: ${tree.interfaces} with ${expected.length}` +
      (endpoints === expected.length ? ", others" : ""),
  );
}
