import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeDiscoveryResponse } from "../support/google-protobuf-decoder.ts";
import { istiodNode, XdsProbe } from "../support/xds-probe.ts";
import { serviceEntries, serviceEntry, startXds } from "../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const names = (response: { resources: { value: Uint8Array }[] }, raw: Buffer) => {
  const decoded = decodeDiscoveryResponse(raw).resources.map((resource) => resource.name);
  assert.equal(decoded.length, response.resources.length);
  return decoded.sort();
};

test("a response says who sends it, repeats the type URL, and carries every field of the resources", async () => {
  await using rig = await startXds();
  const wanted = serviceEntry("a", 3, 2);
  rig.store.publish({ upserts: [wanted] });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl, node: istiodNode });
  const response = await client.response(0);
  assert.equal(response.typeUrl, typeUrl);
  assert.equal(response.controlPlane?.identifier, "tributary/test");
  assert.equal(response.versionInfo, rig.store.current().table(serviceEntries).digest);
  const [decoded] = decodeDiscoveryResponse(client.raw[0]!).resources;
  assert.equal(decoded?.name, "tributary/a");
  assert.equal(decoded.version, wanted.version);
  assert.deepEqual(decoded.spec.hosts, ["a.dubbo"]);
  assert.equal((decoded.spec.endpoints as unknown[]).length, 2);
});

test("the first request for a type is answered whatever nonce and version it carries", async () => {
  await using rig = await startXds();
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl, responseNonce: "2026-11-21 02:55:18 +0000 UTC m=+0.23", versionInfo: "whatever" });
  assert.equal((await client.response(0)).resources.length, 0);
});

test("types are owned by group and kind, whatever their version; all others are answered empty", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new XdsProbe(rig.target);
  const full = ["networking.istio.io/v1/ServiceEntry", "networking.istio.io/v1alpha3/ServiceEntry", "networking.istio.io/v9/ServiceEntry"];
  const empty = [
    "core/v1alpha1/MeshConfig",
    "networking.istio.io/v1/WorkloadEntry",
    "networking.istio.io/v1/Unknown",
    "example.com/v1/ServiceEntry",
    "networking.istio.io//ServiceEntry",
    "networking.istio.io/ServiceEntry",
    "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "__proto__",
  ];
  for (const [index, url] of [...full, ...empty].entries()) {
    client.send({ typeUrl: url });
    const response = await client.response(index);
    assert.equal(response.typeUrl, url);
    assert.equal(response.resources.length, full.includes(url) ? 1 : 0, url);
  }
});

test("nonces are never empty and never repeated, also between streams", async () => {
  await using rig = await startXds();
  using one = new XdsProbe(rig.target);
  using other = new XdsProbe(rig.target);
  for (const client of [one, other]) for (let index = 0; index < 5; index += 1) client.send({ typeUrl: `group/v1/Kind${index}` });
  await Promise.all([one.response(4), other.response(4)]);
  const nonces = [...one.responses, ...other.responses].map((response) => response.nonce);
  assert.equal(new Set(nonces).size, 10);
  assert.ok(!nonces.includes(""));
});

test("repeated, late and foreign acknowledgements change nothing", async () => {
  await using rig = await startXds({ settings: { pacing: { perMegabyte: 0, ackWarning: 60_000, ackTimeout: 300_000 } } });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl });
  const first = await client.response(0);
  client.send({ typeUrl, responseNonce: "foreign" });
  client.send({ typeUrl, responseNonce: "" });
  await client.barrier();
  rig.store.publish({ upserts: [serviceEntry("b")] });
  await client.barrier();
  assert.equal(client.responses.length, 1, "the first push is still unacknowledged");
  client.ack(first);
  const second = await client.response(1);
  client.ack(first);
  rig.store.publish({ upserts: [serviceEntry("c")] });
  await client.barrier();
  assert.equal(client.responses.length, 2, "a late acknowledgement does not count for the second push");
  client.ack(second);
  client.ack(second);
  assert.equal((await client.response(2)).resources.length, 3);
  assert.equal(rig.observer.acks.length, 2);
});

test("a rejected version is reported and not sent again; the next change is", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl });
  const { nonce } = await client.response(0);
  client.send({ typeUrl, responseNonce: nonce, errorDetail: { code: 3, message: "no such\nport" } });
  await client.barrier();
  assert.deepEqual(rig.observer.nacks, ["no such\ufffdport"]);
  assert.equal(rig.observer.acks.length, 0);
  assert.equal(rig.server.clients()[0]?.subscriptions[0]?.rejection, "no such\nport");
  assert.equal(client.responses.length, 1);
  rig.store.publish({ upserts: [serviceEntry("b")] });
  assert.equal((await client.response(1)).resources.length, 2);
});

test("a client that names resources gets those, and hears of no others", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b"), serviceEntry("c")] });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl, resourceNames: ["tributary/a", "tributary/absent"] });
  const first = await client.response(0);
  assert.deepEqual(names(first, client.raw[0]!), ["tributary/a"]);
  client.ack(first, ["tributary/a", "tributary/absent"]);
  rig.store.publish({ upserts: [serviceEntry("b", 2)] });
  await client.barrier();
  assert.equal(client.responses.length, 1);
  rig.store.publish({ upserts: [serviceEntry("absent")] });
  const second = await client.response(1);
  assert.deepEqual(names(second, client.raw[1]!), ["tributary/a", "tributary/absent"]);
  client.ack(second, ["tributary/b"]);
  const third = await client.response(2);
  assert.deepEqual(names(third, client.raw[2]!), ["tributary/b"]);
  client.ack(third, []);
  assert.deepEqual(names(await client.response(3), client.raw[3]!), []);
  client.ack(client.responses[3]!, ["*"]);
  assert.equal((await client.response(4)).resources.length, 4);
});

test("other names are answered even if they come to the same resources", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl, resourceNames: ["tributary/a"] });
  client.ack(await client.response(0), ["tributary/a", "tributary/absent"]);
  assert.deepEqual(names(await client.response(1), client.raw[1]!), ["tributary/a"]);
});

test("admin sees what a client was sent and acknowledged", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl, node: istiodNode });
  const response = await client.response(0);
  const version = response.versionInfo;
  const before = rig.server.clients()[0]!;
  assert.equal(before.kind, "istiod");
  assert.equal(before.nodeId, istiodNode.id);
  const { sentVersion, ackedVersion, unackedMs } = before.subscriptions[0]!;
  assert.deepEqual({ sentVersion, ackedVersion }, { sentVersion: version, ackedVersion: undefined });
  assert.ok(unackedMs !== undefined);
  client.ack(response);
  await client.barrier();
  const after = rig.server.clients()[0]!.subscriptions[0]!;
  assert.deepEqual([after.ackedVersion, after.ackedResources, after.unackedMs], [version, 1, undefined]);
});

test("pushes and acknowledgements tell when their newest change was seen", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl });
  client.ack(await client.response(0));
  await client.barrier();
  rig.store.publish({
    upserts: [
      { ...serviceEntry("b"), seenAt: 1000 },
      { ...serviceEntry("c"), seenAt: 2000 },
    ],
  });
  client.ack(await client.response(1));
  await client.barrier();
  const ours = (events: { type: string; seenAt: number | undefined }[]) =>
    events.filter(({ type }) => type !== "other").map((event) => event.seenAt);
  assert.deepEqual(ours(rig.observer.pushes), [undefined, 2000]);
  assert.deepEqual(ours(rig.observer.acks), [undefined, 2000]);
});

test("istioctl's debug types are answered with a page's text, once for each request", async () => {
  await using rig = await startXds({ debugPages: (name) => (name === "list" ? '["list"]' : undefined) });
  using client = new XdsProbe(rig.target);
  const node = { id: "debug~0.0.0.0~istioctl~cluster.local", metadata: { GENERATOR: "event" } };
  client.send({ typeUrl: "istio.io/debug", node, resourceNames: ["list"], responseNonce: "2026-11-21 02:55:18" });
  client.send({ typeUrl: "istio.io/debug/syncz" });
  const [page, syncz] = [await client.response(0), await client.response(1)];
  assert.deepEqual(JSON.parse(page.controlPlane?.identifier ?? ""), {
    Component: "tributary",
    ID: "tributary/test",
    Info: { version: "test" },
  });
  assert.equal(Buffer.from(page.resources[0]!.value).toString(), '["list"]');
  assert.equal(syncz.resources.length, 0);
  client.ack(page, ["no such page"]);
  assert.match(Buffer.from((await client.response(2)).resources[0]!.value).toString(), /404 page not found/);
  rig.store.publish({ upserts: [serviceEntry("a")] });
  await client.barrier();
  assert.equal(client.responses.length, 3);
});
