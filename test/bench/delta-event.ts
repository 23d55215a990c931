/**
 * From the moment at which a registry's worker tells a change until a client of delta has it: the
 * part of the way that is ours alone. The registry is the bench's own, and so is its process; the
 * rooms between are the program's.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ClientProcess } from "./client/client-process.ts";
import { type Bench, type BenchOptions, type Figure, named, quantiles, type Target } from "./figure.ts";
import { median, quantile } from "./measuring/quantile.ts";
import { bareHops } from "./program/bare-hops.ts";
import { TimedServerProcess } from "./program/timed-server-process.ts";

const instances = 10;
/** Changes of one phase of a run that are measured; see `docs/benchmarks.md` for the phases. */
const samples = 200;
/** What compiles the server's code: changes that are not measured. */
const warmUp = 800;
/** Least ms between two where the server is to be quiet before each. Else they follow each other within 0 to 20 ms. */
const quiet = 20;
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

interface Lags {
  readonly early: readonly number[];
  readonly busy: readonly number[];
  readonly quiet: readonly number[];
}

async function measure(services: number, { runs, say }: BenchOptions): Promise<Figure[]> {
  const all: Lags[] = [];
  const bare: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const lags = await lagsOf(services);
    all.push(lags);
    bare.push(...(await bareHops(samples, quiet)));
    say(`run ${run}: p50 ${median(lags.busy).toFixed(2)} ms, p99 ${quantile(lags.busy, 0.99).toFixed(2)} ms`);
  }
  const of = (key: keyof Lags) => all.flatMap((lags) => lags[key]);
  return [
    ...quantiles("change event → delta", of("busy")),
    ...quantiles("change event → delta, after 20 to 40 ms of quiet", of("quiet")),
    ...quantiles("change event → delta, just after a start", of("early")),
    ...quantiles("the same hops with nothing between, after 20 to 40 ms of quiet", bare),
    { name: "change event → delta, samples", value: of("busy").length, unit: "" },
  ];
}

async function lagsOf(services: number): Promise<Lags> {
  const client = await ClientProcess.start("delta");
  const server = await TimedServerProcess.start({ services, instances });
  let first = 0;
  const change = async (count: number, pause: number) => {
    const from = first;
    first += count;
    const emittedAt = await server.change({ first: from, count, pause });
    await client.until("every change arrives", () => client.added.size === first, 10_000);
    return emittedAt.map((at, index) => client.added.get(from + index)! - at);
  };
  try {
    await client.connect(server.ports[0]!);
    await sleep(settle);
    const early = await change(samples, quiet);
    await change(warmUp, 0);
    return { early, busy: await change(samples, 0), quiet: await change(samples, quiet) };
  } finally {
    await Promise.all([client.stop(), server.stop()]);
  }
}
