import assert from "node:assert/strict";
import { test } from "node:test";
import { apiRig, dubboService, httpService } from "../../support/api-rig.ts";

test("a host is explained: who gives it, which rules shaped it, what is served, and since when", async (t) => {
  const rig = await apiRig(t, { services: { files: [httpService("Orders", ["10.0.0.1", "10.0.0.2"])] } });
  const { explanation } = await rig.call("Why", { host: "orders.file" });
  assert.equal(explanation.state, "served");
  assert.deepEqual([explanation.namespace, explanation.host], ["tributary", "orders.file"]);
  const served = rig.pipeline.store.current().table("networking.istio.io/ServiceEntry").get("tributary/orders.file");
  assert.equal(explanation.object.version, served?.version);
  assert.deepEqual(explanation.object.spec.addresses, [explanation.vip]);
  assert.equal(explanation.vip, rig.pipeline.vip("tributary/orders.file"));
  const [contribution] = explanation.contributions;
  assert.deepEqual(
    [contribution.registry, contribution.registryType, contribution.phase, contribution.key.name],
    ["files", "file", "live", "Orders"],
  );
  assert.deepEqual(
    contribution.instances.map(({ address }: { address: string }) => address),
    ["10.0.0.1", "10.0.0.2"],
  );
  assert.ok(Math.abs(Date.parse(contribution.firstSeen) - Date.now()) < 60_000);
  const rules = new Map(explanation.rules.map(({ rule, effect }: { rule: string; effect: string }) => [rule, effect]));
  assert.match(String(rules.get("naming")), /template of file .*orders\.file/);
  assert.match(String(rules.get("name-loss")), /lower case/);
  assert.match(String(rules.get("ports")), /declared.*http:80/);
  assert.equal(explanation.readBack.state, "unknown");
});

test("a trailing dot, another case, a namespace and the registry's own name all find the host", async (t) => {
  const rig = await apiRig(t, { services: { files: [dubboService("com.acme.Foo", ["10.0.0.1"], { group: "blue", version: "1.0" })] } });
  const { explanation } = await rig.call("Why", { host: "com.acme.Foo" });
  const host = explanation.host as string;
  for (const query of [
    `${host}.`,
    host.toUpperCase(),
    `tributary/${host}`,
    "com.acme.foo",
    "blue/com.acme.Foo",
    "com.acme.Foo:1.0",
    "blue/com.acme.Foo:1.0",
    "|blue|com.acme.Foo|1.0",
  ]) {
    assert.equal((await rig.call("Why", { host: query })).explanation?.host, host, query);
  }
  assert.equal((await rig.call("Why", { host: "green/com.acme.Foo" })).code, "not_found");
});

test("a name that several hosts have gives the candidates", async (t) => {
  const versions = ["1.0.0", "2.0.0"].map((version) => httpService("inventory", ["10.0.0.1"], { version }));
  const rig = await apiRig(t, { services: { files: versions } });
  const { explanation, candidates } = await rig.call("Why", { host: "inventory" });
  assert.equal(explanation, undefined);
  assert.deepEqual(
    candidates.map(({ host, service }: { host: string; service: string }) => [host, service]),
    [
      ["tributary/inventory.v-1-0-0.file", "inventory:1.0.0"],
      ["tributary/inventory.v-2-0-0.file", "inventory:2.0.0"],
    ],
  );
});

test("a service whose host was refused says why", async (t) => {
  const rig = await apiRig(t, {
    services: { files: [httpService("evil", ["10.0.0.1"], { hosts: ["kubernetes.default.svc.cluster.local"] })] },
  });
  const { candidates } = await rig.call("Why", { host: "evil" });
  assert.equal(candidates[0].host, undefined);
  assert.match(candidates[0].refusal, /cluster\.local/);
});

test("a host that nobody gives is NOT_FOUND with the nearest ones", async (t) => {
  const rig = await apiRig(t, { services: { files: ["orders", "carts", "shop"].map((name) => httpService(name, ["10.0.0.1"])) } });
  const { code, message } = await rig.call("Why", { host: "ordres.file" });
  assert.equal(code, "not_found");
  assert.match(message, /"ordres\.file"; the nearest are tributary\/orders\.file/);
});

test("instances that are left out carry the reason, and the problems say more", async (t) => {
  const instances = [{ address: "10.0.0.1" }, { address: "0.0.0.0" }, { address: "10.0.0.3", health: "disabled" }];
  const rig = await apiRig(t, { services: { files: [httpService("orders", [], { instances })] } });
  const { explanation } = await rig.call("Why", { host: "orders.file" });
  const skipped = Object.fromEntries(
    explanation.contributions[0].instances.map((one: { address: string; skipped?: string[] }) => [one.address, one.skipped]),
  );
  assert.deepEqual(skipped, { "10.0.0.1": undefined, "0.0.0.0": ["bad-address"], "10.0.0.3": ["disabled"] });
  assert.deepEqual(
    explanation.problems.map(({ code }: { code: string }) => code),
    ["bad-address"],
  );
});

test("a service of two registries names both, the first in the configuration first", async (t) => {
  const rig = await apiRig(t, { services: { b: [httpService("orders", ["10.0.0.1"])], a: [httpService("orders", ["10.0.0.2"])] } });
  const { explanation } = await rig.call("Why", { host: "orders.file" });
  assert.deepEqual(
    explanation.contributions.map(({ registry }: { registry: string }) => registry),
    ["b", "a"],
  );
  assert.ok(explanation.rules.some(({ rule, effect }: { rule: string; effect: string }) => rule === "merge" && effect.startsWith("b, a")));
});

test("a service that gives way to a ready object is explained with what is served instead", async (t) => {
  const rig = await apiRig(t, { services: { files: [httpService("orders", ["10.0.0.1"])] } });
  const put = async (namespace: string, name: string) => {
    const spec = { hosts: ["orders.file"], ports: [{ number: 80, name: "http", protocol: "HTTP" }], resolution: "DNS" };
    const resource = { apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", metadata: { name, namespace }, spec };
    rig.pipeline.catalog.upsert(
      "files",
      `resource/ServiceEntry/${namespace}/${name}`,
      JSON.stringify({ kind: "resource", resource }),
      Date.now(),
    );
    await new Promise<void>((resolve) => rig.pipeline.publisher.onIdle(resolve));
  };
  await put("shop", "mine");
  for (const host of ["orders.file", "tributary/orders.file", "orders"]) {
    const { explanation } = await rig.call("Why", { host });
    assert.equal(explanation?.state, "replaced", host);
    assert.match(explanation.summary, /ServiceEntry\/shop\/mine/);
    assert.deepEqual([explanation.object.metadata.namespace, explanation.object.spec.resolution], ["shop", "DNS"]);
  }
  assert.equal((await rig.call("Why", { host: "shop/mine" })).explanation.state, "served");
  await put("tributary", "orders.file");
  assert.equal((await rig.call("Why", { host: "tributary/orders.file" })).explanation.state, "replaced");
});

test("a collision names who else wants the host, and what they got", async (t) => {
  const rig = await apiRig(t, { services: { files: [httpService("Foo", ["10.0.0.1"]), httpService("foo", ["10.0.0.2"])] } });
  const { explanation } = await rig.call("Why", { host: "foo.file" });
  const rule = explanation.rules.find((one: { rule: string }) => one.rule === "collision");
  assert.match(rule.effect, /foo-[0-9a-f]{10}\.file/);
});

test("clients are told with what they have, and whether they asked for it at all", async (t) => {
  const subscription = {
    typeUrl: "networking.istio.io/v1alpha3/ServiceEntry",
    names: undefined,
    sentVersion: "v2",
    ackedVersion: "v1",
    ackedResources: 1,
    sentResources: 1,
    sentBytes: 10,
    objects: 1,
    current: false,
    unackedMs: 5,
    held: false,
    rejection: undefined,
  };
  const client = (shard: number, asksFor: boolean) => ({
    stream: 1,
    peer: "127.0.0.1:5",
    nodeId: `node-${shard}-${asksFor}`,
    kind: "istiod" as const,
    protocol: "sotw" as const,
    ageMs: 10,
    shard,
    subscriptions: [{ ...subscription, asksFor: () => asksFor }],
  });
  const rig = await apiRig(t, {
    services: { files: [httpService("orders", ["10.0.0.1"])] },
    inspection: { clients: () => [client(0, true), client(0, false), client(1, true)], shardOf: () => 0 },
  });
  const { explanation } = await rig.call("Why", { host: "orders.file" });
  assert.deepEqual(
    explanation.clients.map(({ node, ackedVersion, notSubscribed }: Record<string, unknown>) => [node, ackedVersion, notSubscribed]),
    [
      ["node-0-true", "v1", undefined],
      ["node-0-false", "v1", true],
    ],
  );
});

test("an empty or endless host is an invalid argument", async (t) => {
  const rig = await apiRig(t, { services: { files: [] } });
  for (const host of ["", "  ", "x".repeat(2_000)]) assert.equal((await rig.call("Why", { host })).code, "invalid_argument");
});
