import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type CuratorInstance, isInstance, parseInstance } from "../../../../src/registries/zookeeper/curator/instance.ts";

function instance(node: unknown): CuratorInstance {
  const parsed = parseInstance(Buffer.from(JSON.stringify(node)));
  assert.ok(isInstance(parsed), JSON.stringify(parsed));
  return parsed;
}

function problem(content: string | Buffer): string | undefined {
  const parsed = parseInstance(Buffer.from(content));
  assert.ok(!isInstance(parsed), JSON.stringify(parsed));
  return parsed.problem?.code;
}

const plain = {
  name: "",
  id: "",
  address: "10.0.0.1",
  port: undefined,
  sslPort: undefined,
  payloadClass: undefined,
  metadata: {},
  enabled: true,
  persistent: false,
  registrationTime: 0,
};

suite("the content of an instance node", () => {
  test("of Dubbo in Java", () => {
    const content = `{"name":"order-center","id":"192.0.2.2:20880","address":"192.0.2.2","port":20880,"sslPort":null,"payload":{"@class":"org.apache.dubbo.registry.zookeeper.ZookeeperInstance","id":"192.0.2.2:20880","name":"order-center","metadata":{"dubbo.endpoints":"[{\\"port\\":20880,\\"protocol\\":\\"dubbo\\"}]","dubbo.metadata.revision":"835cd30b"}},"registrationTimeUTC":1795234472178,"serviceType":"DYNAMIC","uriSpec":null}`;
    assert.deepEqual(instance(JSON.parse(content)), {
      name: "order-center",
      id: "192.0.2.2:20880",
      address: "192.0.2.2",
      port: 20880,
      sslPort: undefined,
      payloadClass: "org.apache.dubbo.registry.zookeeper.ZookeeperInstance",
      metadata: { "dubbo.endpoints": '[{"port":20880,"protocol":"dubbo"}]', "dubbo.metadata.revision": "835cd30b" },
      enabled: true,
      persistent: false,
      registrationTime: 1_795_234_472_178,
    });
  });

  test("of Spring Cloud, with a second port and a host name", () => {
    const content = `{"name":"Order_Service-1","id":"order-1","address":"Order-7d9f.shop","port":25080,"sslPort":25443,"payload":{"@class":"org.springframework.cloud.zookeeper.discovery.ZookeeperInstance","id":"Order_Service-1","name":"Order_Service-1","metadata":{"instance_status":"UP"}},"registrationTimeUTC":1795235582704,"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"scheme","variable":true}]}}`;
    assert.deepEqual(instance(JSON.parse(content)), {
      name: "Order_Service-1",
      id: "order-1",
      address: "order-7d9f.shop",
      port: 25080,
      sslPort: 25443,
      payloadClass: "org.springframework.cloud.zookeeper.discovery.ZookeeperInstance",
      metadata: { instance_status: "UP" },
      enabled: true,
      persistent: false,
      registrationTime: 1_795_235_582_704,
    });
  });

  test("of dubbo-go, which leaves fields out", () => {
    const content = `{"name":"go-order","id":"192.0.2.2:20200","address":"192.0.2.2","port":20200,"payload":{"@class":"org.apache.dubbo.registry.zookeeper.ZookeeperInstance","id":"192.0.2.2:20200","metadata":{"dubbo.metadata.revision":"15495362232"},"name":"go-order"}}`;
    const { sslPort, registrationTime, metadata } = instance(JSON.parse(content));
    assert.deepEqual(
      { sslPort, registrationTime, metadata },
      {
        sslPort: undefined,
        registrationTime: 0,
        metadata: { "dubbo.metadata.revision": "15495362232" },
      },
    );
  });

  test("may have next to nothing, or nulls everywhere", () => {
    assert.deepEqual(instance({ address: "10.0.0.1" }), plain);
    const nulls = {
      name: null,
      id: null,
      port: null,
      sslPort: null,
      payload: null,
      registrationTimeUTC: null,
      serviceType: null,
      uriSpec: null,
    };
    assert.deepEqual(instance({ address: "10.0.0.1", ...nulls }), plain);
    assert.deepEqual(instance({ address: "10.0.0.1", port: 0, payload: "text", enabled: true }), plain);
    assert.deepEqual(instance({ address: "10.0.0.1", payload: { metadata: ["a"] } }), plain);
  });

  test("says whether it is enabled and whether it stays", () => {
    assert.equal(instance({ address: "10.0.0.1", enabled: false }).enabled, false);
    for (const serviceType of ["PERMANENT", "STATIC"]) assert.equal(instance({ address: "10.0.0.1", serviceType }).persistent, true);
    assert.equal(instance({ address: "10.0.0.1", serviceType: "DYNAMIC_SEQUENTIAL" }).persistent, false);
  });

  test("keeps metadata that are no texts as texts, and leaves out what is too much", () => {
    const metadata = { a: 1, b: true, c: null, d: {}, e: "x".repeat(9_000), ["k".repeat(200)]: "v", f: "", ["__proto__"]: "p" };
    const read = instance({ address: "10.0.0.1", payload: { metadata } }).metadata;
    assert.deepEqual(Object.entries(read), [
      ["a", "1"],
      ["b", "true"],
      ["f", ""],
      ["__proto__", "p"],
    ]);
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`k${at}`, "v"]));
    assert.equal(Object.keys(instance({ address: "10.0.0.1", payload: { metadata: many } }).metadata).length, 64);
  });

  test("is no instance but a folder where it is empty or some text", () => {
    for (const content of ["", "127.0.0.1", "[]", "null", "42", '"text"', Buffer.from([0xff, 0xfe])])
      assert.equal(problem(content), undefined);
  });

  test("costs the instance where it cannot be understood", () => {
    assert.equal(problem('{"address":"10.0.0.1"'), "bad-instance");
    assert.equal(problem(`{"address":"10.0.0.1","x":"${"x".repeat(70_000)}"}`), "bad-instance");
    for (const node of [
      {},
      { address: null },
      { address: 7 },
      { address: "" },
      { address: "0.0.0.0" },
      { address: "10.0.0.999" },
      { address: "a b" },
    ]) {
      assert.equal(problem(JSON.stringify(node)), "bad-address");
    }
    for (const port of [-1, 65_536, 1.5, "8080", true, [], {}]) {
      assert.equal(problem(JSON.stringify({ address: "10.0.0.1", port })), "bad-port");
      assert.equal(problem(JSON.stringify({ address: "10.0.0.1", port: 80, sslPort: port })), "bad-port");
    }
  });

  test("never makes the reader throw, whatever it is", () => {
    const keys = ["name", "id", "address", "port", "sslPort", "payload", "enabled", "serviceType", "registrationTimeUTC"];
    const node = fc.dictionary(
      fc.constantFrom(...keys),
      fc.oneof(fc.jsonValue(), fc.constantFrom("10.0.0.1", "::1", 80), fc.record({ metadata: fc.jsonValue(), "@class": fc.jsonValue() })),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          node.map((value) => Buffer.from(JSON.stringify(value))),
          fc.uint8Array().map((bytes) => Buffer.from([0x7b, ...bytes])),
        ),
        (content) => {
          const parsed = parseInstance(content);
          if (!isInstance(parsed)) return (parsed.problem?.message ?? "").length < 1_000;
          return (
            [parsed.port, parsed.sslPort].every((port) => port === undefined || (port >= 1 && port <= 65_535)) &&
            Object.values(parsed.metadata).every((value) => typeof value === "string")
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
