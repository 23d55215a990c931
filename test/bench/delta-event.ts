/**
 * From the moment at which a registry's worker tells a change until a client of delta has it: the
 * part of the way that is ours alone. The registry is the bench's own, and so is its process; the
 * rooms between are the program's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ClientProcess } from "./client/client-process.ts";
import { type Bench, type BenchOptions, type Figure, named, type Target } from "./figure.ts";
import { median, quantile } from "./measuring/quantile.ts";
import { bareHops } from "./program/bare-hops.ts";
import { TimedServerProcess } from "./program/timed-server-process.ts";

const instances = 10;
const samples = 200;
/** Least ms between two. */
const pause = 20;
/** The server's start is over, in ms after the first answer. */
const settle = 3_000;

export interface DeltaEventOptions {
  readonly name: string;
  readonly services: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function deltaEvent({ name, services, targets }: DeltaEventOptions): Bench {
  return named(name, targets, (options) => measure(services, options));
}

async function measure(services: number, { runs, say }: BenchOptions): Promise<Figure[]> {
  const all: number[] = [];
  const bare: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const lags = await lagsOf(services);
    all.push(...lags);
    bare.push(...(await bareHops(samples, pause)));
    say(`run ${run}: p50 ${median(lags).toFixed(2)} ms, p99 ${quantile(lags, 0.99).toFixed(2)} ms`);
  }
  return [
    { name: "change event → delta, p50", value: quantile(all, 0.5), unit: "ms" },
    { name: "change event → delta, p99", value: quantile(all, 0.99), unit: "ms" },
    { name: "the same hops with nothing between, p50", value: quantile(bare, 0.5), unit: "ms" },
    { name: "the same hops with nothing between, p99", value: quantile(bare, 0.99), unit: "ms" },
    { name: "change event → delta, samples", value: all.length, unit: "" },
  ];
}

async function lagsOf(services: number): Promise<number[]> {
  const client = await ClientProcess.start("delta");
  const server = await TimedServerProcess.start({ services, instances });
  try {
    await client.connect(server.ports[0]!);
    await sleep(settle);
    const emittedAt = await server.change({ first: 0, count: samples, pause });
    await client.until("every change arrives", () => client.added.size === samples, 10_000);
    return emittedAt.map((at, marker) => client.added.get(marker)! - at);
  } finally {
    await Promise.all([client.stop(), server.stop()]);
  }
}
