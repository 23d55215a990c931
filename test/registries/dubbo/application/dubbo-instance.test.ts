import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  type DubboInstance,
  isDubbo,
  isDubboInstance,
  readDubboInstance,
} from "../../../../src/registries/dubbo/application/dubbo-instance.ts";
import type { CuratorInstance } from "../../../../src/registries/zookeeper/curator/instance.ts";

function curator(metadata: Record<string, string>, more: Partial<CuratorInstance> = {}): CuratorInstance {
  return {
    name: "shop",
    id: "10.0.0.1:20880",
    address: "10.0.0.1",
    port: 20880,
    sslPort: undefined,
    payloadClass: "org.apache.dubbo.registry.zookeeper.ZookeeperInstance",
    metadata,
    enabled: true,
    persistent: false,
    registrationTime: 0,
    ...more,
  };
}

function instance(metadata: Record<string, string>, more: Partial<CuratorInstance> = {}): DubboInstance {
  const read = readDubboInstance(curator({ "dubbo.metadata.revision": "abc", ...metadata }, more), "shop");
  assert.ok(isDubboInstance(read), JSON.stringify(read));
  return read;
}

suite("an instance of a Dubbo application", () => {
  test("is told from those of others below the same root", () => {
    assert.ok(isDubbo(curator({})));
    assert.ok(isDubbo(curator({ "dubbo.metadata.revision": "1" }, { payloadClass: undefined })));
    assert.ok(!isDubbo(curator({}, { payloadClass: undefined })));
    const payloadClass = "org.springframework.cloud.zookeeper.discovery.ZookeeperInstance";
    assert.ok(!isDubbo(curator({ "dubbo.metadata.revision": "1" }, { payloadClass })));
  });

  test("says where it can be reached by which protocols, and what it offers", () => {
    const endpoints = '[{"port":20880,"protocol":"dubbo"},{"port":50051,"protocol":"tri"}]';
    const read = instance({
      "dubbo.endpoints": endpoints,
      "dubbo.metadata.storage-type": "remote",
      "dubbo.metadata-service.url-params": "{}",
      "meta-v": "2.0.0",
      timestamp: "1795234472081",
      zone: "hz-a",
    });
    assert.deepEqual(read.endpoints, [
      { number: 20880, protocol: "dubbo" },
      { number: 50051, protocol: "tri" },
    ]);
    assert.equal(read.revision, "abc");
    assert.equal(read.isMetadataRemote, true);
    assert.deepEqual(
      read.providers.map(({ scheme, address, ports, labels, interface: name }) => ({ scheme, address, ports, labels, name })),
      [
        {
          scheme: "dubbo",
          address: "10.0.0.1",
          ports: [{ number: 20880, protocol: "dubbo" }],
          labels: { application: "shop", zone: "hz-a" },
          name: undefined,
        },
        {
          scheme: "tri",
          address: "10.0.0.1",
          ports: [{ number: 50051, protocol: "tri" }],
          labels: { application: "shop", zone: "hz-a" },
          name: undefined,
        },
      ],
    );
  });

  test("with several protocols on one port is one provider", () => {
    const { providers } = instance({ "dubbo.endpoints": '[{"port":20880,"protocol":"dubbo"},{"port":20880,"protocol":"tri"}]' });
    assert.deepEqual(
      providers.map(({ scheme, ports }) => [scheme, ports.map(({ protocol }) => protocol)]),
      [["dubbo", ["dubbo", "tri"]]],
    );
  });

  test("without usable endpoints is where its port is, and nowhere without one", () => {
    for (const endpoints of ["[]", "{}", "null", '[{"port":0,"protocol":"dubbo"},{"port":20880},null,{"port":1,"protocol":"injvm"}]']) {
      assert.deepEqual(instance({ "dubbo.endpoints": endpoints }).endpoints, [{ number: 20880, protocol: "dubbo" }]);
    }
    for (const [metadata, more] of [
      [{ "dubbo.endpoints": "[" }, {}],
      [{}, { port: undefined }],
    ] as const) {
      const read = readDubboInstance(curator({ "dubbo.metadata.revision": "abc", ...metadata }, more), "shop");
      assert.ok(!isDubboInstance(read) && read.problem !== undefined);
    }
  });

  test("that offers nothing is passed over in silence; a revision that could lead elsewhere is refused", () => {
    for (const revision of ["0", undefined]) {
      const read = readDubboInstance(curator(revision === undefined ? {} : { "dubbo.metadata.revision": revision }), "shop");
      assert.deepEqual(read, { problem: undefined });
    }
    for (const revision of ["..", ".", "a/b", "", "a b", "x".repeat(200)]) {
      const read = readDubboInstance(curator({ "dubbo.metadata.revision": revision }), "shop");
      assert.ok(!isDubboInstance(read) && read.problem !== undefined, revision);
    }
  });

  test("may be disabled or persistent as a whole", () => {
    const [provider] = instance({}, { enabled: false, persistent: true }).providers;
    assert.equal(provider?.disabled, true);
    assert.equal(provider?.persistent, true);
  });

  test("never makes the reader throw, whatever it says", () => {
    const metadata = fc.dictionary(
      fc.constantFrom("dubbo.endpoints", "dubbo.metadata.revision", "weight", "dubbo.tag", "zone", "side", "__proto__"),
      fc.oneof(fc.json(), fc.string(), fc.constantFrom("1", '[{"port":1,"protocol":"dubbo"}]')),
    );
    fc.assert(
      fc.property(metadata, fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }), (written, port) => {
        const read = readDubboInstance(curator(written, { port }), "shop");
        return !isDubboInstance(read) || (read.endpoints.length > 0 && read.providers.every(({ ports }) => ports.length > 0));
      }),
    );
  });
});
