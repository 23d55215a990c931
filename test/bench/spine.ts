/**
 * The whole way, with every part a process of its own: a real ZooKeeper, the program as its users
 * start it, and a client that asks as istiod does. ZooKeeper is filled once; every run starts the
 * program anew.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientProcess } from "./client/client-process.ts";
import { type Bench, type BenchOptions, type Figure, named, type Target } from "./figure.ts";
import type { DubboTree } from "./load/dubbo-tree.ts";
import { check, singleChanges } from "./load/single-changes.ts";
import { sustain } from "./load/sustained-load.ts";
import { withDubbo, withServer } from "./load/with-dubbo.ts";
import { memory } from "./measuring/process-usage.ts";
import { median, quantile } from "./measuring/quantile.ts";
import type { ServerProcess } from "./program/server-process.ts";

/** Single changes per run. */
const samples = 30;
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

export interface Run {
  readonly firstAnswer: number;
  readonly megabytes: number;
  readonly resident: number;
  readonly peak: number;
  readonly lags: readonly number[];
}

export function spine({ name, interfaces, sustained, targets }: SpineOptions): Bench {
  return named(name, targets, (options) => measure(interfaces, sustained, options));
}

function measure(interfaces: number, sustained: boolean, { runs, say }: BenchOptions): Promise<Figure[]> {
  return withDubbo(interfaces, say, async ({ tree, registries }) => {
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
    return [
      { name: "process start → first answer", value: of("firstAnswer"), unit: "ms" },
      { name: "size of a full state", value: of("megabytes"), unit: "MB" },
      { name: "resident, settled", value: of("resident"), unit: "MiB" },
      { name: "resident, peak", value: of("peak"), unit: "MiB" },
      { name: "change → full state, p50", value: median(all.map((run) => median(run.lags))), unit: "ms" },
      { name: `change → full state, p99 of ${lags.length}`, value: quantile(lags, 0.99), unit: "ms" },
      ...load,
    ];
  });
}

/** From the start to the first answer; its memory; and changes one at a time. */
export async function single(tree: DubboTree, server: ServerProcess, client: ClientProcess): Promise<Run> {
  const first = await client.connect(server.xdsPort);
  await check(tree, client);
  await sleep(settle);
  const { resident, peak } = memory(server.pid);
  const megabytes = first.bytes / 1e6;
  // A little longer than a push is paced.
  const lags = await singleChanges(tree, client, { count: samples, pause: 25 * megabytes * 1.1 + 50 });
  return { firstAnswer: first.at - server.startedAt, megabytes, resident, peak, lags };
}
