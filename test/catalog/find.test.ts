import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mergingSchema } from "../../src/config/sections/merging-schema.ts";
import { keyText, type ServiceKey } from "../../src/registries/service.ts";
import { CatalogRig, instance, readyEntry, registryConfig, service } from "../support/catalog-rig.ts";

const dubbo = (key: ServiceKey) => service(key.name, [1], { key });

const hostsOf = (rig: CatalogRig, name: string) => rig.catalog.find(name).map(({ host }) => host);

test("a service is found by its bare name, with its group and version, and by its exact text, in any case", () => {
  const rig = new CatalogRig(registryConfig("zk"));
  rig.list("zk", dubbo({ group: "blue", name: "com.acme.Foo", version: "1.0" }), dubbo({ name: "com.acme.Food" }));
  const host = "tributary/com.acme.foo.blue.dubbo";
  for (const name of [
    "com.acme.Foo",
    "COM.ACME.FOO",
    "blue/com.acme.Foo",
    "com.acme.Foo:1.0",
    "blue/com.acme.Foo:1.0",
    "|blue|com.acme.Foo|1.0",
  ]) {
    assert.deepEqual(hostsOf(rig, name), [host], name);
  }
  for (const name of ["com.acme", "Foo", "green/com.acme.Foo", "com.acme.Foo:2.0", "blue/com.acme.Foo:", ""])
    assert.deepEqual(hostsOf(rig, name), [], name);
});

test("whatever separators stand in a key, each of its forms finds it", () => {
  const part = fc.string({ unit: fc.constantFrom("a", "B", "é", "/", ":", "|", "\\", ".", "$"), minLength: 1, maxLength: 6 });
  const key = fc.record({ name: part, group: part, version: part }, { requiredKeys: ["name"] });
  fc.assert(
    fc.property(key, ({ name, group, version }) => {
      const exact = { name, ...(group !== undefined && { group }), ...(version !== undefined && { version }) };
      const rig = new CatalogRig(registryConfig("zk"));
      rig.list("zk", dubbo(exact));
      const grouped = `${group ?? ""}/${name}`;
      for (const form of [name, grouped, `${name}:${version ?? ""}`, `${grouped}:${version ?? ""}`, keyText(exact)]) {
        assert.equal(rig.catalog.find(form.toUpperCase()).length, 1, form);
      }
    }),
  );
});

test("every part of a service is found, with its protocol and the registries that give it", () => {
  const rig = new CatalogRig(registryConfig("b"), registryConfig("a"));
  const both = {
    ...instance(1),
    ports: [
      { number: 1, protocol: "dubbo" },
      { number: 2, protocol: "tri" },
    ],
  };
  for (const registry of ["a", "b"]) rig.list(registry, service("Foo", [], { instances: [both] }));
  assert.deepEqual(
    rig.catalog
      .find("Foo")
      .map(({ host, protocol, registries }) => [host, protocol, registries])
      .sort(),
    [
      ["tributary/foo.dubbo", "dubbo", ["a", "b"]],
      ["tributary/tri.foo.dubbo", "tri", ["a", "b"]],
    ],
  );
});

test("a service that is declared to be another one is found by its own name", () => {
  const rig = new CatalogRig(registryConfig("zk"), registryConfig("na"));
  rig.catalog.setMerging(mergingSchema.parse({ sameAs: [{ host: "bar.dubbo", services: [{ host: "foo.dubbo" }] }] }));
  rig.list("zk", dubbo({ name: "Foo" }));
  rig.list("na", dubbo({ name: "Bar" }));
  assert.deepEqual(
    ["foo", "bar"].flatMap((name) => rig.catalog.find(name).map(({ host, key, registries }) => [host, key.name, registries])),
    [
      ["tributary/bar.dubbo", "Foo", ["zk"]],
      ["tributary/bar.dubbo", "Bar", ["na"]],
    ],
  );
});

test("a service that got no host is found with the reason", () => {
  const rig = new CatalogRig(registryConfig("zk"));
  rig.list("zk", service("Foo", [1], { hosts: ["a.svc.cluster.local"] }));
  const [found] = rig.catalog.find("foo");
  assert.equal(found?.host, undefined);
  assert.match(found?.refusal ?? "", /cluster\.local/);
});

test("a ready object explains the hosts it takes, and its own name", () => {
  const rig = new CatalogRig(registryConfig("files", { type: "file" }));
  rig.list("files", readyEntry("mine", ["pay.example.com"], "shop"));
  for (const query of ["pay.example.com", "shop/mine"]) {
    const [explanation, ...others] = rig.catalog.explain(query);
    assert.deepEqual([explanation?.key, others.length], ["resource:ServiceEntry/shop/mine", 0], query);
    assert.equal(explanation?.contributions[0]?.resource?.metadata.name, "mine");
  }
  assert.deepEqual([...rig.catalog.hosts()].sort(), ["pay.example.com", "shop/mine"]);
});

test("an explanation says since when, and which instances are only held", () => {
  const rig = new CatalogRig(registryConfig("zk"));
  const began = Date.now();
  rig.list("zk", service("Foo", [1, 2]));
  rig.status("zk");
  rig.status("zk", { epoch: 1 });
  rig.put("zk", service("Foo", [2]));
  const [contribution] = rig.catalog.explain("tributary/foo.dubbo")[0]?.contributions ?? [];
  assert.deepEqual(contribution?.heldInstances, ["10.0.0.1:20880"]);
  assert.equal(contribution?.service?.instances.length, 2);
  assert.ok((contribution?.firstSeen ?? 0) >= began && (contribution?.lastSeen ?? 0) >= (contribution?.firstSeen ?? 0));
  assert.equal(contribution?.template.text, "{name}[.{group}]");
});
