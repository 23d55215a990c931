import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { DubboInstance } from "../../../../src/registries/dubbo/application/dubbo-instance.ts";
import { type MetadataInfo, parseMetadataInfo, providerAt } from "../../../../src/registries/dubbo/application/metadata-info.ts";

const instance: DubboInstance = {
  address: "10.0.0.1",
  endpoints: [
    { number: 20880, protocol: "dubbo" },
    { number: 50051, protocol: "tri" },
  ],
  revision: "abc",
  isMetadataRemote: true,
  disabled: false,
  persistent: false,
  providers: [],
};

function parse(services: unknown): MetadataInfo {
  const info = parseMetadataInfo(Buffer.from(JSON.stringify({ app: "shop", revision: "abc", services })), "shop");
  assert.ok(typeof info !== "string", String(info));
  return info;
}

function provider(service: Record<string, unknown>, at: Partial<DubboInstance> = {}) {
  const [offered] = parse({ any: { name: "a.B", protocol: "dubbo", port: 20880, ...service } }).get("a.B") ?? [];
  return offered && providerAt(offered, { ...instance, ...at });
}

suite("metadata of an application", () => {
  test("of Java: identity, weight and labels, by the rules of provider URLs", () => {
    const params = {
      "dubbo.tag": "gray",
      REGISTRY_CLUSTER: "default",
      application: "shop",
      dynamic: "true",
      group: "g1",
      interface: "a.B",
      isExtra: "false",
      methods: "create,query",
      release: "3.3.6",
      side: "provider",
      version: "1.2.0",
      weight: "150",
      zone: "hz-a",
    };
    assert.deepEqual(provider({ group: "g1", version: "1.2.0", path: "a.B", params }), {
      scheme: "dubbo",
      address: "10.0.0.1",
      ports: [{ number: 20880, protocol: "dubbo" }],
      interface: "a.B",
      group: "g1",
      version: "1.2.0",
      weight: 150,
      disabled: false,
      persistent: false,
      timestamp: 0,
      labels: { application: "shop", group: "g1", version: "1.2.0", "dubbo.tag": "gray", zone: "hz-a" },
    });
  });

  test("of dubbo-go: a weight of 0 is none, and what is stated beside the parameters counts", () => {
    const read = provider({ group: "g1", version: "0.0.0", params: { release: "dubbo-golang-3.3.1", weight: "0", group: "g2" } });
    assert.equal(read?.weight, undefined);
    assert.equal(read?.group, "g1");
    assert.equal(read?.version, undefined);
    assert.deepEqual(read?.labels, { application: "shop", group: "g1" });
  });

  test("may leave the port to the instance", () => {
    for (const port of [undefined, 0, -1, null, "20880"]) {
      assert.deepEqual(provider({ protocol: "tri", port })?.ports, [{ number: 50051, protocol: "tri" }]);
    }
    assert.equal(provider({ protocol: "rest", port: 0 }), undefined);
    assert.deepEqual(provider({ port: 0, params: { "ext.protocol": "tri," } })?.ports, [
      { number: 20880, protocol: "dubbo" },
      { number: 20880, protocol: "tri" },
    ]);
  });

  test("makes no provider of what says that it is none, or that nobody can reach", () => {
    assert.equal(provider({ params: { side: "consumer" } }), undefined);
    assert.equal(provider({ protocol: "injvm" }), undefined);
    assert.equal(provider({ protocol: 7 }), undefined);
    assert.equal(provider({ params: { disabled: "true" } })?.disabled, true);
    assert.equal(provider({}, { disabled: true })?.disabled, true);
    assert.equal(provider({ params: { dynamic: "false" } })?.persistent, true);
  });

  test("does not lead elsewhere by an interface's name", () => {
    for (const name of ["..", ".", "", "a/b", "a b", "a\u0000", "\ud800", "x".repeat(300), 7, null]) {
      assert.equal(parse({ any: { name, protocol: "dubbo", port: 1 } }).size, 0);
    }
    assert.equal(parse({ any: { name: "lab.api.ItemFacade$Nested", protocol: "dubbo", port: 1 } }).size, 1);
  });

  test("costs the whole revision where it cannot be understood", () => {
    for (const content of ["", "127.0.0.1", "{", "[]", "null", "{}", '{"services":[]}', '{"services":null}']) {
      assert.equal(typeof parseMetadataInfo(Buffer.from(content), "shop"), "string", content);
    }
    assert.equal(typeof parseMetadataInfo(Buffer.alloc(5 * 1024 * 1024, 0x20), "shop"), "string");
  });

  test("never makes the reader throw, whatever it is", () => {
    const service = fc.record(
      {
        name: fc.oneof(fc.constant("a.B"), fc.string(), fc.jsonValue()),
        protocol: fc.oneof(fc.constantFrom("dubbo", "tri"), fc.jsonValue()),
        port: fc.oneof(fc.integer(), fc.jsonValue()),
        group: fc.jsonValue(),
        params: fc.oneof(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue())), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const content = fc.oneof(
      fc.record({ services: fc.dictionary(fc.string(), fc.oneof(service, fc.jsonValue())) }).map((value) => JSON.stringify(value)),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(content, (text) => {
        const info = parseMetadataInfo(Buffer.from(text), "shop");
        if (typeof info === "string") return true;
        const providers = [...info.values()].flat().flatMap((offered) => providerAt(offered, instance) ?? []);
        return providers.every(({ ports }) => ports.every(({ number }) => number >= 1 && number <= 65_535));
      }),
      { numRuns: 300 },
    );
  });
});
