import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { EnrichConfig } from "../../src/config/sections/registry-schema.ts";
import type { Fact, Instance, Item } from "../../src/registries/service.ts";
import { CatalogRig, instance, registryConfig, service } from "../support/catalog-rig.ts";

const everything: EnrichConfig = { labels: ["app", "version", "team-*"], locality: true, network: true, serviceAccount: true };

function fact(n: number, more: Partial<Fact> = {}): Item {
  return { kind: "fact", fact: { subject: "address", name: `10.0.0.${n}`, ...more } };
}

const known: Partial<Fact> = {
  labels: { app: "order", "pod-template-hash": "x", "team-id": "7" },
  locality: { region: "r", zone: "z" },
  serviceAccount: "shop/order",
  sidecar: true,
};

function rig(enrich = everything, ...more: Parameters<typeof registryConfig>[]) {
  const configs = [registryConfig("zk", { enrich }), registryConfig("pods"), ...more.map((one) => registryConfig(...one))];
  return new CatalogRig(...configs);
}

function endpoint(catalog: CatalogRig, host = "a.dubbo"): Partial<Instance> {
  const { labels, locality, network, serviceAccount } = catalog.service(host)?.endpoints[0] ?? {};
  return { labels, locality, network, serviceAccount };
}

describe("endpoints of a registry with `enrich`", () => {
  it("take what facts tell of their addresses, in whichever order both come", () => {
    const expected = {
      labels: { app: "order", "team-id": "7" },
      locality: { region: "r", zone: "z" },
      network: "n1",
      serviceAccount: "shop/order",
    };
    for (const factFirst of [true, false]) {
      const catalog = rig();
      if (factFirst) catalog.put("pods", fact(1, { ...known, network: "n1" }));
      catalog.put("zk", service("a", [1]));
      if (!factFirst) catalog.put("pods", fact(1, { ...known, network: "n1" }));
      assert.deepEqual(endpoint(catalog), expected, `fact first: ${factFirst}`);
    }
  });

  it("keep the registry's own word, and take nothing that is switched off", () => {
    const own = instance(1, { labels: { app: "own" }, locality: { region: "own" }, network: "own", serviceAccount: "own" });
    const catalog = rig();
    catalog.put("pods", fact(1, { ...known, network: "own" }));
    catalog.put("zk", service("a", [], { instances: [own] }));
    assert.deepEqual(endpoint(catalog), { ...everythingOf(own), labels: { app: "own", "team-id": "7" } });
    const off = rig({ labels: [], locality: false, network: false, serviceAccount: false });
    off.put("pods", fact(1, { ...known, network: "n1" }));
    off.put("zk", service("a", [1]));
    assert.deepEqual(endpoint(off), everythingOf(instance(1)));
  });

  it("change with the facts, and only they do: other hosts are not touched", () => {
    const catalog = rig();
    catalog.put("zk", service("a", [1, 2]), service("b", [3]));
    catalog.dirty();
    catalog.put("pods", fact(1, { labels: { version: "1" } }));
    assert.deepEqual(catalog.dirty(), ["service:tributary/a.dubbo"]);
    catalog.put("pods", fact(1, { labels: { version: "2" } }));
    assert.deepEqual(endpoint(catalog).labels, { version: "2" });
    assert.deepEqual(catalog.dirty(), ["service:tributary/a.dubbo"]);
    catalog.take("pods", fact(1));
    assert.deepEqual(endpoint(catalog).labels, undefined);
    assert.deepEqual(catalog.dirty(), ["service:tributary/a.dubbo"]);
    catalog.put("pods", fact(9), { kind: "fact", fact: { subject: "node", name: "10.0.0.3" } });
    assert.deepEqual(catalog.dirty(), []);
  });

  it("follow an instance to another address", () => {
    const catalog = rig();
    catalog.put("pods", fact(1, { labels: { app: "one" } }), fact(2, { labels: { app: "two" } }));
    catalog.put("zk", service("a", [1]));
    catalog.put("zk", service("a", [2]));
    assert.deepEqual(endpoint(catalog).labels, { app: "two" });
    catalog.dirty();
    catalog.put("pods", fact(1, { labels: { app: "other" } }));
    assert.deepEqual(catalog.dirty(), [], "nobody is there any more");
  });

  it("tell pods of clusters with the same addresses apart by network", () => {
    const catalog = rig(everything, ["far", { network: "n2", enrich: everything }], ["far-pods", { network: "n2" }]);
    catalog.put("pods", fact(1, { labels: { app: "near" } }));
    catalog.put("far-pods", fact(1, { labels: { app: "far" } }));
    catalog.put("zk", service("a", [1]));
    catalog.put("far", service("b", [1]));
    assert.deepEqual(endpoint(catalog, "a.dubbo"), {
      labels: { app: "near" },
      locality: undefined,
      network: undefined,
      serviceAccount: undefined,
    });
    assert.deepEqual(endpoint(catalog, "b.dubbo").labels, { app: "far" });
  });

  it("without a network take nothing where two foreign networks have the address, and everything where one has", () => {
    const catalog = rig();
    catalog.put("zk", service("a", [1]));
    catalog.put("pods", fact(1, { network: "n1", labels: { app: "x" } }));
    assert.deepEqual(endpoint(catalog), { labels: { app: "x" }, locality: undefined, network: "n1", serviceAccount: undefined });
    catalog.put("pods", fact(1, { network: "n2", labels: { app: "y" } }));
    assert.deepEqual(endpoint(catalog), everythingOf(instance(1)));
  });

  it("take no service account of a pod without a sidecar", () => {
    const catalog = rig();
    catalog.put("zk", service("a", [1]));
    catalog.put("pods", fact(1, { ...known, sidecar: false }));
    assert.equal(endpoint(catalog).serviceAccount, undefined);
  });

  it("follow the setting, and the network of the registry that tells the facts", () => {
    const catalog = new CatalogRig(registryConfig("zk"), registryConfig("pods"));
    catalog.put("zk", service("a", [1]));
    catalog.put("pods", fact(1, known));
    assert.equal(endpoint(catalog).labels, undefined);
    catalog.dirty();
    catalog.catalog.setRegistries([registryConfig("zk", { enrich: everything }), registryConfig("pods")]);
    assert.deepEqual(catalog.dirty(), ["service:tributary/a.dubbo"]);
    assert.equal(endpoint(catalog).labels?.app, "order");
    catalog.catalog.setRegistries([registryConfig("zk", { enrich: everything }), registryConfig("pods", { network: "n9" })]);
    assert.deepEqual(catalog.dirty(), ["service:tributary/a.dubbo"]);
    assert.equal(endpoint(catalog).network, "n9");
    catalog.catalog.setRegistries([registryConfig("zk"), registryConfig("pods", { network: "n9" })]);
    assert.equal(endpoint(catalog).network, undefined);
    catalog.dirty();
    catalog.put("pods", fact(1, { labels: { app: "late" } }));
    assert.deepEqual(catalog.dirty(), [], "the setting is off again");
  });
});

function everythingOf({ labels, locality, network, serviceAccount }: Instance): Partial<Instance> {
  return { labels, locality, network, serviceAccount };
}
