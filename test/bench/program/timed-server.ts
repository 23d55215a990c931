/**
 * The rooms of the program from a registry's worker to the xDS port, around a registry of its own
 * (`timed-session.ts`), in a process of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import { configSchema } from "../../../src/config/schema.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { kinds } from "../../../src/registries/kinds.ts";
import { Pipeline } from "../../../src/runtime/pipeline.ts";
import { XdsServer } from "../../../src/xds/server.ts";
import { memory } from "../measuring/process-usage.ts";
import { encodeCounts } from "./encode-counts.ts";
import type { FromTimedServer, TimedServerOptions, ToTimedServer, Usage } from "./timed-server-messages.ts";
import type { EmittedAt, TimedSettings } from "./timed-session.ts";

const { services, instances, xds } = JSON.parse(process.argv[2]!) as TimedServerOptions;
/** Named as a Dubbo registry's services are. */
const registries = [{ id: "timed", type: "zookeeper", servers: "127.0.0.1:1" }];
const config = configSchema(kinds).parse({ registries, xds: { ...xds, initialSync: { istiodPorts: [], istiodHttpPorts: [] } } });

const tell = (message: FromTimedServer) => process.send?.(message);

const channel = new BroadcastChannel("timed");
channel.onmessage = (event) => tell({ type: "changed", emittedAt: (event as { data: EmittedAt }).data });

const pipeline = new Pipeline({ ...config, registries: [] } as never, silentLogger);
pipeline.catalog.setRegistries(config.registries as never);
const settings: TimedSettings = { channel: "timed", services, instances };
pipeline.supervisor.add({ id: "timed", session: new URL("./timed-session.ts", import.meta.url), settings });

const server = new XdsServer({
  source: pipeline.store,
  settings: { ...config.xds, port: 0 },
  completeness: pipeline.completeness,
  log: silentLogger,
  identity: "tributary/bench",
});
const { ports } = await server.listen();
pipeline.completeness.whenComplete(() => tell({ type: "listening", ports }));

process.on("message", (message: ToTimedServer) => {
  if (message.type === "change") channel.postMessage(message);
  else void usage().then((used) => tell({ type: "usage", ...used }));
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit());

async function usage(): Promise<Usage> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await sleep(100);
  }
  const { heapUsed, external } = process.memoryUsage();
  return { resident: memory(process.pid).resident, heap: (heapUsed + external) / 2 ** 20, ...encodeCounts() };
}
