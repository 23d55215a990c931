/** istio-mcp's incremental dialect: everything first, then what changed, and who gets it at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ServiceEntrySchema, WorkloadEntrySchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { type EncodedObject, encodeObject } from "../../../src/snapshot/encode.ts";
import type { TypeKey } from "../../../src/snapshot/snapshot.ts";
import { dialectOf } from "../../../src/xds/dialect.ts";
import { LargeAnswers } from "../../../src/xds/stream/large-answers.ts";
import { IncrementalPeer } from "../../support/incremental-peer.ts";
import { StreamRig, type StreamRigOptions } from "../../support/stream-rig.ts";
import { istiodNode, XdsProbe } from "../../support/xds-probe.ts";
import { serviceEntries, serviceEntry, startXds } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const workloadUrl = "networking.istio.io/v1/WorkloadEntry";
const workloadEntries: TypeKey = "networking.istio.io/WorkloadEntry";
const meshConfig = "core/v1alpha1/MeshConfig";

function workloadEntry(name: string, revision = 1): EncodedObject {
  const spec = create(WorkloadEntrySchema, { address: `10.0.0.${revision}` });
  return encodeObject({ kind: "WorkloadEntry", namespace: "tributary", name, labels: {}, annotations: {}, spec }, 0);
}

function revised(name: string, revision: string): EncodedObject {
  const spec = create(ServiceEntrySchema, { hosts: [`${name}.dubbo`] });
  const labels: Record<string, string> = revision ? { "istio.io/rev": revision } : {};
  return encodeObject({ kind: "ServiceEntry", namespace: "tributary", name, labels, annotations: {}, spec }, 0);
}

const removal = (name: string, type: TypeKey = serviceEntries) => ({ type, name: `tributary/${name}` });

function rigWith(upserts: readonly EncodedObject[], options: StreamRigOptions = {}, node: Record<string, string> = {}) {
  const rig = new StreamRig(options);
  rig.store.publish({ upserts });
  return { rig, peer: new IncrementalPeer(rig.aggregated("incremental"), node) };
}

test("a type's first answer is everything, then only what changed, and what is gone has no body", () => {
  const { rig, peer } = rigWith([serviceEntry("a"), serviceEntry("b"), serviceEntry("c")]);
  peer.ask(typeUrl, "2026-11-21 02:55:18 +0000 UTC m=+0.2");
  assert.deepEqual(
    peer.readAll().map(({ resources }) => resources.length),
    [3],
  );
  rig.store.publish({ upserts: [serviceEntry("b", 2), serviceEntry("d")], removals: [removal("a")] });
  assert.deepEqual(
    peer.readAll().map(({ resources }) => resources.length),
    [3],
  );
  assert.deepEqual(peer.told.slice(3), ["ServiceEntry tributary/b", "ServiceEntry tributary/d", "-ServiceEntry tributary/a"]);
  assert.deepEqual([...peer.held("ServiceEntry").keys()].sort(), ["tributary/b", "tributary/c", "tributary/d"]);
});

test("a type that is not ours is answered empty, once, with a nonce", () => {
  const { peer } = rigWith([]);
  for (const url of ["networking.istio.io/v1/Gateway", typeUrl]) peer.ask(url);
  assert.deepEqual(
    peer.readAll().map(({ typeUrl, resources }) => [typeUrl, resources.length]),
    [
      ["networking.istio.io/v1/Gateway", 0],
      [typeUrl, 0],
    ],
  );
  peer.send({ typeUrl: "networking.istio.io/v1/Gateway", responseNonce: "an unknown one" });
  assert.deepEqual(peer.readAll(), []);
});

test("answers do not wait for acknowledgements, and a late one counts", () => {
  const { rig, peer } = rigWith([serviceEntry("a")]);
  peer.ask(typeUrl);
  for (let revision = 2; revision < 6; revision++) {
    assert.ok(peer.read());
    rig.store.publish({ upserts: [serviceEntry("a", revision)] });
  }
  assert.ok(peer.read());
  for (let index = 0; index < 5; index++) peer.acknowledge();
  assert.equal(peer.read(), undefined);
  assert.equal(rig.observer.acks.length, 5);
});

test("a WorkloadEntry comes before the ServiceEntry that selects it, and leaves after it", () => {
  const { rig, peer } = rigWith([]);
  for (const url of [typeUrl, workloadUrl]) peer.ask(url);
  peer.readAll();
  rig.store.publish({ upserts: [serviceEntry("s"), workloadEntry("w"), workloadEntry("old")] });
  peer.readAll();
  assert.deepEqual(peer.told, ["WorkloadEntry tributary/old", "WorkloadEntry tributary/w", "ServiceEntry tributary/s"]);
  peer.told.length = 0;
  rig.store.publish({ upserts: [serviceEntry("s", 2), workloadEntry("w", 2)], removals: [removal("old", workloadEntries)] });
  peer.readAll();
  assert.deepEqual(peer.told, ["WorkloadEntry tributary/w", "ServiceEntry tributary/s", "-WorkloadEntry tributary/old"]);
  peer.told.length = 0;
  rig.store.publish({ removals: [removal("w", workloadEntries), removal("s")] });
  peer.readAll();
  assert.deepEqual(peer.told, ["-ServiceEntry tributary/s", "-WorkloadEntry tributary/w"]);
});

test("a client gets what is for its revisions, and loses what is not any more", () => {
  const { rig, peer } = rigWith(
    [revised("all", ""), revised("mine", "canary"), revised("theirs", "stable")],
    {},
    { ISTIO_REVISION: "canary, next" },
  );
  peer.ask(typeUrl);
  const [first] = peer.readAll();
  assert.equal(first?.resources.length, 2);
  rig.store.publish({ upserts: [revised("mine", "stable"), revised("theirs", "next")], removals: [removal("all")] });
  peer.readAll();
  assert.deepEqual([...peer.held("ServiceEntry").keys()], ["tributary/theirs"]);
});

test("a client that says no revision gets all", () => {
  const { peer } = rigWith([revised("all", ""), revised("theirs", "stable")]);
  peer.ask(typeUrl);
  peer.readAll();
  assert.equal(peer.held("ServiceEntry").size, 2);
});

test("an incomplete view is nobody's first answer", () => {
  for (const node of [{ GENERATOR: "api" }, { GENERATOR: "" }] as Record<string, string>[]) {
    const { rig, peer } = rigWith([serviceEntry("a")], { complete: false }, node);
    peer.ask(typeUrl);
    peer.ask("networking.istio.io/v1/Gateway");
    assert.deepEqual(
      peer.readAll().map(({ typeUrl }) => typeUrl),
      ["networking.istio.io/v1/Gateway"],
    );
    rig.completeness.complete();
    assert.deepEqual(
      peer.readAll().map(({ typeUrl }) => typeUrl),
      [typeUrl],
    );
  }
});

test("the port decides, or the client; stock istiod never gets increments by mistake", () => {
  const node = (metadata: Record<string, string>) => ({ metadata }) as unknown as Parameters<typeof dialectOf>[0];
  const stock = node({ GENERATOR: "api", ISTIO_REVISION: "default", ISTIO_VERSION: "65536.65536.65536" });
  assert.equal(dialectOf(stock, meshConfig, "sotw"), "sotw");
  assert.equal(dialectOf(stock, meshConfig, "incremental"), "sotw");
  assert.equal(dialectOf(node({ GENERATOR: "api" }), typeUrl, "incremental"), "incremental");
  assert.equal(dialectOf(node({ GENERATOR: "api" }), typeUrl, "sotw"), "sotw");
  assert.equal(dialectOf(undefined, typeUrl, "incremental"), "incremental");
  assert.equal(dialectOf(node({ MCP_INC_PUSH: "true" }), meshConfig, "sotw"), "incremental");
  assert.equal(dialectOf(node({ MCP_INC_PUSH: "false" }), typeUrl, "incremental"), "sotw");
});

test("the incremental port serves the whole of a divided state, the other ports full state as before", async () => {
  await using rig = await startXds({ shards: 3, settings: { incrementalPort: 0 } });
  rig.store.publish({ upserts: Array.from({ length: 30 }, (_, index) => serviceEntry(`s${index}`)) });
  const { incrementalPort } = rig;
  assert.ok(incrementalPort && !rig.targets.includes(`127.0.0.1:${incrementalPort}`));
  using probe = new XdsProbe(`127.0.0.1:${incrementalPort}`);
  probe.send({ typeUrl, node: istiodNode });
  probe.ack(await probe.response(0));
  rig.store.publish({ upserts: [serviceEntry("s1", 2)] });
  assert.deepEqual([(await probe.response(0)).resources.length, (await probe.response(1)).resources.length], [30, 1]);
  assert.deepEqual(
    rig.server.clients().map(({ protocol }) => protocol),
    ["incremental"],
  );
  using stock = new XdsProbe(`127.0.0.1:${incrementalPort}`);
  stock.send({ typeUrl: meshConfig, node: istiodNode });
  stock.send({ typeUrl });
  stock.ack(await stock.response(0));
  stock.ack(await stock.response(1));
  rig.store.publish({ upserts: [serviceEntry("s1", 3)] });
  assert.equal((await stock.response(2)).resources.length, 30);
});

test("a client that ends its streams at large answers is told of in the log, the second time", () => {
  const warnings: object[] = [];
  const large = new LargeAnswers({ ...silentLogger, warn: (fields: object) => warnings.push(fields) });
  const client = { stream: 1, shard: 0, peer: "127.0.0.1:1", nodeId: "mcp", kind: "istiod" } as const;
  const push = { nonce: "1", version: "v", resources: 2_000, bytes: 5_000_000, sentAt: 0, seenAt: undefined };
  large.gone(client, [push], 5);
  large.gone(client, [{ ...push, bytes: 1_000 }], 5);
  large.gone(client, [push], 5);
  large.gone(client, [push], 20_000);
  assert.deepEqual(warnings, []);
  large.gone(client, [push], 5);
  large.gone(client, [push], 5);
  assert.deepEqual(warnings, [{ ...client, bytes: 5_000_000, times: 2 }]);
});

test("whatever happens, a client that has read everything holds what is served", () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const step = fc.oneof(
    fc.record({ do: fc.constant("put" as const), name, revision: fc.integer({ min: 1, max: 3 }), workload: fc.boolean() }),
    fc.record({ do: fc.constant("remove" as const), name, workload: fc.boolean() }),
    fc.record({ do: fc.constantFrom("read" as const, "acknowledge" as const, "reconnect" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), (steps, maxNames) => {
      const { rig, peer } = rigWith([serviceEntry("a"), workloadEntry("b")], { changeLog: { maxNames }, feed: { maxDeparted: 3 } });
      const connect = () => {
        peer.reconnect(rig.aggregated("incremental"));
        for (const url of [typeUrl, workloadUrl]) peer.ask(url);
      };
      connect();
      for (const each of steps) {
        if (each.do === "put") rig.store.publish({ upserts: [(each.workload ? workloadEntry : serviceEntry)(each.name, each.revision)] });
        else if (each.do === "remove")
          rig.store.publish({ removals: [removal(each.name, each.workload ? workloadEntries : serviceEntries)] });
        else if (each.do === "read") peer.read();
        else if (each.do === "acknowledge") peer.acknowledge();
        else connect();
      }
      while (peer.acknowledge());
      peer.readAll();
      if (peer.ended) {
        assert.equal(peer.ended, "UNAVAILABLE");
        connect();
        peer.readAll();
      }
      for (const type of [serviceEntries, workloadEntries] as TypeKey[]) {
        const served = [...rig.store.current().table(type).entries()].map(({ name, version }) => [name, version]);
        assert.deepEqual([...peer.held(type.slice(type.indexOf("/") + 1))].sort(), served.sort());
      }
    }),
    { numRuns: 300 },
  );
});
