/**
 * Last-known-good: what keeping the journal costs while a registry changes, and how soon a client
 * has everything after a restart while the registry is down. A real ZooKeeper, the program as its
 * users start it, and the client, each a process of its own.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../e2e/servers/eventually.ts";
import { type Bench, type BenchOptions, type Figure, named, type Target } from "./figure.ts";
import { check } from "./load/single-changes.ts";
import { type SteadyChanges, steadyChanges } from "./load/steady-changes.ts";
import { type Dubbo, withDubbo, withServer } from "./load/with-dubbo.ts";
import { sharedNow } from "./measuring/clock.ts";
import { mainThreadSeconds } from "./measuring/process-usage.ts";
import { median } from "./measuring/quantile.ts";

const usual: SteadyChanges = { perSecond: 100, seconds: 30 };
/** Until the journal was compacted: that needs as many bytes of changes as the state has. */
const flood = { perSecond: 400, seconds: 150 };
/** The server's start is over, in ms after the first answer. */
const settle = 3_000;

export interface LastKnownGoodOptions {
  readonly name: string;
  readonly interfaces: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function lastKnownGood({ name, interfaces, targets }: LastKnownGoodOptions): Bench {
  return named(name, targets, (options) =>
    withDubbo(interfaces, options.say, (dubbo) => inFolder((state) => measure(dubbo, state, options))),
  );
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "tributary-bench-state-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(dubbo: Dubbo, state: string, { runs, say }: BenchOptions): Promise<Figure[]> {
  const journal = path.join(state, "zk.journal");
  const without = await underLoad(dubbo, undefined);
  const kept = await underLoad(dubbo, state);
  say(`main thread: ${without.cpu.toFixed(3)} cores without a journal, ${kept.cpu.toFixed(3)} with one`);
  const compaction = await whileCompacting(dubbo, state, journal);
  const megabytes = statSync(journal).size / 1e6;
  await dubbo.zooKeeper.kill();
  const starts: number[] = [];
  const upgrades: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    starts.push(await start(dubbo, state));
    rmSync(path.join(state, "resources"));
    upgrades.push(await start(dubbo, state));
    say(`start ${run}: ${starts.at(-1)!.toFixed(0)} ms, with journals alone ${upgrades.at(-1)!.toFixed(0)} ms`);
  }
  return [
    { name: "registry down: process start → first answer", value: median(starts), unit: "ms" },
    { name: "registry down: process start → first answer, with journals alone", value: median(upgrades), unit: "ms" },
    { name: "size of the journal", value: megabytes, unit: "MB" },
    { name: "100 changes/s: CPU of the main thread", value: kept.cpu, unit: "cores" },
    { name: "100 changes/s: CPU of the main thread, no journal", value: without.cpu, unit: "cores" },
    { name: "100 changes/s: CPU of the main thread for the journal", value: kept.cpu - without.cpu, unit: "cores" },
    { name: "100 changes/s: event loop blocked, max", value: kept.blocked, unit: "ms" },
    { name: "100 changes/s: event loop blocked, max, no journal", value: without.blocked, unit: "ms" },
    { name: `${flood.perSecond} changes/s and a compaction: event loop blocked, max`, value: compaction.blocked, unit: "ms" },
    { name: "compaction: time", value: compaction.ms, unit: "ms" },
  ];
}

/** With a client of delta, whose answers cost little beside. */
function underLoad({ tree, registries }: Dubbo, state: string | undefined): Promise<{ readonly cpu: number; readonly blocked: number }> {
  const options = { registries, protocol: "delta", probe: true } as const;
  return withServer(state === undefined ? options : { ...options, state }, async (server, client) => {
    await client.connect(server.xdsPort);
    await sleep(settle);
    await server.loopDelay();
    const cpu = mainThreadSeconds(server.pid);
    await steadyChanges(tree, usual);
    const { max: blocked } = await server.loopDelay();
    const share = (mainThreadSeconds(server.pid) - cpu) / usual.seconds;
    await tree.clear();
    return { cpu: share, blocked };
  });
}

/** Changes come until the journal's file is another one. */
function whileCompacting({ tree, registries }: Dubbo, state: string, journal: string) {
  return withServer({ registries, state, protocol: "delta", probe: true }, async (server, client) => {
    await client.connect(server.xdsPort);
    await sleep(settle);
    const { ino } = statSync(journal);
    await server.loopDelay();
    let begun: number | undefined;
    let done: number | undefined;
    const isEnough = () => {
      if (begun === undefined && statSync(`${journal}.new`, { throwIfNoEntry: false })) begun = sharedNow();
      if (statSync(journal).ino !== ino) done = sharedNow();
      return done !== undefined;
    };
    await steadyChanges(tree, { ...flood, isEnough });
    if (begun === undefined || done === undefined) throw new Error(`the journal was not compacted within ${flood.seconds} s`);
    const { max: blocked } = await server.loopDelay();
    await tree.clear();
    // For half a minute after a restart a registry's removals are held.
    await eventually("removed providers leave", () => check(tree, client).then(() => true), { every: 1_000, within: 60_000 });
    return { blocked, ms: done - begun };
  });
}

/** @returns ms from the start of the process until a client of full state has the complete answer */
function start({ tree, registries }: Dubbo, state: string): Promise<number> {
  return withServer({ registries, state }, async (server, client) => {
    const { at } = await client.connect(server.xdsPort);
    await check(tree, client);
    return at - server.startedAt;
  });
}
