/**
 * Five registries of 100,000 endpoints each, half of which all of them name, become one: what that costs the main thread, and
 * what is held in memory for an endpoint that is served, beside its bytes. What workers would send is handed over directly, in
 * batches, as it arrives.
 */
import { setImmediate as turn } from "node:timers/promises";
import { configSchema } from "../../src/config/schema.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { type Item, itemId } from "../../src/registries/service.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import type { Figure } from "./figure.ts";
import { quantile } from "./measuring/quantile.ts";

const registries = ["one", "two", "three", "four", "five"];
const instances = 10;
/** Of a registry's endpoints of a service, those that all registries name. */
const shared = 5;
/** Items in one message of a worker. */
const batch = 500;
/** Changes that are measured, behind some that only make the code warm. */
const changes = 1_000;
const warmUp = 300;
/** Until texts are packed, in ms after the first merge. */
const settle = 2_000;
/** Of one service. */
const merged = shared + registries.length * (instances - shared);

interface Measured {
  readonly firstMerge: number;
  readonly firstMergeCpu: number;
  readonly allCpu: number;
  readonly memory: number;
  readonly bytes: number;
  readonly changes: readonly number[];
}

export async function run(): Promise<Figure[]> {
  // What a change costs must not grow with what does not change.
  const small = await measure(1_000);
  const large = await measure(10_000);
  const p50 = quantile(large.changes, 0.5);
  return [
    { name: "merge-5x100k: from the last batch to the first merge", value: large.firstMerge, unit: "ms" },
    { name: "merge-5x100k: CPU of the same", value: large.firstMergeCpu, unit: "ms" },
    { name: "merge-5x100k: CPU of everything until then", value: large.allCpu, unit: "ms" },
    { name: "merge-5x100k: memory per merged endpoint, beside its bytes", value: large.memory, unit: "B" },
    { name: "merge-5x100k: bytes per merged endpoint", value: large.bytes, unit: "B" },
    { name: "merge-5x100k: one change, p50", value: p50, unit: "ms" },
    { name: "merge-5x100k: one change, p99", value: quantile(large.changes, 0.99), unit: "ms" },
    { name: "merge-5x100k: one change / among a tenth of the services", value: p50 / quantile(small.changes, 0.5), unit: "x" },
  ];
}

/** @param services in each registry, a multiple of the batch */
async function measure(services: number): Promise<Measured> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("needs --expose-gc");
  const config = configSchema(kinds).parse({
    registries: registries.map((id) => ({ id, type: "zookeeper", servers: "127.0.0.1:1" })),
    merging: { rules: [{ hosts: ["*.service*"], policy: "union" }] },
  });
  const pipeline = new Pipeline({ ...config, registries: [] } as never, silentLogger);
  const { catalog, store, publisher } = pipeline;
  const idle = () =>
    new Promise<void>((resolve) => {
      const stop = publisher.onIdle(() => {
        stop();
        resolve();
      });
      publisher.schedule();
    });
  await idle();
  const inUse = () => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const empty = inUse();

  catalog.setRegistries(config.registries as never);
  const ids = new Set(Array.from({ length: services }, (_, at) => itemId(item(0, at, 100))));
  const begun = process.cpuUsage();
  for (let first = 0; first < services; first += batch) {
    for (const [number, registry] of registries.entries()) {
      for (let at = first; at < first + batch; at++) put(registry, item(number, at, 100));
      await turn();
    }
  }
  const arrived = performance.now();
  const arrivedCpu = process.cpuUsage();
  const now = Date.now();
  for (const registry of registries) {
    catalog.listed(registry, ids, now);
    catalog.status(registry, { phase: "live", since: now, synced: true, lastContact: now, epoch: 1, restarts: 0 });
  }
  await idle();
  const firstMerge = performance.now() - arrived;
  const firstMergeCpu = cpu(arrivedCpu);
  const allCpu = cpu(begun);
  const table = store.current().table("networking.istio.io/ServiceEntry");
  if (table.size !== services) throw new Error(`${table.size} services are served`);

  await new Promise((resolve) => setTimeout(resolve, settle));
  const memory = (inUse() - empty - table.byteLength) / (services * merged);
  const times: number[] = [];
  for (let change = 0; change < warmUp + changes; change++) {
    const next = item(change % registries.length, (change * 7_919) % services, 101 + change);
    const text = JSON.stringify(next);
    await turn();
    const start = performance.now();
    catalog.upsert(registries[change % registries.length]!, itemId(next), text, Date.now());
    await idle();
    if (change >= warmUp) times.push(performance.now() - start);
  }
  await pipeline.stop();
  return { firstMerge, firstMergeCpu, allCpu, memory, bytes: table.byteLength / (services * merged), changes: times };

  function put(registry: string, one: Item): void {
    catalog.upsert(registry, itemId(one), JSON.stringify(one), Date.now());
  }
}

/** ms of all threads since then. */
function cpu(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
}

/** A service as a registry of Dubbo tells it. */
function item(registry: number, at: number, weight: number): Item {
  const name = `com.example.orders.Service${at}`;
  const members = Array.from({ length: instances }, (_, nth) => {
    const address = `10.${nth < shared ? nth : 10 + registry * instances + nth}.${at >> 8}.${at & 255}`;
    const id = `dubbo://${address}:20880`;
    return {
      id,
      address,
      ports: [{ number: 20880, protocol: "dubbo" }],
      weight: nth === 0 ? weight : 100,
      labels: { application: "orders" },
    };
  });
  return { kind: "service", service: { key: { name }, instances: members, annotations: { "dubbo.interface": name } } };
}

if (import.meta.main) for (const { name, value, unit } of await run()) console.log(`${name}: ${value.toFixed(2)} ${unit}`);
