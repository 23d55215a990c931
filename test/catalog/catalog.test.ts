import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Item, itemId } from "../../src/registries/service.ts";
import { CatalogRig, instance, readyEntry, registryConfig, service } from "../support/catalog-rig.ts";

describe("the catalog", () => {
  it("joins one service of several registries, and lets go of one registry's share alone", () => {
    const rig = new CatalogRig(registryConfig("a"), registryConfig("b"));
    rig.put("a", service("s", [1, 2]));
    rig.put("b", service("s", [2, 3]));
    assert.deepEqual(
      rig.service("s.dubbo")?.endpoints.map(({ address, registries }) => [address, registries.join()]),
      [
        ["10.0.0.1", "a"],
        ["10.0.0.2", "a,b"],
        ["10.0.0.3", "b"],
      ],
    );
    rig.take("a", service("s"));
    assert.deepEqual(rig.addresses("s.dubbo"), ["10.0.0.2", "10.0.0.3"]);
  });

  it("joins what registries of different kinds call alike, and tells each by the name it has", () => {
    const naming = { ...registryConfig("b").naming, suffix: "dubbo", template: "{name}[.{group}]" };
    const rig = new CatalogRig(registryConfig("a"), registryConfig("b", { type: "kubernetes", naming }));
    rig.put("b", service("com.acme.S", [2, 3], { key: { name: "com.acme.S", group: "g" } }));
    rig.put("a", service("com.acme.S", [1, 2], { key: { name: "com.acme.S", group: "g" } }));
    assert.deepEqual(Object.keys(rig.everything()), ["service:tributary/com.acme.s.g.dubbo"]);
    assert.deepEqual(rig.addresses("com.acme.s.g.dubbo"), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    assert.deepEqual(rig.catalog.find("g/com.acme.S")[0]?.registries, ["a", "b"]);
    rig.put("b", service("com.acme.s", [4], { key: { name: "com.acme.s", group: "g" } }));
    assert.equal(rig.catalog.clashes()[0]?.code, "host-collision", "another name is another service");
    assert.deepEqual(rig.addresses("com.acme.s.g.dubbo"), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  });

  it("says which keys a change touches, once, with the time of the oldest change", () => {
    const rig = new CatalogRig(registryConfig("a"));
    let calls = 0;
    rig.catalog.onDirty(() => calls++);
    const item = service("s", [1]);
    rig.catalog.upsert("a", itemId(item), JSON.stringify(item), 50);
    rig.catalog.upsert("a", itemId(service("t")), JSON.stringify(service("t", [1])), 40);
    assert.equal(calls, 1);
    const { keys, seenAt } = rig.catalog.drain();
    assert.deepEqual([...keys].sort(), ["service:tributary/s.dubbo", "service:tributary/t.dubbo"]);
    assert.equal(seenAt, 40);
    rig.put("a", item);
    assert.equal(calls, 1, "nothing changed");
    assert.deepEqual(rig.dirty(), []);
    rig.put("a", service("s", [2]));
    assert.equal(calls, 2);
    assert.deepEqual(rig.dirty(), ["service:tributary/s.dubbo"]);
  });

  it("marks a service's other protocol when it appears, and both when they change", () => {
    const rig = new CatalogRig(registryConfig("a"));
    rig.put("a", service("s", [1]));
    rig.dirty();
    const both = instance(1, {
      ports: [
        { number: 20880, protocol: "dubbo" },
        { number: 20880, protocol: "tri" },
      ],
    });
    rig.put("a", service("s", [], { instances: [both] }));
    assert.deepEqual(rig.dirty(), ["service:tributary/s.dubbo", "service:tributary/tri.s.dubbo"]);
    rig.put("a", service("s", [1]));
    assert.deepEqual(rig.addresses("tri.s.dubbo"), [], "the host stays while the service is kept");
  });

  it("moves the larger identity away from a host, and back", () => {
    const rig = new CatalogRig(registryConfig("a"));
    rig.put("a", service("x.s", [1]));
    rig.put("a", service("X.s", [2]));
    const keys = rig.dirty();
    assert.equal(keys.length, 2);
    const hashed = keys.map((key) => key.slice("service:tributary/".length)).find((host) => host !== "x.s.dubbo") ?? "";
    assert.match(hashed, /^x-[0-9a-f]{10}\.s\.dubbo$/);
    assert.deepEqual(rig.addresses("x.s.dubbo"), ["10.0.0.2"]);
    assert.deepEqual(rig.addresses(hashed), ["10.0.0.1"]);
    assert.deepEqual(
      rig.catalog.clashes().map(({ code }) => code),
      ["host-collision"],
    );
    assert.equal(rig.catalog.explain("x.s.dubbo")[0]?.collidesWith[0]?.host, hashed);
    rig.take("a", service("X.s"));
    assert.deepEqual(rig.dirty(), keys);
    assert.deepEqual(rig.addresses("x.s.dubbo"), ["10.0.0.1"]);
    assert.equal(rig.service(hashed), undefined);
  });

  it("tells hosts it refuses", () => {
    const rig = new CatalogRig(registryConfig("a"));
    rig.put("a", service("s", [1], { hosts: ["kube-dns.kube-system.svc.cluster.local"] }));
    assert.deepEqual(rig.everything(), {});
    assert.equal(rig.catalog.clashes()[0]?.code, "host-under-cluster-domain");
    assert.equal(rig.catalog.clashes()[0]?.where, "a: service/||s|");
    rig.put("a", service("s", [1]));
    assert.deepEqual(rig.catalog.clashes(), []);
  });

  it("skips a text that is no item and keeps the last state", () => {
    const rig = new CatalogRig(registryConfig("a"));
    rig.put("a", service("s", [1]));
    const id = itemId(service("s"));
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      '{"kind":"service"}',
      '{"kind":"service","service":{"key":{"name":"s"},"instances":[null]}}',
      "x".repeat(1000),
    ]) {
      rig.catalog.upsert("a", id, text, 1);
    }
    rig.catalog.upsert("a", id, JSON.stringify(readyEntry("x", [])), 1);
    assert.deepEqual(rig.addresses("s.dubbo"), ["10.0.0.1"]);
    assert.equal(rig.catalog.reports()[0]?.skipped.malformed, 8);
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.record({ kind: fc.constant("service"), service: fc.object() }).map((item) => JSON.stringify(item)),
        ),
        (text) => {
          const rig = new CatalogRig(registryConfig("a"));
          for (const id of ["service/||s|", "resource/ServiceEntry/n/x", "fact///address/x"]) rig.catalog.upsert("a", id, text, 1);
          rig.everything();
          rig.catalog.reports();
          rig.catalog.clashes();
        },
      ),
    );
  });
});

describe("ready resources", () => {
  it("pass through", () => {
    const rig = new CatalogRig(registryConfig("f", { type: "file" }));
    rig.put("f", readyEntry("mine", ["mine.example.com"], "shop"));
    const entry = rig.catalog.get("resource:ServiceEntry/shop/mine");
    assert.equal(entry?.kind === "resource" && entry.passed.registry, "f");
    assert.deepEqual(rig.dirty(), ["resource:ServiceEntry/shop/mine"]);
  });

  for (const [what, item] of [
    ["host, in whatever namespace", readyEntry("other", ["S.dubbo"], "elsewhere")],
    ["name", readyEntry("s.dubbo", ["x.example.com"])],
  ] as const) {
    it(`win against a generated service of their ${what}`, () => {
      const rig = new CatalogRig(registryConfig("a"), registryConfig("f", { type: "file" }));
      rig.put("a", service("s", [1]), service("t", [1]));
      rig.dirty();
      rig.put("f", item);
      assert.equal(rig.service("s.dubbo"), undefined);
      assert.ok(rig.service("t.dubbo"));
      assert.ok(rig.dirty().includes("service:tributary/s.dubbo"));
      assert.deepEqual(
        rig.catalog.clashes().map(({ code, where }) => [code, where]),
        [["ready-wins", "service:tributary/s.dubbo"]],
      );
      assert.ok(rig.catalog.explain("s.dubbo")[0]?.withheldBy?.startsWith("resource:ServiceEntry/"));
      rig.take("f", item);
      assert.ok(rig.service("s.dubbo"));
      assert.ok(rig.dirty().includes("service:tributary/s.dubbo"));
    });
  }

  it("take only the other host of a service that has several", () => {
    const rig = new CatalogRig(registryConfig("a"), registryConfig("f", { type: "file" }));
    rig.put("a", service("s", [1], { hosts: ["s.dubbo", "t.dubbo"] }));
    rig.dirty();
    rig.put("f", readyEntry("x", ["t.dubbo"]));
    assert.deepEqual(rig.dirty(), ["resource:ServiceEntry/tributary/x", "service:tributary/s.dubbo"]);
    assert.deepEqual(rig.service("s.dubbo")?.otherHosts, []);
  });

  it("of one name come from the first registry in the configuration", () => {
    const [a, b] = [registryConfig("a", { type: "file" }), registryConfig("b", { type: "file" })];
    const rig = new CatalogRig(a, b);
    const giver = () => {
      const entry = rig.catalog.get("resource:ServiceEntry/n/x");
      return entry?.kind === "resource" ? entry.passed.registry : undefined;
    };
    rig.put("b", readyEntry("x", ["b.example.com"], "n"));
    assert.equal(giver(), "b");
    rig.put("a", readyEntry("x", ["a.example.com"], "n"));
    assert.equal(giver(), "a");
    assert.deepEqual(
      rig.catalog.clashes().map(({ code }) => code),
      ["duplicate-resource"],
    );
    rig.dirty();
    rig.catalog.setRegistries([b, a]);
    assert.equal(giver(), "b");
    assert.deepEqual(rig.dirty(), ["resource:ServiceEntry/n/x"]);
    rig.withdraw("b");
    assert.equal(giver(), "a");
  });
});

describe("a service's other hosts", () => {
  it("yield to a service that has the host as its own", () => {
    const rig = new CatalogRig(registryConfig("a"));
    rig.put("a", service("s", [1], { hosts: ["s.dubbo", "t.dubbo"] }));
    rig.dirty();
    rig.put("a", service("t", [2]));
    assert.deepEqual(rig.dirty(), ["service:tributary/s.dubbo", "service:tributary/t.dubbo"]);
    assert.deepEqual(rig.service("s.dubbo")?.otherHosts, []);
    assert.deepEqual(rig.addresses("t.dubbo"), ["10.0.0.2"]);
    rig.take("a", service("t"));
    assert.deepEqual(rig.service("s.dubbo")?.otherHosts, ["t.dubbo"]);
  });
});

describe("changed settings", () => {
  it("rename what is known", () => {
    const config = registryConfig("a");
    const rig = new CatalogRig(config);
    rig.put("a", service("s", [1]));
    rig.dirty();
    rig.catalog.setRegistries([{ ...config, naming: { ...config.naming, suffix: "mesh" } }]);
    assert.deepEqual(rig.dirty(), ["service:tributary/s.dubbo", "service:tributary/s.mesh"]);
    assert.deepEqual(Object.keys(rig.everything()), ["service:tributary/s.mesh"]);
    rig.catalog.setMesh({ namespace: "elsewhere", clusterDomain: "cluster.local" });
    assert.deepEqual(Object.keys(rig.everything()), ["service:elsewhere/s.mesh"]);
  });

  it("serve host names another way", () => {
    const config = registryConfig("a");
    const rig = new CatalogRig(config);
    rig.put("a", service("s", [], { instances: [instance(1, { address: "order-1" })] }));
    assert.equal(rig.service("s.dubbo")?.endpoints[0]?.dns, undefined);
    rig.dirty();
    rig.catalog.setRegistries([{ ...config, hostNames: "dns" }]);
    assert.deepEqual(rig.dirty(), ["service:tributary/s.dubbo"]);
    assert.equal(rig.service("s.dubbo")?.endpoints[0]?.dns, true);
  });

  it("name again what was refused", () => {
    const config = registryConfig("a");
    const rig = new CatalogRig(config);
    rig.put("a", service("s", [1], { hosts: ["www.example.com"] }));
    rig.catalog.setRegistries([{ ...config, naming: { ...config.naming, allowOutsideSuffix: true } }]);
    assert.deepEqual(rig.addresses("www.example.com"), ["10.0.0.1"]);
    assert.deepEqual(rig.catalog.clashes(), []);
  });

  it("of the order change whose facts count", () => {
    const [a, b] = [registryConfig("a"), registryConfig("b")];
    const rig = new CatalogRig(a, b);
    rig.put("a", service("s", [], { instances: [instance(1, { weight: 1 })] }));
    rig.put("b", service("s", [], { instances: [instance(1, { weight: 2 })] }));
    assert.equal(rig.service("s.dubbo")?.endpoints[0]?.weight, 1);
    rig.dirty();
    rig.catalog.setRegistries([b, a]);
    assert.equal(rig.service("s.dubbo")?.endpoints[0]?.weight, 2);
    assert.deepEqual(rig.dirty(), ["service:tributary/s.dubbo"]);
  });

  it("that change nothing touch nothing", () => {
    const config = registryConfig("a");
    const rig = new CatalogRig(config);
    rig.put("a", service("s", [1]));
    rig.dirty();
    rig.catalog.setRegistries([structuredClone(config)]);
    assert.deepEqual(rig.dirty(), []);
  });
});

describe("completeness", () => {
  it("waits for every required registry, and for no other", () => {
    const rig = new CatalogRig(registryConfig("a"), registryConfig("b"), registryConfig("c", { required: false }));
    let told = 0;
    rig.catalog.onComplete(() => told++);
    rig.status("a");
    rig.status("b", { phase: "starting", synced: false });
    assert.ok(!rig.catalog.isComplete());
    rig.status("b");
    assert.ok(rig.catalog.isComplete());
    rig.status("b", { phase: "stale" });
    assert.equal(told, 1);
    rig.catalog.onComplete(() => told++);
    assert.equal(told, 2);
  });

  it("comes when the last missing registry is taken away", () => {
    const rig = new CatalogRig(registryConfig("a"), registryConfig("b"));
    let told = 0;
    rig.catalog.onComplete(() => told++);
    rig.status("a");
    rig.withdraw("b");
    assert.equal(told, 1);
  });
});

describe("facts", () => {
  it("are found by subject, the first registry's first, and go with their registry", () => {
    const fact = (labels: Record<string, string>): Item => ({ kind: "fact", fact: { subject: "address", name: "10.0.0.1", labels } });
    const rig = new CatalogRig(registryConfig("a"), registryConfig("b"));
    rig.put("b", fact({ from: "b" }));
    rig.put("a", fact({ from: "a" }));
    assert.deepEqual(
      rig.catalog.facts("address", "10.0.0.1").map(({ labels }) => labels?.from),
      ["a", "b"],
    );
    assert.equal(rig.catalog.reports()[0]?.facts, 1);
    rig.withdraw("a");
    assert.equal(rig.catalog.facts("address", "10.0.0.1").length, 1);
    assert.deepEqual(rig.catalog.facts("node", "10.0.0.1"), []);
  });
});

describe("any order of the same words", () => {
  const names = ["s", "S", "t", "T.x", "t.X"];
  const item = fc.oneof(
    fc
      .record({ name: fc.constantFrom(...names), at: fc.subarray([1, 2, 3], { minLength: 1 }), other: fc.boolean() })
      .map(({ name, at, other }) => service(name, at, other ? { hosts: [`${name}.dubbo`, "s.dubbo"] } : {})),
    fc.constantFrom(readyEntry("x", ["s.dubbo"]), readyEntry("t.x.dubbo", ["y.example.com"]), readyEntry("x", ["t.dubbo"])),
  );
  const words = fc.array(fc.record({ registry: fc.constantFrom("a", "b"), item, gone: fc.boolean() }), { maxLength: 30 });

  it("ends in the same entries as saying only the last ones, and every difference was marked dirty", () => {
    fc.assert(
      fc.property(words, (list) => {
        const rig = new CatalogRig(registryConfig("a"), registryConfig("b"));
        const last = new Map<string, { registry: string; item: Item }>();
        let before = rig.everything();
        for (const { registry, item: one, gone } of list) {
          const key = `${registry} ${itemId(one)}`;
          if (gone) {
            rig.take(registry, one);
            last.delete(key);
          } else {
            rig.put(registry, one);
            last.set(key, { registry, item: one });
          }
          const after = rig.everything();
          const dirty = new Set(rig.dirty());
          for (const changed of new Set([...Object.keys(before), ...Object.keys(after)])) {
            if (JSON.stringify(before[changed]) !== JSON.stringify(after[changed]))
              assert.ok(dirty.has(changed), `${changed} was not marked`);
          }
          before = after;
        }
        const fresh = new CatalogRig(registryConfig("a"), registryConfig("b"));
        for (const { registry, item: one } of [...last.values()].reverse()) fresh.put(registry, one);
        assert.deepEqual(before, fresh.everything());
      }),
      { numRuns: 300 },
    );
  });
});
