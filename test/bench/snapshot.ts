/** What encoding and the table cost: an entry, the first load of 10,000 services × 10 endpoints, one change. */
import { create, toBinary } from "@bufbuild/protobuf";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { silentLogger } from "../../src/log/logger.ts";
import type { MeshObject } from "../../src/mesh/mesh-object.ts";
import { encodeObject } from "../../src/snapshot/encode.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const services = 10_000;
const batch = 500;
const runs = 5;

type ServiceEntryObject = Extract<MeshObject, { kind: "ServiceEntry" }>;

function service(index: number, weight = 100): ServiceEntryObject {
  const host = `com.example.orders.service${index}.dubbo`;
  const address = `${index >> 8}.${index & 255}`;
  return {
    kind: "ServiceEntry",
    namespace: "tributary",
    name: host,
    labels: { "tributary.dev/registry": "zookeeper" },
    annotations: {},
    spec: create(ServiceEntrySchema, {
      hosts: [host],
      addresses: [`241.0.${address}`],
      ports: [{ number: 20880, protocol: "TCP", name: "tcp-dubbo" }],
      location: 1,
      resolution: 1,
      exportTo: ["*"],
      endpoints: Array.from({ length: 10 }, (_, endpoint) => ({
        address: `10.${endpoint}.${address}`,
        ports: { "tcp-dubbo": 20880 },
        weight,
        labels: {
          application: "orders-app",
          "tributary.dev/registry": "zookeeper",
          "security.istio.io/tlsMode": "disabled",
          version: "1.0.0",
          group: "blue",
        },
      })),
    }),
  };
}

/** Median of several timings, in ms. */
function median(run: () => number): number {
  return Array.from({ length: runs }, run).sort((a, b) => a - b)[runs >> 1]!;
}

function elapsed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

export async function run(): Promise<Figure[]> {
  const objects = Array.from({ length: 1000 }, (_, index) => service(index));
  const encode = () => elapsed(() => objects.forEach((object) => void encodeObject(object, 0)));
  const protobufEs = () => elapsed(() => objects.forEach(({ spec }) => void toBinary(ServiceEntrySchema, spec)));
  const cold = encode();
  median(encode);
  median(protobufEs);

  let store = new SnapshotStore({ log: silentLogger });
  let encodeMs = 0;
  const publishMs = median(() => {
    store = new SnapshotStore({ log: silentLogger });
    encodeMs = 0;
    for (let first = 0; first < services; first += batch) {
      const part = Array.from({ length: batch }, (_, index) => service(first + index));
      encodeMs += elapsed(() => store.stage({ upserts: part.map((object) => encodeObject(object, 0)) }));
    }
    return elapsed(() => store.publish());
  });
  let weight = 100;
  const changeMs = median(() => {
    weight++;
    const changes = Array.from({ length: batch }, (_, index) => encodeObject(service((index * 7919) % services, weight), 0));
    return elapsed(() => changes.forEach((entry) => void store.publish({ upserts: [entry] })));
  });
  return [
    { name: "snapshot: encode and hash a 10-endpoint entry", value: median(encode), unit: "µs" },
    { name: "snapshot: the same, first 1000 of the process", value: cold, unit: "µs" },
    { name: "snapshot: protobuf-es, body alone, no hash", value: median(protobufEs), unit: "µs" },
    { name: "snapshot: encode and stage 10k entries", value: encodeMs, unit: "ms" },
    { name: "snapshot: publish 10k staged entries", value: publishMs, unit: "ms" },
    { name: "snapshot: publish one change among 10k", value: (changeMs / batch) * 1000, unit: "µs" },
    { name: "snapshot: chunks of 10k entries", value: store.current().table("networking.istio.io/ServiceEntry").chunks().length, unit: "" },
  ];
}

if (import.meta.main) {
  for (const { name, value, unit } of await run()) console.log(`${name}: ${value.toFixed(1)} ${unit}`);
}
