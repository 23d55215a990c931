/**
 * The whole way to a client that speaks delta: a real ZooKeeper, the program as its users start it,
 * and the client, each a process of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientProcess } from "./client/client-process.ts";
import { type Bench, type BenchOptions, type Figure, named, quantiles, type Target } from "./figure.ts";
import type { DubboTree } from "./load/dubbo-tree.ts";
import { check, singleChanges } from "./load/single-changes.ts";
import { sustain } from "./load/sustained-load.ts";
import { withDubbo, withServer } from "./load/with-dubbo.ts";
import { sharedNow } from "./measuring/clock.ts";
import { median, quantile } from "./measuring/quantile.ts";
import type { ServerProcess } from "./program/server-process.ts";

/** Single changes per run, of a server that has just started and of one whose code is compiled; see `docs/benchmarks.md`. */
const samples = 200;
/** What compiles it: changes that are not measured. */
const warmUp = 900;
/** Least ms between two just after the start. Later they follow each other within 0 to 20 ms: nothing paces them. */
const pause = 20;
/** The server's start is over, in ms after the first answer. */
const settle = 3_000;

interface Run {
  readonly early: readonly number[];
  readonly lags: readonly number[];
  readonly reconnect: Reconnect;
}

/** What a client that comes back and missed nothing is sent. */
interface Reconnect {
  readonly resources: number;
  readonly bytes: number;
  /** Until it knows that it missed nothing, in ms. */
  readonly ms: number;
}

export interface DeltaOptions {
  readonly name: string;
  readonly interfaces: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function delta({ name, interfaces, targets }: DeltaOptions): Bench {
  return named(name, targets, (options) => measure(interfaces, options));
}

function measure(interfaces: number, { runs, say }: BenchOptions): Promise<Figure[]> {
  return withDubbo(interfaces, say, async ({ tree, registries }) => {
    const all: Run[] = [];
    for (let run = 1; run <= runs; run += 1) {
      const measured = await withServer({ registries, protocol: "delta" }, (server, client) => single(tree, server, client));
      all.push(measured);
      say(`run ${run}: p50 ${median(measured.lags).toFixed(2)} ms, p99 ${quantile(measured.lags, 0.99).toFixed(2)} ms`);
    }
    const elsewhere = await withServer({ registries, protocol: "delta" }, async (server, client) => {
      await client.connect(server.xdsPort);
      return withServer({ registries }, (next) => reconnect(next, client));
    });
    const load = await withServer({ registries, protocol: "delta", probe: true }, (server, client) => sustain(tree, server, client, say));
    const lags = all.flatMap((run) => run.lags);
    const of = (key: keyof Reconnect) => Math.max(...all.map((run) => run.reconnect[key]));
    return [
      ...quantiles("change → delta", lags),
      { name: "change → delta, samples", value: lags.length, unit: "" },
      ...quantiles(
        "change → delta, just after a start",
        all.flatMap((run) => run.early),
      ),
      { name: "reconnect with versions: resources sent", value: of("resources"), unit: "" },
      { name: "reconnect with versions: bytes sent", value: of("bytes"), unit: "B" },
      { name: "reconnect with versions: time to the answer, max", value: of("ms"), unit: "ms" },
      { name: "reconnect to another process of ours: resources sent", value: elsewhere.resources, unit: "" },
      ...load,
    ];
  });
}

async function single(tree: DubboTree, server: ServerProcess, client: ClientProcess): Promise<Run> {
  await client.connect(server.xdsPort);
  await check(tree, client);
  await sleep(settle);
  const early = await singleChanges(tree, client, { count: samples, pause });
  await singleChanges(tree, client, { first: samples, count: warmUp, pause: 0 });
  const lags = await singleChanges(tree, client, { first: samples + warmUp, count: samples, pause: 0 });
  const again = await reconnect(server, client);
  await check(tree, client);
  return { early, lags, reconnect: again };
}

async function reconnect(server: ServerProcess, client: ClientProcess): Promise<Reconnect> {
  const left = sharedNow();
  const { resources, bytes, at } = await client.connect(server.xdsPort);
  return { resources, bytes, ms: at - left };
}
