import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readNacosService } from "../../../src/registries/nacos/nacos-service.ts";

const pushed = {
  name: "svc-a",
  groupName: "DEFAULT_GROUP",
  clusters: "",
  cacheMillis: 10_000,
  hosts: [
    {
      instanceId: "10.0.0.1#8080#c1#DEFAULT_GROUP@@svc-a",
      ip: "10.0.0.1",
      port: 8080,
      weight: 0.5,
      healthy: true,
      enabled: true,
      ephemeral: true,
      clusterName: "c1",
      serviceName: "DEFAULT_GROUP@@svc-a",
      metadata: {},
      instanceHeartBeatInterval: 5000,
    },
  ],
  lastRefTime: 1_795_234_234_599,
  reachProtectionThreshold: false,
};

const instance = {
  instanceId: "10.0.0.1#8080#c1#DEFAULT_GROUP@@svc-a",
  ip: "10.0.0.1",
  port: 8080,
  weight: 0.5,
  enabled: true,
  healthy: true,
  ephemeral: true,
  clusterName: "c1",
  metadata: {},
};

test("a pushed service and one read over HTTP are the same, though HTTP writes the group before the name", () => {
  const expected = { namespace: "public", group: "DEFAULT_GROUP", name: "svc-a", instances: [instance] };
  assert.deepEqual(readNacosService("public", pushed), expected);
  assert.deepEqual(readNacosService("public", { ...pushed, name: "DEFAULT_GROUP@@svc-a" }), expected);
});

test("a 1.x server writes the name as dom and the group nowhere else", () => {
  const { group, name } = readNacosService("public", { dom: "G@@svc:a", hosts: [] });
  assert.deepEqual([group, name], ["G", "svc:a"]);
});

test("what a client left out has Nacos' own defaults", () => {
  const { instances } = readNacosService("n", { name: "s", hosts: [{ ip: "10.0.0.1", port: 1, clusterName: null, metadata: null }] });
  assert.deepEqual(instances, [
    { ip: "10.0.0.1", port: 1, weight: 1, enabled: true, healthy: true, ephemeral: true, clusterName: "DEFAULT", metadata: {} },
  ]);
});

test("metadata is text: null is left out, numbers and truth values are written out", () => {
  const metadata = { a: null, b: 1, c: true, d: { e: 1 }, f: "g", long: "x".repeat(9_000) };
  const { instances } = readNacosService("n", { name: "s", hosts: [{ ip: "10.0.0.1", port: 1, metadata }] });
  assert.deepEqual(instances[0]?.metadata, { b: "1", c: "true", f: "g" });
});

test("a broken instance costs only itself and is named", () => {
  const hosts = [null, { ip: "", port: 1 }, { ip: "a", port: 65_536 }, { ip: "a", port: "1" }, { ip: "a", port: 1, weight: -1 }];
  const { instances, problems } = readNacosService("n", { name: "s", groupName: "g", hosts: [...hosts, ...pushed.hosts] });
  assert.deepEqual(instances, [instance]);
  assert.deepEqual(
    problems?.map(({ code, where }) => `${code} ${where}`),
    hosts.map((_, index) => `bad-instance n/g/s#${index}`),
  );
});

test("what is no service is refused in words", () => {
  assert.throws(() => readNacosService("n", "no"), /is an object, not "no"/);
  assert.throws(() => readNacosService("n", { hosts: [] }), /has no name/);
  assert.throws(() => readNacosService("n", { name: "s" }), /service "s" of Nacos has no list of hosts/);
});

test("whatever a server sends is read or refused in words", () => {
  const host = fc.record({ ip: fc.anything(), port: fc.anything(), weight: fc.anything(), metadata: fc.anything() }, { requiredKeys: [] });
  const service = fc.record({ name: fc.anything(), groupName: fc.anything(), hosts: fc.oneof(fc.array(host), fc.anything()) });
  fc.assert(
    fc.property(fc.oneof(service, fc.anything()), (json) => {
      try {
        for (const { port, weight } of readNacosService("n", json).instances) assert.ok(port >= 0 && port <= 65_535 && weight >= 0);
      } catch (error) {
        assert.match((error as Error).message, /of Nacos/);
      }
    }),
  );
});
