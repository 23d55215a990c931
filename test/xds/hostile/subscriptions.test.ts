/** Clients that ask for more than anybody needs, in full state and in delta. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema, DiscoveryRequestSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { DeltaClient } from "../../support/delta-client.ts";
import { flags, frame, grpcMessage, hello, RawClient, rpcHeaders } from "../../support/http2-frames.ts";
import { memoryInUse } from "../../support/memory.ts";
import { XdsProbe } from "../../support/xds-probe.ts";
import { serviceEntries, serviceEntry, startXds, type XdsRig } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const numbered = (count: number, prefix = "some.long.service.name") =>
  Array.from({ length: count }, (_, index) => `tributary/${prefix}${index}`);
const generous = { maxNames: 100_000, maxRequestBytes: 8 * 1024 * 1024 };

/** A client of each protocol that asks for names; the end of the test is its end. */
const askers = {
  sotw(t: TestContext, rig: XdsRig, names: string[]) {
    const client = new XdsProbe(rig.target);
    t.after(() => client.close());
    client.send({ typeUrl, resourceNames: names });
    const answered = async () => client.ack(await client.response(0), names);
    return { answered, end: () => client.end(), close: () => client.close() };
  },
  delta(t: TestContext, rig: XdsRig, names: string[]) {
    const client = new DeltaClient({ target: rig.target });
    t.after(() => client.stop());
    client.subscribe(typeUrl, ...names);
    const answered = async () => void (await client.response(0));
    return { answered, end: () => client.end(), close: () => client.stop() };
  },
};

for (const [protocol, start] of Object.entries(askers)) {
  const ask = async (t: TestContext, rig: XdsRig, names: string[]) => {
    const client = start(t, rig, names);
    await client.answered();
    return client;
  };

  test(`${protocol}: tens of thousands of names cost bounded memory, and no time when something else changes`, async (t) => {
    await using rig = await startXds({ settings: generous });
    rig.store.publish({ upserts: numbered(500).map((name) => serviceEntry(name.slice("tributary/".length))) });
    const before = memoryInUse();
    await ask(t, rig, numbered(40_000));
    await ask(t, rig, numbered(40_000, "another.service"));
    const grown = memoryInUse() - before;
    // What the clients themselves hold is in it.
    assert.ok(grown < 50_000_000, `${grown} bytes`);
    using other = new XdsProbe(rig.target);
    other.send({ typeUrl });
    other.ack(await other.response(0));
    const start = performance.now();
    for (let revision = 2; revision < 102; revision += 1) rig.store.publish({ upserts: [serviceEntry("unrelated", revision)] });
    const each = (performance.now() - start) / 100;
    assert.ok(each < 5, `${each} ms for a publication`);
    await other.response(1);
  });

  test(`${protocol}: names of all streams together are limited, and free again when streams leave`, async (t) => {
    await using rig = await startXds({ settings: { maxNames: 10 } });
    const first = await ask(t, rig, numbered(10));
    for (const count of [10, 9]) await ask(t, rig, numbered(count));
    const one = await ask(t, rig, numbered(1));
    const refused = start(t, rig, numbered(1));
    assert.deepEqual(await refused.end(), {
      code: "RESOURCE_EXHAUSTED",
      details: "more than 30 resource names over all streams (three times xds.maxNames)",
    });
    one.close();
    first.close();
    await rig.observer.until(() => rig.observer.closed.filter((reason) => reason === "CANCELLED").length >= 2);
    await ask(t, rig, numbered(10));
    assert.equal(rig.server.clients().length, 3);
  });
}

test("a name that no object can have is refused", async () => {
  await using rig = await startXds();
  using sotw = new XdsProbe(rig.target);
  sotw.send({ typeUrl, resourceNames: [`tributary/${"x".repeat(600)}`] });
  assert.deepEqual(await sotw.end(), { code: "INVALID_ARGUMENT", details: "a resource name is longer than 512 characters" });
  for (const request of [
    { typeUrl, resourceNamesSubscribe: ["x".repeat(513)] },
    { typeUrl, initialResourceVersions: { a: "v".repeat(513) } },
    { typeUrl, initialResourceVersions: { ["n".repeat(513)]: "v" } },
  ]) {
    using delta = new DeltaClient({ target: rig.target });
    delta.send(request);
    assert.equal((await delta.end()).code, "INVALID_ARGUMENT");
  }
});

test("a hundred unknown types are answered empty, and cost little", async () => {
  await using rig = await startXds({ settings: { maxTypes: 100 } });
  const before = memoryInUse();
  using client = new XdsProbe(rig.target);
  for (let index = 0; index < 100; index += 1) client.send({ typeUrl: `${"g".repeat(400)}/v1/Kind${index}` });
  const last = await client.response(99);
  assert.equal(last.resources.length, 0);
  const grown = memoryInUse() - before;
  assert.ok(grown < 5_000_000, `${grown} bytes`);
});

test("readers that stop, each at another state, are sent nothing more and keep no copies", async (t) => {
  await using rig = await startXds({ settings: { maxStreams: 30 } });
  rig.store.publish({ upserts: Array.from({ length: 400 }, (_, index) => serviceEntry(`s${index}`, 1, 50)) });
  const state = rig.store.current().table(serviceEntries).byteLength;
  const before = memoryInUse();
  for (let revision = 2; revision < 12; revision += 1) {
    for (const [method, request] of [
      ["StreamAggregatedResources", toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl }))],
      ["DeltaAggregatedResources", toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, { typeUrl }))],
    ] as const) {
      const client = new RawClient(rig.port);
      t.after(() => client[Symbol.dispose]());
      // SETTINGS_INITIAL_WINDOW_SIZE of 1000 bytes, and never more.
      const small = Buffer.concat([hello.subarray(0, -9), frame("settings", 0, Buffer.from([0, 4, 0, 0, 3, 232]))]);
      const opened = frame("headers", 1, rpcHeaders(method), flags.endHeaders);
      await client.send(Buffer.concat([small, opened, frame("data", 1, grpcMessage(request))]));
    }
    const pushes = (revision - 1) * 2;
    await rig.observer.until(() => rig.observer.pushes.length === pushes);
    rig.store.publish({ upserts: [serviceEntry("s7", revision, 50)] });
  }
  // Twenty answers: full state shares what is equal in the ten states, delta has at most four copies.
  const grown = memoryInUse() - before;
  assert.ok(grown < 7 * state, `${grown} bytes, with a state of ${state}`);
  using other = new DeltaClient({ target: rig.target });
  other.subscribe(typeUrl);
  assert.equal((await other.response(0)).resources.length, 400);
  assert.equal(rig.observer.pushes.filter(({ client }) => client.stream <= 20).length, 20);
});
