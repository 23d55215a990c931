import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Instance } from "../../../../../src/registries/service.ts";
import { BadRule } from "../../../../../src/registries/zookeeper/dubbo/rules/rule.ts";
import { readRuleDocument } from "../../../../../src/registries/zookeeper/dubbo/rules/rule-document.ts";
import { parseRuleYaml } from "../../../../../src/registries/zookeeper/dubbo/rules/rule-yaml.ts";
import { outcome } from "./subject.ts";

const on = { weight: 10 };
const service = { configVersion: "v3.0", scope: "service", key: "g1/lab.api.OrderFacade:1.2.0" };
const application = { configVersion: "v3.0", scope: "application", key: "order-center" };
const provider = { side: "provider", parameters: { weight: 10 } };
const consumer = { side: "consumer", parameters: { weight: 10 } };

/** What a document makes of the instance at 10.0.0.1:20880. */
function effect(document: object, of: Partial<Instance> = {}): object {
  const rules = readRuleDocument(document);
  return outcome([...rules.provider, ...rules.consumer], of);
}

function ofService(item: object, differences: object = {}): object {
  return effect({ ...service, ...differences, configs: [{ ...provider, ...item }] });
}

function ofApplication(item: object, differences: object = {}): object {
  return effect({ ...application, ...differences, configs: [{ ...provider, ...item }] });
}

suite("a rule of the config centre", { concurrency: true }, () => {
  test("sets what its parameters say; `enabled` among them sets nothing, as in Dubbo", () => {
    assert.deepEqual(ofService({ parameters: { disabled: true } }), { health: "disabled" });
    assert.deepEqual(ofService({ parameters: { disabled: "TRUE", weight: "0" } }), { weight: 0, health: "disabled" });
    assert.deepEqual(ofService({ parameters: { "dubbo.tag": "gray" } }), { tag: "gray" });
    assert.deepEqual(ofService({ parameters: { enabled: false, timeout: 500 } }), {});
  });

  test("of side provider is about the providers at its addresses", () => {
    assert.deepEqual(ofService({ addresses: ["10.0.0.1:20880"] }), on);
    assert.deepEqual(ofService({ addresses: ["10.0.0.2:20880", "10.0.0.1"] }), on);
    assert.deepEqual(ofService({ addresses: ["0.0.0.0"] }), on);
    assert.deepEqual(ofService({ addresses: ["0.0.0.0:20880"] }), on);
    assert.deepEqual(ofService({ addresses: [] }), on);
    assert.deepEqual(ofService({ addresses: ["0.0.0.0:20881"] }), {});
    assert.deepEqual(ofService({ addresses: ["10.0.0.1:20881"] }), {});
    assert.deepEqual(ofService({ addresses: ["0.0.0.0"], providerAddresses: ["10.0.0.2:20880"] }), {});
    assert.deepEqual(ofService({ addresses: ["10.0.0.1"], providerAddresses: ["0.0.0.0:*"] }), on);
  });

  test("of side consumer holds for us only if it holds for every consumer", () => {
    assert.deepEqual(ofService(consumer), on);
    assert.deepEqual(ofService({ ...consumer, addresses: ["0.0.0.0"], providerAddresses: ["10.0.0.1:20880"] }), on);
    assert.deepEqual(ofService({ ...consumer, providerAddresses: ["10.0.0.2:20880"] }), {});
    assert.deepEqual(ofService({ ...consumer, addresses: ["10.9.0.1"] }), {});
    assert.deepEqual(ofService({ ...consumer, applications: ["shop"] }), {});
    assert.deepEqual(ofService({ ...consumer, applications: ["*"] }), on);
    assert.deepEqual(ofApplication(consumer), {}, "what order-center calls");
    assert.deepEqual(ofService({ side: undefined }), {});
    assert.deepEqual(ofService({ side: "both" }), {});
  });

  test("is about the service of its key, and the applications it lists", () => {
    for (const key of ["lab.api.OrderFacade", "lab.api.OrderFacade:1.2.0", "g1/lab.api.OrderFacade", "*"]) {
      assert.deepEqual(ofService({}, { key }), on, key);
    }
    for (const key of ["lab.api.Other", "lab.api.OrderFacade:1.0.0", "g2/lab.api.OrderFacade", "lab.api"]) {
      assert.deepEqual(ofService({}, { key }), {}, key);
    }
    assert.deepEqual(ofService({ applications: ["shop", "order-center"] }), on);
    assert.deepEqual(ofService({ applications: ["shop"] }), {});
    assert.deepEqual(ofService({}, { scope: undefined }), on, "service is the default");
  });

  test("is about an application's providers, of all services or those it lists", () => {
    assert.deepEqual(ofApplication({}), on);
    assert.deepEqual(ofApplication({ services: ["*"] }), on);
    assert.deepEqual(ofApplication({ services: ["lab.api.Other", "g1/lab.api.OrderFacade:1.2.0"] }), on);
    assert.deepEqual(ofApplication({ services: ["lab.api.OrderFacade"] }), {});
    assert.deepEqual(ofApplication({}, { key: "shop" }), {});
  });

  test("is switched off as a whole, or by an item of a console's type", () => {
    assert.deepEqual(ofService({}, { enabled: false }), {});
    assert.deepEqual(ofService({ enabled: false }), on, "a general item has no switch");
    assert.deepEqual(ofService({ type: "weight", enabled: true }, { enabled: false }), on);
    assert.deepEqual(ofService({ type: "weight", enabled: false }), {});
    assert.deepEqual(ofService({ type: "disabled" }), {});
  });

  test("of format v2.7 has conditions behind `~`, of v3.0 a `match`", () => {
    const condition = { parameters: { weight: 10, "~zone": "hz-b" } };
    const match = { match: { param: [{ key: "zone", value: { exact: "hz-b" } }] } };
    assert.deepEqual(ofService(condition, { configVersion: "v2.7" }), {});
    assert.deepEqual(ofService({ parameters: { weight: 10, "~zone": "hz-a" } }, { configVersion: "v2.7" }), on);
    assert.deepEqual(ofService(condition), on);
    assert.deepEqual(ofService(match), {});
    assert.deepEqual(ofService(match, { configVersion: "v2.7" }), on);
  });

  test("applies in Dubbo's order: hosts after all hosts, then by priority, then as written", () => {
    const items = (...configs: object[]): object => effect({ ...service, configs });
    const weight = (weight: number, item: object = {}): object => ({ side: "provider", parameters: { weight, ...item } });
    assert.deepEqual(items(weight(1), weight(2)), { weight: 2 });
    assert.deepEqual(items({ ...weight(1), addresses: ["10.0.0.1"] }, weight(2)), { weight: 1 });
    assert.deepEqual(items(weight(1, { priority: 1 }), weight(2)), { weight: 1 });
    assert.deepEqual(items(weight(1, { priority: 9 }), { ...weight(2), addresses: ["10.0.0.1"] }), { weight: 2 });
    assert.deepEqual(items({ ...weight(1), addresses: ["0.0.0.0", "10.0.0.1"] }, weight(2)), { weight: 1 });
    const last = { side: "consumer", parameters: { weight: 3 } };
    assert.deepEqual(items(last, { ...weight(1), addresses: ["10.0.0.1"] }), { weight: 3 }, "consumers have the last word");
  });

  test("may be a list of URLs, as old consoles wrote", () => {
    assert.deepEqual(effect(["override://10.0.0.1:20880/lab.api.OrderFacade?group=g1&version=1.2.0&weight=10"]), on);
    assert.deepEqual(effect([]), {});
  });

  test("may be empty", () => {
    assert.deepEqual(readRuleDocument(null), { provider: [], consumer: [] });
    assert.deepEqual(readRuleDocument({ ...service, configs: null }), { provider: [], consumer: [] });
  });

  test("that cannot be read in part is refused as a whole, as in Dubbo", () => {
    const good = { ...provider };
    for (const [document, why] of [
      ["text", /no mapping/],
      [{ ...service, configs: "all" }, /`configs` is no list/],
      [{ ...service, configs: [good, 5] }, /no mapping/],
      [{ ...service, configs: [good, { side: "provider" }] }, /`parameters` is no mapping/],
      [{ ...service, configs: [good, { side: "provider", parameters: {} }] }, /`parameters` is empty/],
      [{ ...service, configs: [good, { ...provider, parameters: { weight: null } }] }, /`weight` holds something/],
      [{ ...service, configs: [good, { ...provider, parameters: { weight: 1.5 } }] }, /no number/],
      [{ ...service, configs: [good, { ...provider, addresses: "10.0.0.1" }] }, /`addresses` is no list/],
      [{ ...service, configs: [good, { ...provider, addresses: [["10.0.0.1"]] }] }, /`addresses` holds something/],
      [{ ...service, configs: [good, { ...provider, addresses: ["10.0.0.1:x"] }] }, /no address/],
      [{ ...service, configs: [good, { ...provider, match: 1 }] }, /`match` is no mapping/],
      [{ scope: "service", configs: [good] }, /no `key`/],
      [["condition://x"], /neither override/],
    ] as const) {
      assert.throws(() => readRuleDocument(document), { constructor: BadRule, message: why }, JSON.stringify(document));
    }
  });

  test("fuzzed: is read or refused, and never throws anything else", () => {
    const word = fc.constantFrom(
      ..."provider consumer * 0.0.0.0 10.0.0.1:20880 v3.0 v2.7 service application order-center general".split(" "),
    );
    const names = fc.constantFrom(
      ..."configVersion scope key enabled configs side addresses providerAddresses applications services parameters match weight disabled dubbo.tag oneof exact param value app address cird wildcard type __proto__".split(
        " ",
      ),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, word, fc.integer(), fc.boolean(), fc.constant(null), fc.string(), tie("list"), tie("mapping")),
      list: fc.array(tie("value"), { maxLength: 4 }),
      mapping: fc.dictionary(fc.oneof(names, fc.string()), tie("value"), { maxKeys: 6 }),
    }));
    const item = fc.dictionary(names, value, { maxKeys: 6 });
    fc.assert(
      fc.property(fc.oneof(value, fc.record({ key: word, scope: word, configVersion: word, configs: fc.array(item) })), (document) => {
        try {
          effect(document as object);
        } catch (error) {
          assert.ok(error instanceof BadRule, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

suite("a rule's text", { concurrency: true }, () => {
  test("is YAML 1.1, as Dubbo's own parser reads it", async () => {
    assert.deepEqual(await parseRuleYaml("enabled: yes\nweight: 1_000\nenabled: off\naddresses: [10.0.0.1:20880, '0.0.0.0']"), {
      enabled: false,
      weight: 1_000,
      addresses: ["10.0.0.1:20880", "0.0.0.0"],
    });
    assert.deepEqual(await parseRuleYaml("base: &base {weight: 1}\nitem: {<<: *base}"), { base: { weight: 1 }, item: { weight: 1 } });
    assert.equal(await parseRuleYaml("# nothing\n"), null);
  });

  test("that is no YAML, or one that could stall us, is refused at once", async () => {
    for (const [text, why] of [
      ["configs: [", /./],
      ["a: b\n---\nc: d", /./],
      ["x: *nothing", /./],
      [
        `a: &a [x, x]\n${Array.from({ length: 30 }, (_, at) => `b${at}: &b${at} [*${at === 0 ? "a" : `b${at - 1}`}, *a]`).join("\n")}`,
        /alias/,
      ],
      [`# ${"long".repeat(20_000)}`, /more than 65536 characters/],
      ["{".repeat(60_000), /nested too deeply/],
      ["? ".repeat(30_000), /explicit keys/],
      [`configs:\n${"- [".repeat(20_000)}`, /nested too deeply/],
    ] as const) {
      await assert.rejects(parseRuleYaml(text), { constructor: BadRule, message: why }, text.slice(0, 60));
    }
  });

  test("fuzzed: is read or refused", async () => {
    const part = fc.oneof(
      fc.constantFrom(..."configs:\n|- |  |: |, |[|]|{|}|&a |*a|!!set |<<: |'|\"|#|\n|? |%|---\n|weight: 10|\t".split("|")),
      fc.string({ unit: "binary", maxLength: 10 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 40 }), async (parts) => {
        try {
          readRuleDocument(await parseRuleYaml(parts.join("")));
        } catch (error) {
          assert.ok(error instanceof BadRule, String(error));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
