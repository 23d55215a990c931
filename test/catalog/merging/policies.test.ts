/** Every example of `docs/merging.md`, and what the policies share. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import { parse } from "yaml";
import { mergingSchema } from "../../../src/config/sections/merging-schema.ts";
import type { Instance, Item, Service } from "../../../src/registries/service.ts";
import { CatalogRig, registryConfig } from "../../support/catalog-rig.ts";

type Given = readonly string[] | Readonly<Record<string, readonly string[]>>;

interface Step {
  readonly given?: Readonly<Record<string, Given>>;
  readonly after?: string;
  readonly served: readonly string[] | Readonly<Record<string, number>>;
  readonly shadows?: Readonly<Record<string, { readonly missing: number; readonly extra: number }>>;
}

interface Example extends Step {
  readonly merging: unknown;
  readonly given: Readonly<Record<string, Given>>;
  readonly then?: readonly Step[];
}

const page = readFileSync(new URL("../../../docs/merging.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^#+ (.*)$|^```yaml\n([\s\S]*?)^```$/gm)];
const examples: { readonly title: string; readonly example: Example }[] = [];
let title = "";
for (const [, heading, yaml] of blocks) {
  if (heading !== undefined) title = heading;
  else examples.push({ title, example: parse(yaml ?? "") as Example });
}

/** `!` before an unhealthy one; labels behind it, as `key=value`. */
function instance(text: string): Instance {
  const [place = "", ...pairs] = text.replace("!", "").split(" ");
  const [address = "", port = ""] = place.split(":");
  const unhealthy = text.startsWith("!") && ({ health: "unhealthy" } as const);
  const labels = pairs.length > 0 && { labels: Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string])) };
  return { id: place, address, ports: [{ number: Number(port), protocol: "dubbo" }], ...unhealthy, ...labels };
}

function item(service: Service): Item {
  return { kind: "service", service };
}

function services(given: Given): Service[] {
  const byName = Array.isArray(given) ? { Demo: given as readonly string[] } : (given as Readonly<Record<string, readonly string[]>>);
  return Object.entries(byName).map(([name, endpoints]) => ({ key: { name }, instances: endpoints.map(instance) }));
}

function served(rig: CatalogRig, wanted: Step["served"]): unknown {
  const endpoints = rig.service("demo.dubbo")?.endpoints ?? [];
  const name = ({ address, ports, health }: Instance) => `${health === "unhealthy" ? "!" : ""}${address}:${ports[0]?.number}`;
  if (Array.isArray(wanted)) return endpoints.map(name);
  const sum = endpoints.reduce((total, { weight = 0 }) => total + weight, 0);
  return Object.fromEntries(endpoints.map((endpoint) => [name(endpoint), Math.round((100 * (endpoint.weight ?? 0)) / sum)]));
}

function play(context: TestContext, example: Example): void {
  context.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 });
  const rig = new CatalogRig(...Object.keys(example.given).map((id) => registryConfig(id)));
  context.after(() => rig.catalog.close());
  rig.catalog.setMerging(mergingSchema.parse(example.merging));
  for (const { given = {}, after, served: wanted, shadows } of [example, ...(example.then ?? [])]) {
    for (const [registry, what] of Object.entries(given)) rig.put(registry, ...services(what).map(item));
    // As the publisher does after each change.
    for (const key of rig.dirty()) rig.catalog.get(key);
    if (after !== undefined) {
      context.mock.timers.tick(Number.parseInt(after, 10) * 1_000);
      const mustChange = JSON.stringify(served(rig, wanted)) !== JSON.stringify(wanted);
      assert.ok(!mustChange || rig.dirty().length > 0, "whoever is to change is told");
    }
    assert.deepEqual(served(rig, wanted), wanted);
    if (shadows) {
      const found = rig.service("demo.dubbo")?.decision?.shadows ?? [];
      assert.deepEqual(Object.fromEntries(found.map(({ registry, ...difference }) => [registry, difference])), shadows);
      assert.deepEqual(Object.fromEntries(rig.catalog.merges().shadows), shadows);
    }
  }
}

suite("merging, as its page says", () => {
  test("has an example of every policy", () => {
    const policies = JSON.stringify(examples);
    for (const policy of ["union", "first", "priority", "weighted", "shadow"]) assert.match(policies, new RegExp(`"policy":"${policy}"`));
  });
  examples.forEach(({ title: name, example }, at) => {
    test(`${name}, example ${at + 1}`, (context) => play(context, example));
  });
});

suite("merging", () => {
  const demo = (...endpoints: readonly string[]) => item({ key: { name: "Demo" }, instances: endpoints.map(instance) });
  const rigWith = (merging: unknown): CatalogRig => {
    const rig = new CatalogRig(registryConfig("zookeeper"), registryConfig("nacos"));
    rig.catalog.setMerging(mergingSchema.parse(merging));
    return rig;
  };

  test("reads the words of dubbo-kubernetes", () => {
    const read = (word: string) => mergingSchema.parse({ policy: word }).policy;
    assert.deepEqual(["merge-all", "priority-based", "kubernetes-first"].map(read), ["union", "priority", "priority"]);
    assert.throws(() => mergingSchema.parse({ policy: "best" }));
  });

  test("applies the first rule that matches, and the common policy elsewhere", () => {
    const rig = rigWith({
      policy: "first",
      rules: [
        { hosts: ["demo.*"], policy: "union" },
        { hosts: ["*"], policy: "shadow" },
      ],
    });
    rig.put("zookeeper", demo("10.0.0.1:1"));
    rig.put("nacos", demo("10.0.0.2:1"));
    assert.deepEqual(rig.addresses("demo.dubbo"), ["10.0.0.1", "10.0.0.2"]);
    assert.equal(rig.service("demo.dubbo")?.decision?.setting, "merging.rules[0]");
  });

  test("a rule by labels needs one endpoint with all of them, in any registry, whatever came first", () => {
    const rules = [{ hosts: ["demo.*"], labels: { team: "sh?p", tier: "*" }, policy: "first" }];
    const settings = { rules };
    const [both, one, other] = [demo("10.0.0.2:1 team=shop tier=a"), demo("10.0.0.2:1 team=shop"), demo("10.0.0.1:1 tier=a")];
    for (const [first, second, expected] of [
      [other, both, ["10.0.0.1"]],
      [other, one, ["10.0.0.1", "10.0.0.2"]],
      [other, demo("10.0.0.2:1 team=shops tier=a"), ["10.0.0.1", "10.0.0.2"]],
    ] as const) {
      for (const isFirstFirst of [true, false]) {
        const rig = rigWith(settings);
        if (isFirstFirst) rig.put("zookeeper", first);
        rig.put("nacos", second);
        if (!isFirstFirst) rig.put("zookeeper", first);
        assert.deepEqual(rig.addresses("demo.dubbo"), expected);
      }
    }
  });

  test("a rule by labels tells for which ones it holds, and stops holding when they are gone", () => {
    const rig = rigWith({ rules: [{ labels: { team: "shop" }, policy: "first" }] });
    rig.put("zookeeper", demo("10.0.0.1:1"));
    rig.put("nacos", demo("10.0.0.2:1 team=shop"));
    const decision = rig.service("demo.dubbo")?.decision;
    assert.deepEqual([decision?.setting, decision?.labels], ["merging.rules[0]", "team=shop"]);
    rig.put("nacos", demo("10.0.0.2:1"));
    assert.deepEqual(rig.addresses("demo.dubbo"), ["10.0.0.1", "10.0.0.2"]);
    assert.equal(rig.service("demo.dubbo")?.decision?.setting, "merging.policy");
  });

  test("a rule for nothing in particular is refused", () => {
    assert.throws(() => mergingSchema.parse({ rules: [{ policy: "first" }] }), /needs `hosts` or `labels`/);
  });

  test("a reload marks every service, and serves it by the new policy", () => {
    const rig = rigWith({});
    rig.put("zookeeper", demo("10.0.0.1:1"));
    rig.put("nacos", demo("10.0.0.2:1"));
    rig.dirty();
    rig.catalog.setMerging(mergingSchema.parse({ policy: "first" }));
    assert.deepEqual(rig.dirty(), ["service:tributary/demo.dubbo"]);
    assert.deepEqual(rig.addresses("demo.dubbo"), ["10.0.0.1"]);
    rig.catalog.setMerging(mergingSchema.parse({}));
    assert.deepEqual(rig.addresses("demo.dubbo"), ["10.0.0.1", "10.0.0.2"]);
  });

  test("a service that only shadows give is not served, where the order is named", () => {
    const rig = rigWith({ rules: [{ hosts: ["*"], policy: "shadow", registries: ["zookeeper"] }] });
    rig.put("nacos", demo("10.0.0.2:1"));
    assert.equal(rig.service("demo.dubbo"), undefined);
    rig.put("zookeeper", demo("10.0.0.1:1"));
    assert.deepEqual(rig.addresses("demo.dubbo"), ["10.0.0.1"]);
  });

  test("a failover to a registry of another kind changes no label of the ServiceEntry", () => {
    const naming = { ...registryConfig("nacos").naming, suffix: "dubbo", template: "{name}" };
    const rig = new CatalogRig(registryConfig("zookeeper"), registryConfig("nacos", { type: "kubernetes", naming }));
    rig.catalog.setMerging(mergingSchema.parse({ policy: "priority" }));
    rig.put("zookeeper", demo("10.0.0.1:1"));
    rig.put("nacos", demo("10.0.0.2:1"));
    assert.deepEqual([rig.addresses("demo.dubbo"), rig.service("demo.dubbo")?.kind], [["10.0.0.1"], "zookeeper"]);
    rig.put("zookeeper", demo());
    assert.deepEqual([rig.addresses("demo.dubbo"), rig.service("demo.dubbo")?.kind], [["10.0.0.2"], "zookeeper"]);
    rig.catalog.close();
  });

  test("a declared service goes back to its own host when the rule is gone", () => {
    const rig = rigWith({ sameAs: [{ host: "shop.mesh", services: [{ host: "demo.dubbo" }] }] });
    rig.put("zookeeper", demo("10.0.0.1:1"));
    assert.deepEqual([rig.addresses("shop.mesh"), rig.addresses("demo.dubbo")], [["10.0.0.1"], undefined]);
    assert.deepEqual(rig.service("shop.mesh")?.otherHosts, ["demo.dubbo"]);
    rig.catalog.setMerging(mergingSchema.parse({}));
    assert.deepEqual([rig.addresses("shop.mesh"), rig.addresses("demo.dubbo")], [undefined, ["10.0.0.1"]]);
  });

  test("conflicts about one endpoint are told, and the first registry is believed whatever the order of arrival", () => {
    const word = (protocol: string, zone: string, team: string): Service => ({
      key: { name: "Demo" },
      ports: [{ name: "main", number: 80, protocol }],
      instances: [{ id: "a", address: "10.0.0.1", ports: [], locality: { region: "r", zone }, labels: { team } }],
    });
    const orders = [["zookeeper", "nacos"] as const, ["nacos", "zookeeper"] as const].map((order) => {
      const rig = rigWith({});
      const words = { zookeeper: word("http", "a", "red"), nacos: word("tcp", "b", "blue") };
      for (const registry of order) rig.put(registry, item(words[registry]));
      return rig.service("demo.dubbo");
    });
    const [one, other] = orders;
    assert.deepEqual(one, other);
    assert.equal(one?.ports[0]?.protocol, "http");
    assert.equal(one?.conflicts?.count, 3);
    assert.match(one?.conflicts?.told.join("\n") ?? "", /port 80 is http .* in zookeeper, which is believed, and tcp .* in nacos/);
    assert.match(one?.conflicts?.told.join("\n") ?? "", /10\.0\.0\.1: label team is "red" or "blue", zookeeper is believed, not nacos/);
    assert.match(one?.conflicts?.told.join("\n") ?? "", /locality is r\/a or r\/b/);
  });
});
