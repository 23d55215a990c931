import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { BadRule } from "../../../../../src/registries/zookeeper/dubbo/rules/rule.ts";
import { matchConditions, type Side } from "../../../../../src/registries/zookeeper/dubbo/rules/rule-match.ts";
import { instance, key } from "./subject.ts";

/** Whether a match holds for the instance at 10.0.0.1:20880. */
function holds(match: Record<string, unknown>, side: Side = "provider"): boolean {
  return matchConditions(match, side).every((condition) => condition({ key, instance: instance() }));
}

function holdAsSaid(part: string, cases: readonly (readonly [condition: object, holds: boolean])[], side?: Side): void {
  for (const [condition, expected] of cases)
    assert.equal(holds({ [part]: condition }, side), expected, `${part}: ${JSON.stringify(condition)}`);
}

const addresses = [
  [{ exact: "10.0.0.1" }, true],
  [{ exact: "10.0.0.2" }, false],
  [{ wildcard: "*" }, true],
  [{ wildcard: "0.0.0.0" }, true],
  [{ wildcard: "10.0.*" }, true],
  [{ wildcard: "11.*" }, false],
  [{ cird: "10.0.0.0/8" }, true],
  [{ cird: "10.1.0.0/16" }, false],
  [{ cird: "2001:db8::/32" }, false],
  [{ cird: "10.0.0.*" }, true],
  [{ cird: "10.0.0.1" }, true],
  [{ cidr: "10.0.0.0/8" }, false],
] as const;

suite("the match of a rule", { concurrency: true }, () => {
  test("without parts holds for all", () => {
    assert.ok(holds({}));
    assert.ok(holds({ address: null, param: [] }));
  });

  test("asks for the host of the provider", () => holdAsSaid("address", addresses));

  test("asks for host and port of the provider", () => {
    holdAsSaid("providerAddress", [
      [{ exact: "10.0.0.1:20880" }, true],
      [{ exact: "10.0.0.1" }, false],
      [{ wildcard: "10.0.0.1:*" }, true],
      [{ wildcard: "*:20880" }, true],
      [{ cird: "10.0.0.0/8" }, true],
      [{ cird: "11.0.0.0/8" }, false],
    ]);
  });

  test("asks for the service, the application and parameters", () => {
    holdAsSaid("service", [
      [{ oneof: [{ exact: "x" }, { exact: "g1/lab.api.OrderFacade:1.2.0" }] }, true],
      [{ oneof: [{ exact: "lab.api.OrderFacade" }] }, false],
      [{ oneof: [{ prefix: "g1/" }] }, true],
      [{ oneof: [{ wildcard: "*" }] }, true],
      [{ oneof: [{ wildcard: "g1/*" }] }, false],
      [{ oneof: [] }, false],
      [{ exact: "g1/lab.api.OrderFacade:1.2.0" }, false],
    ]);
    holdAsSaid("app", [
      [{ oneof: [{ exact: "order-center" }] }, true],
      [{ oneof: [{ prefix: "shop" }] }, false],
      [{ oneof: [{ noempty: "true" }] }, true],
    ]);
    const parameter = (key: unknown, value: object | undefined) => holds({ param: [{ key, value }] });
    assert.ok(parameter("zone", { exact: "hz-a" }));
    assert.ok(parameter("zone", { prefix: "hz" }));
    assert.ok(parameter("group", { exact: "g1" }));
    assert.ok(!parameter("zone", { exact: "hz-b" }));
    assert.ok(!parameter("zone", undefined));
    assert.ok(!parameter("timeout", { wildcard: "*" }), "not kept of a provider");
    assert.ok(!parameter(undefined, { wildcard: "*" }));
    assert.ok(
      !holds({
        param: [
          { key: "zone", value: { exact: "hz-a" } },
          { key: "version", value: { exact: "2" } },
        ],
      }),
      "all must hold",
    );
  });

  test("on a consumer's side holds only if it holds for all consumers", () => {
    for (const [condition] of addresses) {
      assert.equal(holds({ address: condition }, "consumer"), "wildcard" in condition && /^(\*|0\.0\.0\.0)$/.test(condition.wildcard));
    }
    holdAsSaid(
      "app",
      [
        [{ oneof: [{ exact: "order-center" }] }, false],
        [{ oneof: [{ noempty: "true" }] }, false],
        [{ oneof: [{ wildcard: "*" }] }, true],
      ],
      "consumer",
    );
    assert.ok(holds({ providerAddress: { exact: "10.0.0.1:20880" } }, "consumer"));
  });

  test("that cannot be read, or is a regular expression, is refused", () => {
    for (const match of [
      { app: { oneof: [{ regex: "(a+)+$" }] } },
      { app: "order-center" },
      { app: { oneof: "order-center" } },
      { app: { oneof: ["order-center"] } },
      { param: { key: "zone" } },
      { param: [{ key: "zone", value: "hz-a" }] },
      { address: { cird: "10.0.0.0/33" } },
      { address: { cird: "10.0.0/8" } },
      { address: { exact: ["10.0.0.1"] } },
    ]) {
      assert.throws(() => matchConditions(match, "provider"), BadRule, JSON.stringify(match));
    }
  });
});
