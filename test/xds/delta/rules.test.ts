/** The rules of the delta protocol, each by what a client sees; time stands still and nothing goes over a network. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DeltaDiscoveryResponse,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { StreamRig } from "../../support/stream-rig.ts";
import { istiodNode } from "../../support/xds-probe.ts";
import { serviceEntries, serviceEntry } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";

/** Names without their namespace: what was sent, and what was removed. */
function told(responses: readonly DeltaDiscoveryResponse[]): string[][] {
  const short = (names: string[]) => names.map((name) => name.replace("tributary/", "")).sort();
  return responses.map(({ resources, removedResources }) => [
    ...short(resources.map(({ name }) => name)),
    ...short(removedResources).map((name) => `-${name}`),
  ]);
}

function rigWith(...names: string[]): StreamRig {
  const rig = new StreamRig();
  rig.store.publish({ upserts: names.map((name) => serviceEntry(name)) });
  return rig;
}

const remove = (rig: StreamRig, ...names: string[]) =>
  rig.store.publish({ removals: names.map((name) => ({ type: serviceEntries, name: `tributary/${name}` })) });

/** A stream that asked for these names, and read and acknowledged what it was told. */
function subscribed(rig: StreamRig, ...names: string[]) {
  const client = rig.delta();
  client.request({ typeUrl, resourceNamesSubscribe: names });
  client.readAll();
  return client;
}

test("every response has a nonce of its own, its type as it was asked for, and who sends it", () => {
  const rig = rigWith("a");
  const [one, other] = [rig.delta(), rig.delta()];
  const nonces = new Set<string>();
  for (const client of [one, other]) {
    for (const url of [typeUrl, "networking.istio.io/v1alpha3/ServiceEntry", "core/v1alpha1/MeshConfig"]) {
      client.request({ typeUrl: url });
      const response = client.read();
      assert.equal(response?.typeUrl, url);
      assert.equal(response.controlPlane?.identifier, "tributary/test");
      nonces.add(response.nonce);
    }
  }
  assert.equal(nonces.size, 6);
  assert.ok(!nonces.has(""));
});

test("a request without a type ends the stream", () => {
  const client = new StreamRig().delta();
  client.request({ typeUrl: "" });
  assert.deepEqual(client.wire.ended, { status: "INVALID_ARGUMENT", reason: "the request names no type_url" });
});

test("only the first request carries the node, and every type profits from it", () => {
  const rig = rigWith("a");
  const client = rig.delta();
  client.request({ typeUrl: "core/v1alpha1/MeshConfig", node: { id: "one" } });
  client.request({ typeUrl });
  assert.equal(client.stream.view().nodeId, "one");
  assert.equal(client.readAll().length, 2);
});

test("a first request is answered whatever nonce it carries", () => {
  const client = rigWith("a").delta();
  client.request({ typeUrl, responseNonce: "of a stream before" });
  assert.deepEqual(told(client.readAll()), [["a"]]);
});

test("subscriptions count whatever nonce comes with them", () => {
  const rig = rigWith("a", "b", "c");
  const client = subscribed(rig, "tributary/a");
  client.request({ typeUrl, responseNonce: "foreign", resourceNamesSubscribe: ["tributary/b"] });
  assert.deepEqual(told(client.readAll()), [["b"]]);
  client.request({ typeUrl, responseNonce: "foreign", resourceNamesUnsubscribe: ["tributary/a"] });
  rig.store.publish({ upserts: [serviceEntry("a", 2), serviceEntry("b", 2)] });
  assert.deepEqual(told(client.readAll()), [["b"]]);
});

test("a late or repeated acknowledgement is counted once and changes nothing", () => {
  const rig = rigWith("a");
  const client = rig.delta();
  client.request({ typeUrl });
  const first = client.read()!;
  for (let times = 0; times < 3; times += 1) client.acknowledge(first);
  client.request({ typeUrl, responseNonce: "foreign" });
  assert.equal(rig.observer.acks.length, 1);
  assert.equal(client.read(), undefined);
});

test("a first request without names means everything, also after names were added to it", () => {
  const rig = rigWith("a", "b");
  const client = subscribed(rig);
  client.request({ typeUrl, resourceNamesSubscribe: ["tributary/a"] });
  assert.deepEqual(told(client.readAll()), [["a"]]);
  rig.store.publish({ upserts: [serviceEntry("b", 2), serviceEntry("c")] });
  assert.deepEqual(told(client.readAll()), [["b", "c"]]);
});

test("everything is taken back with `*` alone; then no names mean none, for good", () => {
  const rig = rigWith("a", "b");
  const client = subscribed(rig);
  client.request({ typeUrl, resourceNamesSubscribe: ["tributary/a"] });
  client.request({ typeUrl, resourceNamesUnsubscribe: ["*"] });
  client.readAll();
  rig.store.publish({ upserts: [serviceEntry("a", 2), serviceEntry("b", 2)] });
  assert.deepEqual(told(client.readAll()), [["a"]]);
  client.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/a"] });
  client.request({ typeUrl });
  rig.store.publish({ upserts: [serviceEntry("a", 3), serviceEntry("b", 3)] });
  assert.deepEqual(told(client.readAll()), []);
});

test("the first request for everything is answered even if there is nothing", () => {
  const rig = new StreamRig();
  for (const resourceNamesSubscribe of [[], ["*"], ["tributary/*"]]) {
    const client = rig.delta();
    client.request({ typeUrl, resourceNamesSubscribe });
    assert.deepEqual(told(client.readAll()), [[]]);
  }
});

test("types we do not own are empty at once: nothing for everything, and no name exists", () => {
  const client = rigWith("a").delta();
  client.request({ typeUrl: "networking.istio.io/v1/VirtualService" });
  assert.deepEqual(told(client.readAll()), [[]]);
  client.request({ typeUrl: "networking.istio.io/v1/Gateway", resourceNamesSubscribe: ["tributary/a"] });
  client.request({ typeUrl: "networking.istio.io/v1/Gateway", resourceNamesSubscribe: ["tributary/b"] });
  assert.deepEqual(told(client.readAll()), [["-a"], ["-b"]]);
  assert.equal(
    client.stream.view().subscriptions.every(({ current }) => current),
    true,
  );
});

test("what is subscribed to again is sent again, though it did not change", () => {
  const client = subscribed(rigWith("a", "b"), "tributary/a");
  client.request({ typeUrl, resourceNamesSubscribe: ["tributary/a"] });
  assert.deepEqual(told(client.readAll()), [["a"]]);
  client.request({ typeUrl, resourceNamesSubscribe: ["*"] });
  client.request({ typeUrl, resourceNamesSubscribe: ["*"] });
  assert.deepEqual(told(client.readAll()), [
    ["a", "b"],
    ["a", "b"],
  ]);
});

test("a name that does not exist is said to be removed once, and is sent when it appears", () => {
  const rig = rigWith("a");
  const client = rig.delta();
  client.request({ typeUrl, resourceNamesSubscribe: ["tributary/a", "tributary/later"] });
  assert.deepEqual(told(client.readAll()), [["a", "-later"]]);
  rig.store.publish({ upserts: [serviceEntry("a", 2)] });
  assert.deepEqual(told(client.readAll()), [["a"]]);
  rig.store.publish({ upserts: [serviceEntry("later")] });
  assert.deepEqual(told(client.readAll()), [["later"]]);
  remove(rig, "later");
  assert.deepEqual(told(client.readAll()), [["-later"]]);
  rig.store.publish({ upserts: [serviceEntry("later")] });
  assert.deepEqual(told(client.readAll()), [["later"]]);
});

test("an on-demand client begins with nothing, and asks name by name", () => {
  const rig = rigWith("a", "b");
  const client = rig.delta();
  client.request({ typeUrl, resourceNamesSubscribe: ["*"], resourceNamesUnsubscribe: ["*"] });
  rig.store.publish({ upserts: [serviceEntry("a", 2)] });
  assert.deepEqual(told(client.readAll()), []);
  client.request({ typeUrl, resourceNamesSubscribe: ["tributary/a"] });
  assert.deepEqual(told(client.readAll()), [["a"]]);
});

test("versions a client holds: equal ones are not sent, different ones are, unknown ones are removed", () => {
  const rig = rigWith("same", "changed", "new");
  const version = (name: string) => rig.store.current().table(serviceEntries).get(`tributary/${name}`)!.version;
  const initialResourceVersions = { "tributary/same": version("same"), "tributary/changed": "old", "tributary/gone": "any" };
  const names = ["same", "changed", "new", "gone"].map((name) => `tributary/${name}`);
  for (const resourceNamesSubscribe of [[], ["*"], ["tributary/*"], names]) {
    const client = rig.delta();
    client.request({ typeUrl, resourceNamesSubscribe, initialResourceVersions });
    assert.deepEqual(told(client.readAll()), [["changed", "new", "-gone"]], `subscribed to ${resourceNamesSubscribe}`);
    remove(rig, "same");
    assert.deepEqual(told(client.readAll()), [["-same"]]);
    rig.store.publish({ upserts: [serviceEntry("same")] });
    client.close();
  }
});

test("a client that holds everything is sent nothing", () => {
  const rig = rigWith("a", "b");
  const held = Object.fromEntries([...rig.store.current().table(serviceEntries).entries()].map(({ name, version }) => [name, version]));
  const all = rig.delta();
  all.request({ typeUrl, initialResourceVersions: held });
  assert.deepEqual(told(all.readAll()), [[]], "the answer that clients wait for, with nothing in it");
  const named = rig.delta();
  named.request({ typeUrl, resourceNamesSubscribe: Object.keys(held), initialResourceVersions: held });
  assert.deepEqual(told(named.readAll()), []);
});

test("versions in a later request are no news", () => {
  const client = subscribed(rigWith("a"));
  client.request({ typeUrl, initialResourceVersions: { "tributary/a": "old", "tributary/gone": "any" } });
  assert.deepEqual(told(client.readAll()), []);
});

test("a name that is taken back while everything is subscribed to is told again", () => {
  const rig = rigWith("a", "b");
  const client = subscribed(rig);
  client.request({ typeUrl, resourceNamesSubscribe: ["tributary/gone"] });
  assert.deepEqual(told(client.readAll()), [["-gone"]]);
  client.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/a", "tributary/gone", "tributary/never-asked-for"] });
  assert.deepEqual(told(client.readAll()), [["a", "-gone"]]);
});

test("what is taken back otherwise needs no answer, and a name never asked for is ignored", () => {
  const rig = rigWith("a", "b");
  const client = subscribed(rig, "tributary/a", "tributary/b");
  client.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/a", "tributary/unknown"] });
  rig.store.publish({ upserts: [serviceEntry("a", 2), serviceEntry("b", 2)] });
  const [response] = client.readAll();
  assert.deepEqual(told([response!]), [["b"]]);
  assert.deepEqual(rig.observer.acks.length, 2, "acknowledgements go on being counted");
});

test("an update has what changed and nothing else", () => {
  const rig = rigWith("a", "b", "c");
  const client = subscribed(rig);
  rig.store.publish({ upserts: [serviceEntry("b", 2), serviceEntry("d")], removals: [{ type: serviceEntries, name: "tributary/c" }] });
  assert.deepEqual(told(client.readAll()), [["b", "d", "-c"]]);
  rig.store.publish({ upserts: [serviceEntry("b", 2)] });
  assert.deepEqual(told(client.readAll()), []);
});

test("what is removed and added again before it was told is an update", () => {
  const rig = rigWith("a", "b");
  const client = rig.delta();
  client.request({ typeUrl });
  remove(rig, "a");
  rig.store.publish({ upserts: [serviceEntry("a", 2)] });
  assert.deepEqual(told(client.readAll()), [["a", "b"], ["a"]]);
});

test("a rejected version is reported and not sent again; the next one is", () => {
  const rig = rigWith("a", "b");
  const client = rig.delta();
  client.request({ typeUrl });
  const { nonce } = client.read()!;
  client.request({ typeUrl, responseNonce: nonce, errorDetail: { code: 3, message: "no such\nport" } });
  assert.deepEqual(rig.observer.nacks, ["no such\ufffdport"]);
  assert.equal(client.stream.view().subscriptions[0]?.rejection, "no such\nport");
  rig.store.publish({ upserts: [serviceEntry("b", 2)] });
  assert.deepEqual(told(client.readAll()), [["b"]]);
  assert.equal(client.stream.view().subscriptions[0]?.rejection, undefined);
});

test("several responses may be unacknowledged, and the last acknowledgement answers for those before it", () => {
  const rig = rigWith("a");
  const client = rig.delta();
  client.request({ typeUrl });
  const responses = [client.read()!];
  for (let revision = 2; revision < 5; revision += 1) {
    rig.store.publish({ upserts: [serviceEntry("a", revision)] });
    responses.push(client.read()!);
  }
  assert.ok(client.stream.view().subscriptions[0]?.unackedMs !== undefined);
  client.acknowledge(responses[1]!);
  client.acknowledge(responses[0]!);
  client.acknowledge(responses[3]!);
  assert.equal(rig.observer.acks.length, 2);
  assert.equal(client.stream.view().subscriptions[0]?.unackedMs, undefined);
});

test("a namespace can be subscribed to as `ns/*`", () => {
  const rig = rigWith("a", "b");
  const client = subscribed(rig, "tributary/*", "other/*", "other/x");
  const foreign = serviceEntry("x", 1, 1, "other");
  rig.store.publish({ upserts: [serviceEntry("a", 2), serviceEntry("c"), foreign] });
  assert.deepEqual(told(client.readAll()), [["a", "c", "other/x"]]);
  remove(rig, "b");
  assert.deepEqual(told(client.readAll()), [["-b"]]);
  client.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/*"] });
  rig.store.publish({ upserts: [serviceEntry("a", 3)], removals: [{ type: serviceEntries, name: "other/x" }] });
  assert.deepEqual(told(client.readAll()), [["-other/x"]]);
  client.request({ typeUrl, resourceNamesSubscribe: ["tributary/*", "nowhere/*"] });
  assert.deepEqual(told(client.readAll()), [["a", "c"], []]);
});

test("a namespace that is taken back is told again as far as something else covers it", () => {
  const rig = rigWith("a", "b");
  const all = subscribed(rig);
  all.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/*"] });
  assert.deepEqual(told(all.readAll()), [["a", "b"]]);
  const named = subscribed(rig, "tributary/a", "tributary/*");
  named.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/*"] });
  assert.deepEqual(told(named.readAll()), [["a"]]);
});

test("overlapping subscriptions are answered once", () => {
  const rig = rigWith("a", "b");
  const { version } = rig.store.current().table(serviceEntries).get("tributary/a")!;
  const client = rig.delta();
  const resourceNamesSubscribe = ["tributary/*", "*", "tributary/a", "tributary/absent"];
  client.request({ typeUrl, resourceNamesSubscribe, initialResourceVersions: { "tributary/a": version } });
  assert.deepEqual(told(client.readAll()), [["b", "-absent"]]);
});

test("only a whole namespace is a glob; other stars are names that do not exist", () => {
  const client = rigWith("a").delta();
  client.request({ typeUrl, resourceNamesSubscribe: ["*/a", "tributary/a*", "tributary/*/*"] });
  assert.deepEqual(told(client.readAll()), [["-*/a", "-*/*", "-a*"].sort()]);
});

test("the istiod beside us is told nothing of owned types before the view is complete, and everything then", () => {
  const rig = new StreamRig({ complete: false });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const client = rig.delta();
  client.request({ typeUrl: "core/v1alpha1/MeshConfig", node: istiodNode });
  client.request({ typeUrl, initialResourceVersions: { "tributary/b": "any" } });
  assert.deepEqual(told(client.readAll()), [[]], "MeshConfig only");
  assert.equal(client.stream.view().subscriptions[1]?.held, true);
  rig.store.publish({ upserts: [serviceEntry("b")] });
  assert.equal(client.read(), undefined);
  rig.completeness.complete();
  assert.deepEqual(told(client.readAll()), [["a", "b"]]);
});

test("what a client holds and an incomplete view lacks is removed when the view is complete, if it is still away", () => {
  for (const resourceNamesSubscribe of [[], ["tributary/*"], ["read", "late", "gone"].map((name) => `tributary/${name}`)]) {
    const rig = new StreamRig({ complete: false });
    rig.store.publish({ upserts: [serviceEntry("read")] });
    const client = rig.delta();
    const held = (name: string) => [`tributary/${name}`, serviceEntry(name).version];
    const initialResourceVersions = Object.fromEntries(["read", "late", "gone", "foreign"].map(held));
    client.request({ typeUrl, resourceNamesSubscribe, initialResourceVersions });
    assert.deepEqual(told(client.readAll()).flat(), []);
    rig.store.publish({ upserts: [serviceEntry("late")] });
    assert.deepEqual(told(client.readAll()), [["late"]]);
    rig.completeness.complete();
    const isNamed = resourceNamesSubscribe.length > 1;
    assert.deepEqual(told(client.readAll()), [isNamed ? ["-gone"] : ["-foreign", "-gone"]]);
    rig.store.publish({ upserts: [serviceEntry("read", 2)] });
    assert.deepEqual(told(client.readAll()), [["read"]]);
  }
});

test("a name that an incomplete view lacks is said not to exist when the view is complete: the client may hold it", () => {
  for (const also of [[], ["*"], ["tributary/*"]]) {
    const rig = new StreamRig({ complete: false });
    const client = rig.delta();
    client.request({ typeUrl, resourceNamesSubscribe: [...also, "tributary/late", "tributary/taken", "tributary/none"] });
    assert.deepEqual(told(client.readAll()).flat(), []);
    client.request({ typeUrl, resourceNamesUnsubscribe: ["tributary/taken"] });
    rig.store.publish({ upserts: [serviceEntry("late")] });
    assert.deepEqual(told(client.readAll()).flat(), also.length > 0 ? ["-taken", "late"].toSorted() : ["late"]);
    rig.completeness.complete();
    assert.deepEqual(told(client.readAll()), [["-none"]]);
  }
});

test("a view that becomes incomplete and complete again without a change: what was left open is told", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  rig.completeness.incomplete();
  const [named, all, tool] = [rig.delta(), rig.delta(), rig.sotw()];
  const initialResourceVersions = { "tributary/a": serviceEntry("a").version, "tributary/gone": "1" };
  named.request({ typeUrl, resourceNamesSubscribe: Object.keys(initialResourceVersions), initialResourceVersions });
  all.request({ typeUrl, initialResourceVersions });
  tool.stream.receive(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl })));
  assert.deepEqual(told([...named.readAll(), ...all.readAll()]), [[]]);
  const first = fromBinary(DiscoveryResponseSchema, tool.wire.take()!);
  const acknowledgement = create(DiscoveryRequestSchema, { typeUrl, responseNonce: first.nonce });
  tool.stream.receive(toBinary(DiscoveryRequestSchema, acknowledgement));
  rig.clock.advance(1_000);
  rig.completeness.complete();
  assert.deepEqual(told([...named.readAll(), ...all.readAll()]), [["-gone"], ["-gone"]]);
  assert.equal(fromBinary(DiscoveryResponseSchema, tool.wire.take()!).controlPlane?.identifier, "tributary/test");
});

test("a tool is told what there is, and told when it has become complete", () => {
  const rig = new StreamRig({ complete: false });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const client = rig.delta();
  client.request({ typeUrl });
  assert.deepEqual(
    client.readAll().map(({ controlPlane }) => controlPlane?.identifier),
    ["tributary/test incomplete"],
  );
  rig.completeness.complete();
  const responses = client.readAll();
  assert.deepEqual(
    responses.map(({ controlPlane }) => controlPlane?.identifier),
    ["tributary/test"],
  );
  assert.deepEqual(told(responses), [[]]);
});
