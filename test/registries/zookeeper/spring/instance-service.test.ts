import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../../src/registries/contract.ts";
import { type CuratorInstance, isInstance, parseInstance } from "../../../../src/registries/zookeeper/curator/instance.ts";
import { serviceOf } from "../../../../src/registries/zookeeper/spring/instance-service.ts";

function instance(changes: Partial<CuratorInstance> = {}): CuratorInstance {
  return {
    name: "orders",
    id: "1",
    address: "10.0.0.1",
    port: 8080,
    sslPort: undefined,
    payloadClass: "org.springframework.cloud.zookeeper.discovery.ZookeeperInstance",
    metadata: {},
    enabled: true,
    persistent: false,
    registrationTime: 1,
    ...changes,
  };
}

function read(...instances: readonly CuratorInstance[]) {
  const problems: Problem[] = [];
  const nodes = new Map(instances.map((one, at) => [`node-${at}`, one]));
  return { ...serviceOf("orders", "/services/orders", nodes, (problem) => problems.push(problem)), problems };
}

suite("instances of a Spring Cloud application", () => {
  for (const [status, health] of [
    ["UP", "healthy"],
    ["up", "healthy"],
    ["OUT_OF_SERVICE", "disabled"],
    ["DOWN", "unhealthy"],
    ["STARTING", "unhealthy"],
    ["whatever", "unhealthy"],
    ["", undefined],
    [undefined, undefined],
  ] as const) {
    test(`with status ${JSON.stringify(status)} are ${health ?? "neither healthy nor unhealthy"}`, () => {
      const metadata: Record<string, string> = status === undefined ? {} : { instance_status: status };
      assert.equal(read(instance({ metadata })).instances[0]?.health, health);
    });
  }

  for (const [text, weight] of [
    ["5", 5],
    ["0", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["much", undefined],
  ] as const) {
    test(`with weight ${text} have ${weight ?? "none"}`, () => {
      const [one] = read(instance({ metadata: { weight: text } })).instances;
      assert.deepEqual([one?.weight, one?.labels], [weight, undefined]);
    });
  }

  test("are not Dubbo's, by their class or by their metadata", () => {
    const byClass = instance({ payloadClass: "org.apache.dubbo.registry.zookeeper.ZookeeperInstance" });
    const byMetadata = instance({ payloadClass: undefined, metadata: { "dubbo.metadata.revision": "1" } });
    assert.deepEqual(read(byClass, byMetadata), { key: { name: "orders" }, instances: [], problems: [] });
  });

  test("show no secrets", () => {
    const metadata = { "user.name": "a", "user.password": "b", apiToken: "c", CLIENT_SECRET: "d", version: "1" };
    assert.deepEqual(read(instance({ metadata })).instances[0]?.labels, { "user.name": "a", version: "1" });
  });

  test("are told within bounds, each address and port once, whatever their nodes hold", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom("UP", "weight", "zone", "__proto__", "10.0.0.1", "h"),
    );
    const port = fc.oneof(fc.constantFrom(null, 0, 8080, 8443), fc.integer({ min: -1, max: 70_000 }));
    const node = fc.record({
      address: text,
      port,
      sslPort: port,
      payload: fc.record({ metadata: fc.dictionary(text, fc.oneof(text, fc.integer())) }),
      registrationTimeUTC: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(node), (nodes) => {
        const parsed = nodes.map((one) => parseInstance(Buffer.from(JSON.stringify(one)))).filter(isInstance);
        const { instances } = read(...parsed);
        assert.equal(new Set(instances.map(({ id }) => id)).size, instances.length);
        for (const { ports, labels = {} } of instances) {
          assert.ok(ports.length >= 1 && ports.every(({ number }) => number >= 1 && number <= 65_535));
          assert.ok(Object.keys(labels).length <= 32 && Object.values(labels).every(({ length }) => length <= 256));
        }
        assert.deepEqual(
          read(...parsed.toReversed()).instances.map(({ id }) => id),
          instances.map(({ id }) => id),
        );
      }),
    );
  });
});
