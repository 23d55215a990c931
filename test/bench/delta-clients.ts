/**
 * A thousand clients of delta at one server, each with a connection of its own, in a few processes:
 * what they cost, and how long a change takes to reach the last of them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { FleetProcess } from "./client/fleet-process.ts";
import { type Bench, type Figure, named, type Target } from "./figure.ts";
import { sharedNow } from "./measuring/clock.ts";
import { cpuSeconds } from "./measuring/process-usage.ts";
import { quantile } from "./measuring/quantile.ts";
import type { Usage } from "./program/timed-server-messages.ts";
import { TimedServerProcess } from "./program/timed-server-process.ts";

const instances = 10;
const processes = 4;
const changes = 100;
/** Least ms between two: longer than one takes. */
const pause = 300;
/** The server's start is over; also: what connecting left behind is done. In ms. */
const settle = 3_000;

export interface DeltaClientsOptions {
  readonly name: string;
  readonly services: number;
  readonly clients: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function deltaClients({ name, services, clients, targets }: DeltaClientsOptions): Bench {
  return named(name, targets, () => measure(services, clients));
}

async function measure(services: number, clients: number): Promise<Figure[]> {
  const server = await TimedServerProcess.start({ services, instances, xds: { maxStreams: clients + 10 } });
  const fleets = await Promise.all(Array.from({ length: processes }, () => FleetProcess.start()));
  try {
    const [port] = server.ports as [number];
    await warmUp(port);
    const alone = await server.usage();
    const connect = async (some: readonly FleetProcess[]) => {
      const begun = sharedNow();
      await Promise.all(some.map((fleet) => fleet.connect(port, clients / processes)));
      const ms = sharedNow() - begun;
      await sleep(settle);
      return { ms, ...(await server.usage()) };
    };
    const half = await connect(fleets.slice(0, processes / 2));
    const all = await connect(fleets.slice(processes / 2));

    const cpu = cpuSeconds(server.pid);
    const emittedAt = await server.change({ first: 0, count: changes, pause });
    await Promise.all(fleets.map((fleet) => fleet.until(changes, 10_000)));
    const cpuPerChange = ((cpuSeconds(server.pid) - cpu) * 1000) / changes;
    const after = await server.usage();

    const lags = emittedAt.map((at, marker) => Math.max(...fleets.map((fleet) => fleet.reached.get(marker)!)) - at);
    const perClient = (key: "resident" | "heap", grown: Usage) => ((grown[key] - alone[key]) * 1024) / clients;
    const further = ((all.resident - half.resident) * 1024) / (clients / 2);
    return [
      { name: "clients", value: clients, unit: "" },
      { name: "time until all hold the state", value: half.ms + all.ms, unit: "ms" },
      { name: `memory of one more, beyond ${clients / 2}`, value: further, unit: "KiB" },
      { name: "memory per client, resident", value: perClient("resident", all), unit: "KiB" },
      { name: `memory per client, resident, after ${changes} changes`, value: perClient("resident", after), unit: "KiB" },
      { name: "memory per client, heap and buffers", value: perClient("heap", after), unit: "KiB" },
      { name: "memory per client, heap and buffers, before the first change", value: perClient("heap", all), unit: "KiB" },
      { name: "encodings per change", value: (after.encoded - all.encoded) / changes, unit: "" },
      { name: "framings per change", value: (after.framed - all.framed) / changes, unit: "" },
      { name: "a change reaches all, p50", value: quantile(lags, 0.5), unit: "ms" },
      { name: `a change reaches all, p99 of ${changes}`, value: quantile(lags, 0.99), unit: "ms" },
      { name: "CPU per change", value: cpuPerChange, unit: "ms" },
    ];
  } finally {
    await Promise.all([server, ...fleets].map((process) => process.stop()));
  }
}

/** What the first clients leave behind (compiled code, buffers of the C library) is not counted as the others'. */
async function warmUp(port: number): Promise<void> {
  const fleet = await FleetProcess.start();
  await fleet.connect(port, 20);
  await fleet.stop();
  await sleep(settle);
}
