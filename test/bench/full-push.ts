/**
 * What one full-state push of 10,000 services × 10 endpoints costs, by four ways to the same client
 * in a process of its own: encoding all messages anew, grpc-js sending one ready buffer, and the two
 * ways of `src/xds/send.ts`. One run of each in turn, medians over the rounds.
 */
import { fork } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { DiscoveryResponseSchema } from "../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { ResourceSchema } from "../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";
import { type ServiceEntry, ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { encodeObject } from "../../src/snapshot/encode.ts";
import type { TypeKey } from "../../src/snapshot/snapshot.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";
import { discoveryService } from "../../src/xds/port/discovery-service.ts";
import { bufferedSender, type Sender, senderFor } from "../../src/xds/port/send.ts";
import { XdsServer } from "../../src/xds/port/server.ts";
import { encodeHead } from "../../src/xds/response.ts";
import { silentObserver } from "../../src/xds/stream/observer.ts";
import { xdsSettings } from "../support/xds-rig.ts";

const services = 10_000;
const rounds = 7;
const type: TypeKey = "networking.istio.io/ServiceEntry";
const typeUrl = "networking.istio.io/v1/ServiceEntry";

type Call = ServerDuplexStream<Buffer, Buffer>;
interface Cost {
  /** Push started → acknowledgement received. */
  readonly ms: number;
  /** User and system, of the server's process, in the same time. */
  readonly cpuMs: number;
  /** Longest time in which the event loop served nothing else. */
  readonly blockMs: number;
}
/** Pushes once to its client and resolves with the acknowledgement. */
interface Way {
  readonly name: string;
  push(): Promise<void>;
  close(): Promise<void>;
}

function spec(index: number, weight: number): ServiceEntry {
  const address = `${index >> 8}.${index & 255}`;
  return create(ServiceEntrySchema, {
    hosts: [`com.example.orders.service${index}.dubbo`],
    addresses: [`241.0.${address}`],
    ports: [{ number: 20880, protocol: "TCP", name: "tcp-dubbo" }],
    location: 1,
    resolution: 1,
    exportTo: ["*"],
    endpoints: Array.from({ length: 10 }, (_, endpoint) => ({
      address: `10.${endpoint}.${address}`,
      ports: { "tcp-dubbo": 20880 },
      weight,
      labels: { application: "orders-app", "tributary.dev/registry": "zookeeper", version: "1.0.0", group: "blue", zone: "zone-a" },
    })),
  });
}

function encoded(index: number, weight = 100) {
  const name = `service-${index}`;
  return encodeObject({ kind: "ServiceEntry", namespace: "tributary", name, labels: {}, annotations: {}, spec: spec(index, weight) }, 0);
}

/** The server itself; a push is caused by changing one service. */
async function tributary(name: string, store: SnapshotStore, sender: (call: Call) => Sender): Promise<Way> {
  let acknowledged = () => {};
  const first = new Promise<void>((resolve) => {
    acknowledged = resolve;
  });
  const server = new XdsServer({
    source: store,
    settings: { ...xdsSettings, pacing: { ...xdsSettings.pacing, perMegabyte: 0 } },
    completeness: { isComplete: () => true, whenComplete: () => () => {} },
    log: silentLogger,
    identity: "tributary/bench",
    observer: { ...silentObserver, onAck: () => acknowledged() },
    sender,
  });
  const { port } = await server.listen();
  const client = startClient(port);
  await first;
  let weight = 100;
  return {
    name,
    async push() {
      await new Promise<void>((resolve) => {
        acknowledged = resolve;
        weight += 1;
        store.publish({ upserts: [encoded(weight % services, weight)] });
      });
    },
    async close() {
      client.kill();
      await server.close();
    },
  };
}

/** grpc-js alone, with a message made by `message`. */
async function plain(name: string, message: () => Buffer): Promise<Way> {
  const server = new Server({ "grpc.max_send_message_length": -1, "grpc.enable_channelz": 0 });
  let call: Call | undefined;
  let received = () => {};
  const first = new Promise<void>((resolve) => {
    received = resolve;
  });
  server.addService(discoveryService, {
    StreamAggregatedResources: (opened: Call) => {
      call = opened;
      call.on("data", () => received());
      call.on("error", () => {});
    },
    DeltaAggregatedResources: (opened: Call) => opened.end(),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const client = startClient(port);
  await first;
  return {
    name,
    async push() {
      await new Promise<void>((resolve) => {
        received = resolve;
        call!.write(message());
      });
    },
    async close() {
      client.kill();
      server.forceShutdown();
    },
  };
}

function startClient(port: number) {
  return fork(new URL("./client/push-client.ts", import.meta.url), [`127.0.0.1:${port}`], { stdio: "inherit" });
}

async function measure(way: Way): Promise<Cost> {
  // Pacing lets the next push go as late after an acknowledgement as that took.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  globalThis.gc?.();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, 10)); // it measures from its second tick on
  const cpu = process.cpuUsage();
  const start = performance.now();
  await way.push();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  await new Promise((resolve) => setTimeout(resolve, 10));
  delay.disable();
  return { ms, cpuMs: (user + system) / 1000, blockMs: delay.max / 1e6 };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

export async function run(): Promise<{ name: string; value: number; unit: string }[]> {
  const head = { version: "1", typeUrl, nonce: "n", controlPlane: "tributary/bench" };
  const stores = [0, 1].map(() => new SnapshotStore({ log: silentLogger }));
  for (const store of stores) store.publish({ upserts: Array.from({ length: services }, (_, index) => encoded(index)) });
  const table = stores[0]!.current().table(type);
  const ready = Buffer.concat([encodeHead(head), ...table.chunks()]);
  const messages = Array.from({ length: services }, (_, index) => ({
    metadata: { name: `tributary/service-${index}` },
    spec: spec(index, 100),
  }));
  const reencode = () => {
    const resources = messages.map(({ metadata, spec }) =>
      anyPack(ResourceSchema, create(ResourceSchema, { metadata, body: anyPack(ServiceEntrySchema, spec) })),
    );
    const { version: versionInfo, nonce } = head;
    const { buffer, byteOffset, byteLength } = toBinary(
      DiscoveryResponseSchema,
      create(DiscoveryResponseSchema, { versionInfo, typeUrl, nonce, resources }),
    );
    // The client looks for the nonce before the resources.
    return Buffer.concat([encodeHead(head), Buffer.from(buffer, byteOffset, byteLength)]);
  };
  if (fromBinary(DiscoveryResponseSchema, ready).resources.length !== services) throw new Error("the ready buffer is not a whole response");

  const ways = [
    await plain("encode anew", reencode),
    await plain("plain buffer", () => ready),
    await tributary("buffered", stores[0]!, bufferedSender),
    await tributary("piecewise", stores[1]!, senderFor),
  ];
  const costs = new Map<Way, Cost[]>(ways.map((way) => [way, []]));
  for (let round = -1; round < rounds; round += 1) {
    // There and back, so that no way always runs on what the same one left behind.
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const cost = await measure(way);
      if (round >= 0) costs.get(way)!.push(cost);
    }
  }
  await Promise.all(ways.map((way) => way.close()));

  const figure = (index: number, key: keyof Cost) => median(costs.get(ways[index]!)!.map((cost) => cost[key]));
  return [
    { name: "full push: size", value: ready.byteLength / 1e6, unit: "MB" },
    ...ways.flatMap(({ name }, index) => [
      { name: `full push, ${name}: time to ack`, value: figure(index, "ms"), unit: "ms" },
      { name: `full push, ${name}: CPU`, value: figure(index, "cpuMs"), unit: "ms" },
      { name: `full push, ${name}: event loop blocked`, value: figure(index, "blockMs"), unit: "ms" },
    ]),
    { name: "full push: CPU of encoding anew / of a push", value: figure(0, "cpuMs") / figure(3, "cpuMs"), unit: "x" },
    { name: "full push: time / time of a plain buffer", value: figure(3, "ms") / figure(1, "ms"), unit: "x" },
  ];
}

if (import.meta.main) {
  for (const { name, value, unit } of await run()) console.log(`${name}: ${value.toFixed(2)} ${unit}`);
}
