import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ResourceSchema } from "../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";
import {
  type ServiceEntry,
  ServiceEntrySchema,
  SidecarSchema,
  WorkloadEntrySchema,
} from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { MeshObject } from "../../src/mesh/mesh-object.ts";
import { encodeObject } from "../../src/snapshot/encode.ts";
import { decodeDiscoveryResponse } from "../support/google-protobuf-decoder.ts";
import { meshObject, plain, schemas, withKeyOrder } from "./arbitraries.ts";

const orders: MeshObject = {
  kind: "ServiceEntry",
  namespace: "tributary",
  name: "com.example.orders.dubbo",
  labels: { registry: "zk" },
  annotations: { "tributary.io/exact-name": "com.example.Orders" },
  spec: create(ServiceEntrySchema, {
    hosts: ["com.example.orders.dubbo"],
    addresses: ["241.7.8.9"],
    ports: [{ number: 20880, protocol: "TCP", name: "tcp-dubbo" }],
    location: 1,
    resolution: 1,
    exportTo: ["*"],
    endpoints: [
      { address: "10.0.0.1", ports: { "tcp-dubbo": 20880 }, labels: { app: "orders", version: "1.0.0" }, weight: 100 },
      { address: "10.0.0.2", ports: { "tcp-dubbo": 20881 }, labels: { app: "orders", version: "1.0.1" }, weight: 200 },
    ],
  }),
};
const entryOf = (change: Partial<MeshObject>) => encodeObject({ ...orders, ...change } as MeshObject, 0);
const specOf = (change: object) => entryOf({ spec: create(ServiceEntrySchema, { ...(plain(orders.spec) as object), ...change }) } as never);

describe("encoded objects", () => {
  it("carry, byte for byte, the body that protobuf-es writes from sorted maps", () => {
    fc.assert(
      fc.property(meshObject, (object) => {
        const { body } = encodeObject(object, 0);
        const sorted = withKeyOrder(object.spec, (keys) => keys.sort());
        assert.deepEqual(Buffer.from(body), Buffer.from(toBinary(schemas[object.kind], sorted as never)));
      }),
      { numRuns: 500 },
    );
  });

  it("do not depend on whether equal labels are one object, also where the buffer had to grow", () => {
    const endpoints = (labels: (index: number) => Record<string, string>) =>
      Array.from({ length: 2_000 }, (_, index) => ({ address: `10.0.${index >> 8}.${index & 255}`, labels: labels(index) }));
    const one = { app: "orders", version: "1.0.0" };
    const other = { app: "orders", version: "2.0.0" };
    const shared = specOf({ endpoints: endpoints((index) => (index % 3 === 0 ? other : one)) });
    const separate = specOf({ endpoints: endpoints((index) => ({ ...(index % 3 === 0 ? other : one) })) });
    assert.equal(shared.version, separate.version);
    assert.deepEqual(
      decodeDiscoveryResponse(shared.framed).resources.map(({ body }) => body),
      decodeDiscoveryResponse(separate.framed).resources.map(({ body }) => body),
    );
  });

  it("are read by an independent decoder as what went in", () => {
    fc.assert(
      fc.property(meshObject, (object) => {
        const entry = encodeObject(object, 0);
        const { body, ...decoded } = decodeDiscoveryResponse(entry.framed).resources[0]!;
        assert.deepEqual(decoded, {
          name: `${object.namespace}/${object.name}`,
          version: entry.version,
          createTime: Date.UTC(2100, 0, 1) / 1000,
          labels: object.labels,
          annotations: object.annotations,
          kind: object.kind,
          spec: plain(object.spec),
        });
        assert.deepEqual(Buffer.from(body), Buffer.from(entry.body));
      }),
      { numRuns: 500 },
    );
  });

  it("have a body that is a view into the frame", () => {
    const { framed, body, type, name, seenAt } = encodeObject(orders, 42);
    assert.deepEqual([type, name, seenAt], ["networking.istio.io/ServiceEntry", "tributary/com.example.orders.dubbo", 42]);
    assert.equal(body.buffer, framed.buffer);
    assert.equal(body.byteOffset + body.length, framed.byteOffset + framed.length);
  });

  it("stay as they are whatever is encoded after them, and take few allocations", () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `orders-${i}`);
    const entries = names.map((name) => encodeObject({ ...orders, name }, 0));
    const copies = entries.map(({ framed }) => Buffer.from(framed));
    const again = names.map((name) => entryOf({ name }));
    entries.forEach(({ framed, version }, i) => {
      assert.ok(copies[i]!.equals(framed) && copies[i]!.equals(again[i]!.framed));
      assert.equal(version, again[i]!.version);
    });
    const bytes = entries.reduce((sum, { framed }) => sum + framed.length, 0);
    const slabs = new Set(entries.map(({ framed }) => framed.buffer));
    assert.ok(bytes > 2 ** 20 && slabs.size <= bytes / 2 ** 20 + 2, `${bytes} bytes in ${slabs.size} slabs`);
  });

  it("grow far beyond the writer's buffer, and the next one is right again", () => {
    const endpoints = Array.from({ length: 30_000 }, (_, i) => ({
      address: `10.1.${i >> 8}.${i & 255}`,
      labels: { zone: "ü".repeat(30) },
    }));
    const before = entryOf({}).version;
    const huge = specOf({ endpoints });
    assert.ok(huge.framed.length > 2_000_000);
    const spec = decodeDiscoveryResponse(huge.framed).resources[0]!.spec as { endpoints: { address: string }[] };
    assert.equal(spec.endpoints.length, 30_000);
    assert.equal(spec.endpoints[29_999]!.address, "10.1.117.47");
    assert.equal(entryOf({}).version, before);
  });

  it("refuse a number that the field cannot hold, and the next object is not touched by it", () => {
    const before = entryOf({}).version;
    for (const weight of [-1, 1.5, 2 ** 32, Number.NaN]) {
      assert.throws(() => specOf({ endpoints: [create(WorkloadEntrySchema, { address: "10.0.0.1", weight })] }), {
        name: "RangeError",
        message: /^ServiceEntry tributary\/com\.example\.orders\.dubbo: field 6: .* is not an unsigned 32-bit number$/,
      });
    }
    assert.equal(entryOf({}).version, before);
  });
});

describe("versions", () => {
  it("do not depend on the order in which maps were filled", () => {
    fc.assert(
      fc.property(meshObject, (object) => {
        const { version } = encodeObject(object, 0);
        assert.equal(
          encodeObject(
            withKeyOrder(object, (keys) => keys.reverse()),
            1,
          ).version,
          version,
        );
        assert.equal(
          encodeObject(
            withKeyOrder(object, (keys) => keys.sort()),
            2,
          ).version,
          version,
        );
      }),
    );
  });

  it("do not depend on integer-like keys either, which JavaScript moves to the front", () => {
    const labels = { b: "1", "10": "2", a: "3", "9": "4" };
    const reversed = withKeyOrder(labels, (keys) => keys.reverse());
    assert.equal(entryOf({ labels }).version, entryOf({ labels: reversed }).version);
    assert.deepEqual(decodeDiscoveryResponse(entryOf({ labels }).framed).resources[0]!.labels, labels);
  });

  it("differ when anything that matters differs", () => {
    const endpoints = (orders.spec as { endpoints: object[] }).endpoints;
    const variants = [
      entryOf({}),
      entryOf({ namespace: "other" }),
      entryOf({ name: "other" }),
      entryOf({ labels: {} }),
      entryOf({ labels: { registry: "zk2" } }),
      entryOf({ labels: {}, annotations: { ...orders.annotations, registry: "zk" } }),
      entryOf({ annotations: {} }),
      specOf({ hosts: ["other"] }),
      specOf({ hosts: [], addresses: ["com.example.orders.dubbo", "241.7.8.9"] }),
      specOf({ addresses: [] }),
      specOf({ ports: [] }),
      specOf({ location: 0 }),
      specOf({ resolution: 2 }),
      specOf({ exportTo: ["."] }),
      specOf({ subjectAltNames: ["spiffe://x"] }),
      specOf({ workloadSelector: { labels: {} } }),
      specOf({ endpoints: [] }),
      specOf({ endpoints: endpoints.toReversed() }),
      ...[
        { weight: 101 },
        { address: "10.0.0.3" },
        { ports: {} },
        { labels: {} },
        { network: "n" },
        { locality: "r/z" },
        { serviceAccount: "s" },
      ].map((change) => specOf({ endpoints: [{ ...endpoints[0], ...change }, endpoints[1]] })),
      encodeObject({ ...orders, kind: "WorkloadEntry", spec: create(WorkloadEntrySchema) }, 0),
      encodeObject({ ...orders, kind: "Sidecar", spec: create(SidecarSchema) }, 0),
    ].map((entry) => entry.version);
    assert.equal(new Set(variants).size, variants.length);
  });

  it("are the SHA-256 of the resource with the version blank, cut to 24 digits", () => {
    const resource = create(ResourceSchema, {
      metadata: {
        name: "tributary/com.example.orders.dubbo",
        createTime: { seconds: BigInt(Date.UTC(2100, 0, 1) / 1000) },
        version: "0".repeat(24),
        labels: orders.labels,
        annotations: orders.annotations,
      },
      body: {
        typeUrl: "type.googleapis.com/istio.networking.v1alpha3.ServiceEntry",
        value: toBinary(ServiceEntrySchema, orders.spec as ServiceEntry),
      },
    });
    assert.equal(encodeObject(orders, 0).version, hash("sha256", toBinary(ResourceSchema, resource)).slice(0, 24));
  });

  it("stay what they are over releases", () => {
    // A promise: if one of these changes, every user's istiod processes every object again at the upgrade.
    const sidecar: MeshObject = {
      kind: "Sidecar",
      namespace: "shop",
      name: "checkout",
      labels: {},
      annotations: {},
      spec: create(SidecarSchema, {
        workloadSelector: { labels: { app: "checkout", track: "canary" } },
        egress: [{ hosts: ["./*", "tributary/*"] }],
      }),
    };
    assert.deepEqual([entryOf({}).version, encodeObject(sidecar, 0).version], ["6300f5f845cd86eaca1cd90a", "a6da680f1a3a77adf8851f6f"]);
  });
});
