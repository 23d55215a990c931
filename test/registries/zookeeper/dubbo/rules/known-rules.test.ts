import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../../../src/registries/contract.ts";
import type { Service } from "../../../../../src/registries/service.ts";
import { KnownRules } from "../../../../../src/registries/zookeeper/dubbo/rules/known-rules.ts";
import { instance, key } from "./subject.ts";

const service: Service = {
  key,
  instances: [instance(), instance({ id: "dubbo://10.0.0.2:20880", address: "10.0.0.2", labels: { application: "other" } })],
  annotations: { "dubbo.interface": key.name },
};

class Rules extends KnownRules {
  readonly problems: Problem[] = [];

  constructor() {
    super((problem) => this.problems.push(problem));
  }

  nodes(...urls: string[]): boolean {
    return this.setConfigurators(key.name, "/dubbo/x/configurators", urls.map(encodeURIComponent));
  }

  document(node: string, text: string | undefined): Promise<boolean> {
    return this.setDocument(node, `/dubbo/config/dubbo/${node}`, text);
  }

  /** Weights that are served; disabled is 0. */
  get weights(): (number | undefined)[] {
    return this.apply(service).instances.map(({ weight, health }) => (health === "disabled" ? 0 : weight));
  }
}

function override(parameters: string, place = "0.0.0.0"): string {
  return `override://${place}/${key.name}?group=*&version=*&${parameters}`;
}

function document(scope: "service" | "application", weight: number, side = "provider"): string {
  const about = scope === "service" ? `g1/${key.name}:1.2.0` : "order-center";
  return `configVersion: v3.0\nscope: ${scope}\nkey: ${about}\nconfigs:\n- side: ${side}\n  parameters: {weight: ${weight}}\n`;
}

const ofService = `${key.name}:1.2.0:g1.configurators`;
const ofApplication = "order-center.configurators";

suite("the rules in force", { concurrency: true }, () => {
  test("leave a service that none is about as it is", async () => {
    const rules = new Rules();
    assert.equal(rules.apply(service), service);
    rules.setConfigurators("lab.api.Other", "", [encodeURIComponent(override("weight=1"))]);
    await rules.document(`${key.name}::.configurators`, document("service", 1));
    await rules.document("shop.configurators", document("application", 1));
    assert.equal(rules.apply(service), service);
  });

  test("change some instances and leave the others, and everything else of the service", () => {
    const rules = new Rules();
    rules.nodes(override("disabled=true", "10.0.0.2:20880"));
    const applied = rules.apply(service);
    assert.equal(applied.instances[0], service.instances[0]);
    assert.deepEqual(applied, { ...service, instances: [service.instances[0], { ...service.instances[1]!, health: "disabled" }] });
    assert.deepEqual(Object.keys(applied), Object.keys(service));
  });

  test("of a later kind beat those of an earlier one: nodes, application, service, consumers of the service", async () => {
    const rules = new Rules();
    assert.ok(rules.nodes(override("weight=1")));
    assert.deepEqual(rules.weights, [1, 1]);
    assert.ok(await rules.document(ofApplication, document("application", 2)));
    assert.deepEqual(rules.weights, [2, 1]);
    assert.ok(await rules.document(ofService, document("service", 3)));
    assert.deepEqual(rules.weights, [3, 3]);
    assert.ok(await rules.document(ofService, document("service", 4, "consumer")));
    assert.deepEqual(rules.weights, [4, 4]);
    await rules.document(ofApplication, document("application", 5, "consumer"));
    assert.ok(await rules.document(ofService, undefined));
    assert.deepEqual(rules.weights, [1, 1], "an application's consumer rules are about what it calls");
    assert.ok(rules.nodes());
    assert.equal(rules.apply(service), service);
  });

  test("among nodes: about one provider beats about all, then priority, and empty:// takes all away", () => {
    const rules = new Rules();
    rules.nodes(override("weight=1", "10.0.0.1:20880"), override("weight=2&priority=5"), override("weight=3&priority=4"));
    assert.deepEqual(rules.weights, [1, 2]);
    rules.nodes(override("weight=1"), "empty://0.0.0.0/x?category=configurators");
    assert.deepEqual(rules.weights, [undefined, undefined]);
  });

  test("enable again what is registered as disabled", () => {
    const rules = new Rules();
    rules.nodes(override("disabled=false"));
    const disabled: Service = { ...service, instances: [instance({ health: "disabled" })] };
    assert.deepEqual(rules.apply(disabled).instances, [instance()]);
  });

  test("set a tag as a provider's own is read", () => {
    const rules = new Rules();
    rules.nodes(override("dubbo.tag=env=gray,zone=b", "10.0.0.1:20880"), override("dubbo.tag=blue", "10.0.0.2:20880"));
    assert.deepEqual(
      rules.apply(service).instances.map(({ labels }) => labels),
      [
        { application: "order-center", group: "g1", version: "1.2.0", env: "gray", zone: "b" },
        { application: "other", "dubbo.tag": "blue" },
      ],
    );
    rules.nodes(override("dubbo.tag="));
    const tagged: Service = { ...service, instances: [instance({ labels: { "dubbo.tag": "gray" } })] };
    assert.deepEqual(rules.apply(tagged).instances[0]?.labels, {});
  });

  test("that cannot be read any more stay as they were, and that is told once", async () => {
    const rules = new Rules();
    await rules.document(ofService, document("service", 3));
    assert.ok(!(await rules.document(ofService, "configs: 5")));
    assert.ok(!(await rules.document(ofService, "configs: 5")));
    assert.deepEqual(rules.weights, [3, 3]);
    assert.ok(!(await rules.document(ofApplication, "- ] {")));
    rules.nodes(override("weight=ten"), override("weight=1"), "%");
    assert.ok(!rules.nodes(override("weight=1"), "%", override("weight=ten")), "the same in another order");
    rules.setConfigurators(key.name, "/dubbo/x/configurators", ["%"]);
    assert.deepEqual(
      rules.problems.map(({ code, where }) => `${code} ${where.replace(/\/[^/]*%.*/, "")}`).sort(),
      [
        `bad-rule /dubbo/config/dubbo/${ofService}`,
        `bad-rule /dubbo/config/dubbo/${ofApplication}`,
        "bad-escape /dubbo/x/configurators",
        "bad-rule /dubbo/x/configurators",
        "bad-rule /dubbo/x/configurators",
      ].sort(),
    );
  });

  test("that are the same again are no change", async () => {
    const rules = new Rules();
    assert.ok(rules.nodes(override("weight=1"), override("weight=2")));
    assert.ok(!rules.nodes(override("weight=2"), override("weight=1")));
    assert.ok(await rules.document(ofService, document("service", 3)));
    assert.ok(!(await rules.document(ofService, document("service", 3))));
    assert.ok(!(await rules.document("shop.configurators", undefined)));
    assert.ok(!rules.setConfigurators("lab.api.Other", "", []));
  });

  test("of interfaces that are gone are forgotten", () => {
    const rules = new Rules();
    rules.nodes(override("weight=1"));
    rules.retain(new Set(["lab.api.Other"]));
    assert.equal(rules.apply(service), service);
    assert.ok(rules.nodes(override("weight=1")));
  });

  test("are bounded in number, which is said", () => {
    const rules = new Rules();
    rules.nodes(...Array.from({ length: 1_001 }, (_, at) => override(`weight=${at}`)));
    assert.deepEqual(
      rules.problems.map(({ code, where }) => `${code} ${where}`),
      ["bad-rule /dubbo/x/configurators"],
    );
  });

  test("applied again change nothing more", () => {
    const rule = fc
      .record({
        scheme: fc.constantFrom("override", "absent"),
        place: fc.constantFrom("0.0.0.0", "10.0.0.1:20880", "0.0.0.0:20880"),
        parameters: fc.uniqueArray(
          fc.constantFrom(
            "weight=1",
            "weight=0",
            "disabled=true",
            "disabled=false",
            "dubbo.tag=gray",
            "dubbo.tag=",
            "dubbo.tag=a=b",
            "priority=3",
          ),
          { selector: (pair) => pair.slice(0, pair.indexOf("=")), minLength: 1 },
        ),
      })
      .map(({ scheme, place, parameters }) => `${scheme}://${place}/${key.name}?group=*&version=*&${parameters.join("&")}`);
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), (urls) => {
        const rules = new Rules();
        rules.nodes(...urls);
        const once = rules.apply(service);
        assert.deepEqual(rules.apply(once), once);
      }),
    );
  });
});
