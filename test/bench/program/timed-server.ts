/**
 * The program around a registry of the bench's own (`timed-session.ts`): everything from the registry's
 * worker to the ports is what `serve` runs.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import { loadConfig } from "../../../src/config/load.ts";
import { silentLogger as log } from "../../../src/log/logger.ts";
import { collectGarbage } from "../../../src/registries/supervision/collect-garbage.ts";
import { configOptions } from "../../../src/runtime/config-options.ts";
import { LiveConfig } from "../../../src/runtime/live-config.ts";
import { startRegistries } from "../../../src/runtime/started-registries.ts";
import { Tributary } from "../../../src/runtime/tributary.ts";
import { type Behaviour, badSession, behaviours } from "../../support/bad-session.ts";
import { otherEnd } from "../measuring/other-end.ts";
import { memory } from "../measuring/process-usage.ts";
import { encodeCounts } from "./encode-counts.ts";
import type { FromTimedServer, ToTimedServer, Usage } from "./timed-server-messages.ts";
import type { EmittedAt, TimedSettings } from "./timed-session.ts";

const [, , file, services, instances] = process.argv;
const tell = otherEnd<ToTimedServer, FromTimedServer>((message) => {
  if (message.type === "change") channel.postMessage(message);
  else void usage().then((used) => tell({ type: "usage", ...used }));
});

const channel = new BroadcastChannel("timed");
channel.onmessage = (event) => tell({ type: "changed", emittedAt: (event as { data: EmittedAt }).data });

const loaded = loadConfig(file!, configOptions);
const live = new LiveConfig(loaded, { parse: configOptions, log });
// With bad neighbours, they are to be bad all the time: after a crash they come back soon.
const hasNeighbours = loaded.config.registries.length > 1;
const started = startRegistries(loaded.config, log, undefined, hasNeighbours ? { backOff: { firstMs: 100, mostMs: 200 } } : {});
const settings: TimedSettings = { channel: "timed", services: Number(services), instances: Number(instances) };
const session = new URL("./timed-session.ts", import.meta.url);
/** ms */
const badEvery: Readonly<Record<Behaviour, number>> = { crashing: 1_000, hanging: 100, leaking: 100, flooding: 5 };
// In the place of the kind's own session, which has hardly begun.
for (const { id } of loaded.config.registries) {
  const behaviour = behaviours.find((one) => one === id);
  const spec =
    behaviour === undefined ? { session, settings } : { session: badSession, settings: { behaviour, every: badEvery[behaviour] } };
  started.supervisor.replace({ id, ...spec });
}
const tributary = new Tributary(live, { started, log, version: "bench" });
const { xds } = await tributary.listen();
tributary.pipeline.completeness.whenComplete(() => tell({ type: "listening", ports: xds.ports }));

async function usage(): Promise<Usage> {
  const { resident: uncollected } = memory(process.pid);
  collectGarbage();
  // Buffers are freed a moment later, by another thread.
  await sleep(100);
  const { heapUsed, external } = process.memoryUsage();
  return { uncollected, resident: memory(process.pid).resident, heap: (heapUsed + external) / 2 ** 20, ...encodeCounts() };
}
