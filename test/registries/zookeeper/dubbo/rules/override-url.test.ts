import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { parseOverrideUrl } from "../../../../../src/registries/zookeeper/dubbo/rules/override-url.ts";
import { BadRule } from "../../../../../src/registries/zookeeper/dubbo/rules/rule.ts";
import { outcome } from "./subject.ts";

const service = "group=g1&version=1.2.0";

/** What a rule makes of the instance at 10.0.0.1:20880. */
function effect(place: string, parameters: string, scheme = "override"): object {
  return outcome([parseOverrideUrl(`${scheme}://${place}/lab.api.OrderFacade?category=configurators&dynamic=false&${parameters}`)]);
}

suite("a rule below an interface", { concurrency: true }, () => {
  test("sets weight, disabled and tag of the provider it names", () => {
    assert.deepEqual(effect("10.0.0.1:20880", `${service}&enabled=true&disabled=true`), { health: "disabled" });
    assert.deepEqual(effect("10.0.0.1:20880", `${service}&weight=10`), { weight: 10 });
    assert.deepEqual(effect("10.0.0.1:20880", `${service}&dubbo.tag=gray&weight=0`), { weight: 0, tag: "gray" });
    assert.deepEqual(effect("user:secret@10.0.0.1:20880", `${service}&weight=10`), { weight: 10 });
    assert.deepEqual(effect("10.0.0.1:20880", `${service}&timeout=1000&loadbalance=random`), {});
  });

  test("holds for the places it names: a provider, a port, or all; a host without a port is a consumer's", () => {
    const places = {
      "0.0.0.0": true,
      "0.0.0.0:0": true,
      "0.0.0.0:20880": true,
      "0.0.0.0:20881": false,
      "10.0.0.1:20881": false,
      "10.0.0.2:20880": false,
      "10.0.0.1": false,
    };
    for (const [place, holds] of Object.entries(places)) {
      assert.deepEqual(effect(place, `${service}&weight=10`), holds ? { weight: 10 } : {}, place);
    }
    const ip6 = parseOverrideUrl(`override://[2001:DB8::15]:20880/lab.api.OrderFacade?${service}&weight=10`);
    assert.deepEqual(outcome([ip6], { address: "2001:db8::15" }), { weight: 10 });
  });

  test("is about one group and version, or all by `*`", () => {
    const on = { weight: 10 };
    assert.deepEqual(effect("0.0.0.0", "weight=10"), {}, "neither");
    assert.deepEqual(effect("0.0.0.0", "group=g1&version=1.0.0&weight=10"), {});
    assert.deepEqual(effect("0.0.0.0", "group=*&version=*&weight=10"), on);
    assert.deepEqual(effect("0.0.0.0", `${service}&interface=lab.api.Other&weight=10`), {});
    assert.deepEqual(effect("0.0.0.0", `${service}&interface=*&weight=10`), on);
    const plain = parseOverrideUrl("override://0.0.0.0/lab.api.OrderFacade?version=0.0.0&weight=10");
    assert.deepEqual(outcome([plain], {}, { name: "lab.api.OrderFacade" }), on);
  });

  test("can be switched off, or be of another kind", () => {
    assert.deepEqual(effect("0.0.0.0", `${service}&enabled=false&weight=10`), {});
    assert.equal(parseOverrideUrl(`override://0.0.0.0/lab.api.OrderFacade?category=routers&${service}&weight=10`), undefined);
    assert.equal(parseOverrideUrl("override://0.0.0.0/lab.api.OrderFacade"), undefined);
    assert.equal(parseOverrideUrl("override://0.0.0.0/lab.api.OrderFacade?anyhost=true"), undefined);
  });

  test("has conditions: the provider's application, and parameters behind `~`", () => {
    const on = { weight: 10 };
    assert.deepEqual(effect("0.0.0.0", `${service}&application=order-center&weight=10`), on);
    assert.deepEqual(effect("0.0.0.0", `${service}&application=*&~zone=*&weight=10`), on);
    assert.deepEqual(effect("0.0.0.0", `${service}&application=shop&weight=10`), {});
    assert.deepEqual(effect("0.0.0.0", `${service}&~zone=hz-a&weight=10`), on);
    assert.deepEqual(effect("0.0.0.0", `${service}&~zone=hz-b&weight=10`), {});
    assert.deepEqual(effect("0.0.0.0", `${service}&~timeout=1000&weight=10`), {}, "not kept of a provider");
    assert.deepEqual(effect("0.0.0.0", `${service}&~constructor=x&weight=10`), {});
  });

  test("of the newer form says whose side it is on, and names providers", () => {
    const on = { weight: 10 };
    assert.deepEqual(effect("10.0.0.1", `${service}&configVersion=v2.7&side=provider&weight=10`), on);
    assert.deepEqual(effect("10.0.0.1", `${service}&configVersion=v2.7&side=consumer&weight=10`), {});
    assert.deepEqual(effect("0.0.0.0", `${service}&side=consumer&configVersion=v2.7&providerAddresses=10.0.0.1:20880,x:1&weight=10`), on);
    assert.deepEqual(effect("0.0.0.0", `${service}&side=consumer&configVersion=v2.7&providerAddresses=10.0.0.2:20880&weight=10`), {});
  });

  test("of kind absent:// sets only what is missing", () => {
    const absent = parseOverrideUrl(`absent://0.0.0.0/lab.api.OrderFacade?${service}&weight=10&dubbo.tag=gray&disabled=true`);
    assert.deepEqual(outcome([absent]), { weight: 10, health: "disabled", tag: "gray" });
    assert.deepEqual(outcome([absent], { weight: 50, health: "disabled", labels: { "dubbo.tag": "blue" } }), {
      weight: 50,
      health: "disabled",
      tag: "blue",
    });
  });

  test("that cannot be read says why", () => {
    for (const [url, why] of [
      ["", /neither override/],
      ["condition://0.0.0.0/x.Y?rule=a", /neither override/],
      ["override:/10.0.0.1/x.Y?weight=1", /neither override/],
      ["override:///x.Y?weight=1", /no address/],
      ["override://10.0.0.1:99999/x.Y?weight=1", /no address/],
      ["override://10.0.0.1:2o88o/x.Y?weight=1", /no address/],
      ["override://0.0.0.0/x.Y?weight=ten", /no number/],
      ["override://0.0.0.0/x.Y?weight=-1", /no number/],
      [`override://0.0.0.0/x.Y?weight=1&dubbo.tag=${"t".repeat(1_000)}`, /characters/],
      [`override://0.0.0.0/x.Y?weight=1&${"t".repeat(100_000)}`, /characters/],
    ] as const) {
      assert.throws(() => parseOverrideUrl(url), { constructor: BadRule, message: why }, url);
    }
  });

  test("fuzzed: is read or refused, and never throws anything else", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary", maxLength: 30 }),
      fc.constantFrom("override://", "absent://", "0.0.0.0", ":20880", "/", "?", "&", "=", "~", "weight=1", "&group=*", "[", "]", "@", "%"),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.boolean(), (parts, sound) => {
        try {
          outcome([parseOverrideUrl((sound ? "override://0.0.0.0/x?group=*&version=*&interface=*&" : "") + parts.join(""))]);
        } catch (error) {
          assert.ok(error instanceof BadRule, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
