/**
 * One good registry beside one that crashes every second, one that hangs, one that leaks, and one that floods with 10,000
 * changes a second: how long its own changes take until a client of delta has them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { behaviours } from "../support/bad-session.ts";
import { ClientProcess } from "./client/client-process.ts";
import { type Bench, type BenchOptions, type Figure, named, quantiles, type Target } from "./figure.ts";
import { quantile } from "./measuring/quantile.ts";
import { TimedServerProcess } from "./program/timed-server-process.ts";

const instances = 10;
const samples = 600;
/** Least ms between two. */
const pause = 20;
/** By then the hanging one was found out once, in ms. */
const settle = 12_000;

export interface BadNeighboursOptions {
  readonly name: string;
  /** Of the good registry. */
  readonly services: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function badNeighbours({ name, services, targets }: BadNeighboursOptions): Bench {
  return named(name, targets, (options) => measure(services, options));
}

async function measure(services: number, { say }: BenchOptions): Promise<Figure[]> {
  const client = await ClientProcess.start("delta");
  const server = await TimedServerProcess.start({ services, instances, neighbours: behaviours });
  try {
    await client.connect(server.ports[0]!);
    await sleep(settle);
    const before = await server.usage();
    const emittedAt = await server.change({ first: 0, count: samples, pause });
    await sleep(1_000);
    const after = await server.usage();
    const lags = emittedAt.flatMap((at, marker) => {
      const arrived = client.added.get(marker);
      return arrived === undefined ? [] : [arrived - at];
    });
    say(`p50 ${quantile(lags, 0.5).toFixed(2)} ms, p99 ${quantile(lags, 0.99).toFixed(2)} ms, max ${Math.max(...lags).toFixed(2)} ms`);
    return [
      ...quantiles("change event → delta", lags),
      { name: "change event → delta, max", value: Math.max(...lags), unit: "ms" },
      { name: "changes lost", value: samples - lags.length, unit: "" },
      { name: "resident meanwhile", value: after.resident, unit: "MiB" },
      { name: "resident: end / begin", value: after.resident / before.resident, unit: "x" },
    ];
  } finally {
    await Promise.all([client.stop(), server.stop()]);
  }
}
