/**
 * An hour of 100 changes a second, as fast as it goes: what the supervisor would hand over goes
 * through catalog, publisher and snapshot, with a reader attached. Told is what memory it holds at
 * the end, compared with after the first tenth.
 *
 * A change moves an instance (a pod that came back with another address), or its weight; or a
 * service goes and another one, of a name never seen before, comes. So the state stays as large as
 * it was, while everything in it becomes new.
 */
import { configSchema } from "../../src/config/schema.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { type Item, itemId } from "../../src/registries/service.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import type { Figure } from "./figure.ts";

const changes = 360_000;
const services = 1_000;
const instances = 10;
/** Handed over in one turn of the event loop; then the publisher finishes. */
const batch = 50;
/** One change in so many replaces a whole service. */
const replacement = 20;

const registry = "zk";

interface Held {
  name: string;
  /** By instance, a number that its address is made from. */
  readonly addresses: number[];
  readonly weights: number[];
}

export async function run(): Promise<Figure[]> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error("needs --expose-gc");
  // A mass removal would be held: ten seconds here are many minutes of removals.
  const protection = { massRemovalEndpoints: Number.MAX_SAFE_INTEGER };
  const config = configSchema(kinds).parse({ registries: [{ id: registry, type: "zookeeper", servers: "127.0.0.1:1", protection }] });
  const pipeline = new Pipeline({ ...config, registries: [] } as never, silentLogger);
  const { catalog, store, publisher } = pipeline;
  catalog.setRegistries(config.registries as never);
  const reader = attachReader(pipeline);

  let fresh = 0;
  const held = Array.from({ length: services }, (): Held => {
    const service = newService(fresh, fresh * instances);
    fresh += 1;
    return service;
  });
  let address = services * instances;
  for (const service of held) upsert(service);
  catalog.listed(registry, new Set(held.map((service) => itemId(itemOf(service)))), Date.now());
  const now = Date.now();
  catalog.status(registry, { phase: "live", since: now, synced: true, lastContact: now, epoch: 1, restarts: 0 });
  await idle();

  const memory = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    gc();
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { heap: heapUsed / 2 ** 20, all: (heapUsed + arrayBuffers) / 2 ** 20 };
  };
  let early = await memory();
  const start = performance.now();
  for (let change = 0; change < changes; change += 1) {
    if (change === changes / 10) early = await memory();
    const index = (change * 7919) % services;
    const round = Math.floor(change / services);
    if (change % replacement === 0) {
      catalog.remove(registry, itemId(itemOf(held[index]!)), Date.now());
      held[index] = newService(fresh, address);
      fresh += 1;
      address += instances;
    } else if (change % 2 === 0) held[index]!.weights[round % instances] = 1 + (round % 100);
    else {
      held[index]!.addresses[round % instances] = address;
      address += 1;
    }
    upsert(held[index]!);
    if (change % batch === batch - 1) await idle();
  }
  const seconds = (performance.now() - start) / 1000;
  const late = await memory();
  const size = store.current().table("networking.istio.io/ServiceEntry").size;
  if (size !== services) throw new Error(`${size} services are served, not ${services}`);
  if (reader.publications < changes / batch) throw new Error(`only ${reader.publications} publications were seen`);
  await pipeline.stop();
  return [
    { name: "soak: heap after the first tenth", value: early.heap, unit: "MiB" },
    { name: "soak: heap at the end", value: late.heap, unit: "MiB" },
    { name: "soak: heap at the end / after the first tenth", value: late.heap / early.heap, unit: "x" },
    { name: "soak: heap and buffers at the end / after the first tenth", value: late.all / early.all, unit: "x" },
    { name: "soak: changes per second", value: changes / seconds, unit: "" },
  ];

  function upsert(service: Held): void {
    const item = itemOf(service);
    catalog.upsert(registry, itemId(item), JSON.stringify(item), Date.now());
  }

  async function idle(): Promise<void> {
    while (!publisher.isIdle()) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Does with every publication what a stream does: asks what changed, and holds the newest bytes until the next. */
function attachReader({ store }: Pipeline) {
  const reader = { publications: 0, inFlight: [] as readonly Uint8Array[], updated: 0 };
  let sequence = 0;
  store.subscribe((snapshot, types) => {
    reader.publications += 1;
    for (const type of types) {
      reader.updated += store.changesSince(type, sequence)?.updated.length ?? 0;
      reader.inFlight = snapshot.table(type).chunks();
    }
    sequence = snapshot.sequence;
  });
  return reader;
}

function newService(number: number, address: number): Held {
  return {
    name: `com.example.orders.api.OrderFacade${String(number).padStart(6, "0")}`,
    addresses: Array.from({ length: instances }, (_, instance) => address + instance),
    weights: Array.from({ length: instances }, () => 100),
  };
}

function itemOf({ name, addresses, weights }: Held): Item {
  return {
    kind: "service",
    service: {
      key: { name },
      instances: addresses.map((number, instance) => {
        const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
        return {
          id: `${address}:20880`,
          address,
          ports: [{ number: 20880, protocol: "dubbo" }],
          weight: weights[instance]!,
          labels: { application: "order-center", "dubbo.tag": "gray", zone: "eu-central-1a" },
        };
      }),
      annotations: { "dubbo.interface": name },
    },
  };
}
