/** Delta over gRPC: what real clients of other projects do, and what no client should. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { SidecarSchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { encodeObject } from "../../../src/snapshot/encode.ts";
import { DeltaClient } from "../../support/delta-client.ts";
import { FakeIstiod } from "../../support/fake-istiod.ts";
import { decodeDeltaResponse, decodeEnvelope, decodeSpec } from "../../support/google-protobuf-decoder.ts";
import { istiodNode } from "../../support/xds-probe.ts";
import { serviceEntries, serviceEntry, startXds } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const objectUrl = "type.googleapis.com/istio.networking.v1alpha3.ServiceEntry";
const sidecarUrl = "networking.istio.io/v1/Sidecar";
const sidecars = "networking.istio.io/Sidecar";

function sidecar(name: string, hosts: string) {
  const spec = create(SidecarSchema, { egress: [{ hosts: [hosts] }] });
  return encodeObject({ kind: "Sidecar", namespace: "tributary", name, labels: {}, annotations: {}, spec }, Date.now());
}

test("a client that asks for everything is sent everything, and then changes and removals alone", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
  using client = new DeltaClient({ target: rig.target });
  client.subscribe(typeUrl);
  await client.waitFor(({ responses }) => responses.length === 1);
  const changed = serviceEntry("a", 2);
  rig.store.publish({ upserts: [changed], removals: [{ type: serviceEntries, name: "tributary/b" }] });
  await client.waitFor(({ responses }) => responses.length === 2);
  assert.deepEqual(client.peer.versions(typeUrl), { "tributary/a": changed.version });
  rig.store.publish({ removals: [{ type: serviceEntries, name: "tributary/a" }] });
  await client.waitFor(({ responses }) => responses.length === 3);
  assert.equal(client.held(typeUrl).size, 0);
  const [first] = decodeDeltaResponse(client.raw[1]!).resources;
  assert.deepEqual(decodeEnvelope(first!.value).spec.hosts, ["a.dubbo"]);
});

test("a client that asks for one more name is sent that one; what it takes back it hears of no more", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
  using client = new DeltaClient({ target: rig.target });
  client.subscribe(typeUrl, "tributary/a");
  client.subscribe(typeUrl, "tributary/b");
  await client.waitFor(({ responses }) => responses.length === 2);
  assert.deepEqual(
    client.responses.map(({ resources }) => resources.map(({ name }) => name)),
    [["tributary/a"], ["tributary/b"]],
  );
  client.unsubscribe(typeUrl, "tributary/a");
  client.unsubscribe(typeUrl, "tributary/unknown");
  await client.barrier();
  rig.store.publish({ upserts: [serviceEntry("a", 2)] });
  await client.barrier();
  assert.equal(client.responses.length, 2);
});

test("several types on one stream are answered each for itself; the node comes once", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a"), sidecar("a", "*/*")] });
  using client = new DeltaClient({ target: rig.target, node: istiodNode });
  const types = [typeUrl, sidecarUrl, "networking.istio.io/v1/WorkloadEntry", "core/v1alpha1/MeshConfig"];
  for (const type of types) client.subscribe(type);
  await client.waitFor(({ responses }) => responses.length === types.length);
  assert.deepEqual(
    client.responses.map((response) => response.typeUrl),
    types,
  );
  rig.store.publish({ upserts: [sidecar("a", "shop/*")] });
  const response = await client.response(types.length);
  assert.deepEqual([response.typeUrl, response.resources.length], [sidecarUrl, 1]);
  assert.equal(rig.server.clients()[0]?.kind, "istiod");
});

test("a client that was away hears of what is new, what changed and what went meanwhile, and of no more", async () => {
  const first = await startXds();
  first.store.publish({ upserts: [serviceEntry("same"), serviceEntry("changed"), serviceEntry("gone")] });
  using client = new DeltaClient({ target: first.target });
  client.subscribe(typeUrl);
  await client.waitFor(({ responses }) => responses.length === 1);
  const lost = once(client.events, "disconnected");
  await first.server.close();
  await lost;
  const { store } = first;
  store.publish({
    upserts: [serviceEntry("changed", 2), serviceEntry("new")],
    removals: [{ type: serviceEntries, name: "tributary/gone" }],
  });
  await using _second = await startXds({ store, settings: { port: first.port } });
  const { resources, removedResources } = await client.response(1);
  assert.deepEqual(resources.map(({ name }) => name).sort(), ["tributary/changed", "tributary/new"]);
  assert.deepEqual(removedResources, ["tributary/gone"]);
  store.publish({ removals: [{ type: serviceEntries, name: "tributary/new" }] });
  assert.deepEqual((await client.response(2)).removedResources, ["tributary/new"]);
});

test("a client that missed nothing is sent nothing, also by a server that was restarted", async () => {
  const entries = () => [serviceEntry("a"), serviceEntry("b", 3, 10)];
  const first = await startXds();
  first.store.publish({ upserts: entries() });
  using client = new DeltaClient({ target: first.target });
  client.subscribe(typeUrl);
  client.subscribe(objectUrl, "tributary/a");
  await client.waitFor(({ responses }) => responses.length === 2);
  const { resources } = client.peer.counts;
  const lost = once(client.events, "disconnected");
  await first.server.close();
  await lost;
  // Nothing of the first server is left: the same content has the same versions.
  const second = await startXds({ settings: { port: first.port } });
  second.store.publish({ upserts: entries() });
  await client.response(2);
  await client.barrier();
  assert.deepEqual([client.peer.counts.resources, client.peer.counts.removals], [resources, 0]);
  assert.ok(second.observer.pushes.every((push) => push.resources === 0));
  await second.server.close();
});

test("Istio's delta client is served: objects without their envelope, and the last nonce of the stream before", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new DeltaClient({ target: rig.target });
  client.peer.subscribe(objectUrl);
  client.send({ typeUrl: objectUrl, responseNonce: "of the stream before" });
  const { resources } = await client.response(0);
  assert.deepEqual(
    resources.map(({ name, resource }) => [name, resource?.typeUrl]),
    [["tributary/a", objectUrl]],
  );
  const [decoded] = decodeDeltaResponse(client.raw[0]!).resources;
  assert.deepEqual(decodeSpec("ServiceEntry", decoded!.value).hosts, ["a.dubbo"]);
});

test("full state and delta are served from one snapshot", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new DeltaClient({ target: rig.target });
  client.subscribe(typeUrl);
  const istiod = new FakeIstiod({ target: rig.target }).start();
  try {
    await istiod.waitFor((fake) => fake.hasSynced);
    const added = serviceEntry("b");
    rig.store.publish({ upserts: [added] });
    await Promise.all([
      istiod.waitFor((fake) => fake.store("ServiceEntry").size === 2),
      client.waitFor(({ peer }) => peer.held(typeUrl).size === 2),
    ]);
    const value = client.held(typeUrl).get(added.name)!.resource.value;
    assert.deepEqual(Buffer.from(decodeEnvelope(value).body), Buffer.from(istiod.store("ServiceEntry").get(added.name)!.body));
  } finally {
    istiod.stop();
  }
});

test("a reader that stops is sent the net difference when it goes on", async () => {
  await using rig = await startXds();
  using client = new DeltaClient({ target: rig.target });
  client.subscribe(typeUrl);
  await client.response(0);
  await client.barrier();
  client.setReading(false);
  for (let revision = 1; revision < 200; revision += 1) rig.store.publish({ upserts: [serviceEntry("a", revision, 200)] });
  const last = serviceEntry("a", 200, 200);
  rig.store.publish({ upserts: [last] });
  client.setReading(true);
  await client.waitFor(({ peer }) => peer.versions(typeUrl)["tributary/a"] === last.version);
  assert.ok(client.responses.length < 40, `${client.responses.length} responses for 200 changes`);
});

test("admin and metrics see delta streams: their protocol, pushes, bytes, acknowledgements and delay", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
  using client = new DeltaClient({ target: rig.target, node: { id: "somebody" } });
  client.subscribe(typeUrl);
  await client.response(0);
  rig.store.publish({
    upserts: [
      { ...serviceEntry("a", 2), seenAt: 1000 },
      { ...serviceEntry("c"), seenAt: 2000 },
    ],
  });
  await client.response(1);
  await rig.observer.until(() => rig.observer.acks.length === 2);
  const view = rig.server.clients()[0]!;
  assert.deepEqual([view.protocol, view.nodeId], ["delta", "somebody"]);
  const version = rig.store.current().table(serviceEntries).digest;
  const { ackedVersion, sentVersion, current, names, unackedMs, sentResources, objects } = view.subscriptions[0]!;
  assert.deepEqual(
    [sentVersion, ackedVersion, current, names, unackedMs, sentResources, objects],
    [version, version, true, undefined, undefined, 2, 3],
  );
  assert.equal(view.subscriptions[0]!.asksFor("any/name"), true);
  assert.deepEqual(
    rig.observer.pushes.map(({ type, resources, seenAt }) => [type, resources, seenAt]),
    [
      [serviceEntries, 2, undefined],
      [serviceEntries, 2, 2000],
    ],
  );
  assert.deepEqual(
    rig.observer.acks.map(({ seenAt }) => seenAt),
    [undefined, 2000],
  );
  assert.equal(rig.observer.pushes[1]!.bytes > 500, true);
});

test("a rejection is reported with its reason", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [sidecar("a", "*/*")] });
  using client = new DeltaClient({ target: rig.target, reject: ({ resources }) => (resources.length > 0 ? "no" : undefined) });
  client.subscribe(sidecarUrl);
  await rig.observer.until(() => rig.observer.nacks.length === 1);
  assert.deepEqual(rig.observer.nacks, ["no"]);
  rig.store.publish({ removals: [{ type: sidecars, name: "tributary/a" }] });
  assert.deepEqual((await client.response(1)).removedResources, ["tributary/a"]);
  assert.equal(rig.observer.pushes.length, 2);
});

test("bytes that are no request end their stream with INVALID_ARGUMENT and the reason", async () => {
  await using rig = await startXds();
  using client = new DeltaClient({ target: rig.target });
  client.sendBytes(Buffer.from([0x0a, 0xff, 0xff]));
  const { code, details } = await client.end();
  assert.equal(code, "INVALID_ARGUMENT");
  assert.match(details, /not a DeltaDiscoveryRequest: /);
});

test("types, names, versions and bytes of one stream are limited", async () => {
  await using rig = await startXds({ settings: { maxTypes: 3, maxNames: 10, maxRequestBytes: 4096 } });
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `tributary/n${index}`);
  const refused = async (act: (client: DeltaClient) => void) => {
    using client = new DeltaClient({ target: rig.target });
    act(client);
    return await client.end();
  };
  const types = await refused((client) => {
    for (let index = 0; index < 4; index += 1) client.subscribe(`group/v1/Kind${index}`);
  });
  const names = await refused((client) => {
    client.subscribe(typeUrl, ...numbered(6));
    client.subscribe(objectUrl, ...numbered(5));
  });
  const versions = await refused((client) => {
    client.send({ typeUrl, initialResourceVersions: Object.fromEntries(numbered(10).map((name) => [name, "v"])) });
  });
  const returned = await refused((client) => {
    client.subscribe(typeUrl);
    client.setReading(false);
    client.send({ typeUrl, resourceNamesUnsubscribe: numbered(11) });
  });
  for (const [end, setting] of [
    [types, /xds\.maxTypes/],
    [names, /xds\.maxNames/],
    [versions, /xds\.maxNames/],
    [returned, /xds\.maxNames/],
  ] as const) {
    assert.equal(end.code, "RESOURCE_EXHAUSTED");
    assert.match(end.details, setting);
  }
  const large = await refused((client) => client.subscribe(typeUrl, "x".repeat(5000)));
  assert.equal(large.code, "RESOURCE_EXHAUSTED");
  const endless = await refused((client) => client.subscribe("x".repeat(600)));
  assert.equal(endless.code, "INVALID_ARGUMENT");
});

test("a flood of requests ends its stream, and others are still served", async () => {
  await using rig = await startXds();
  using flood = new DeltaClient({ target: rig.target });
  flood.subscribe("flood/v1/Kind", "a");
  for (let index = 0; index < 12_000; index += 1) flood.send({ typeUrl: "flood/v1/Kind", resourceNamesSubscribe: ["a"] });
  const { code, details } = await flood.end();
  assert.deepEqual([code, details], ["RESOURCE_EXHAUSTED", "too many requests"]);
  flood.stop();
  using other = new DeltaClient({ target: rig.target });
  other.subscribe(typeUrl);
  await other.response(0);
});

test("streams that end leave nothing behind", async () => {
  await using rig = await startXds();
  for (let round = 0; round < 3; round += 1) {
    using client = new DeltaClient({ target: rig.target });
    for (let index = 0; index < 10; index += 1) client.subscribe(`unknown/v1/Kind${index % 2}`, `ns/n${index}`);
    await client.response(1);
  }
  await rig.observer.until(() => rig.observer.closed.length === 3);
  assert.deepEqual(rig.server.clients(), []);
});
