import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { ApplicationCalls } from "../../../src/registries/dubbo/application-calls.ts";
import { type Item, itemId, keyText, type ServiceKey } from "../../../src/registries/service.ts";

/** Facts by application, as whoever hears all words would hold them. */
class Heard {
  readonly facts = new Map<string, string>();
  readonly words: string[] = [];

  changed(item: Item): void {
    assert.equal(item.kind, "fact");
    const text = item.kind === "fact" ? (item.fact.calls ?? []).map(keyText).join(" ") : "";
    this.facts.set(itemId(item), text);
    this.words.push(`${itemId(item).split("/").at(-1)}: ${text}`);
  }
  removed(id: string): void {
    this.facts.delete(id);
    this.words.push(`${id.split("/").at(-1)} gone`);
  }
  problem({ code, where }: { code: string; where: string }): void {
    this.words.push(`${code} ${where}`);
  }
}

function key(name: string, group?: string): ServiceKey {
  return { name, ...(group && { group }) };
}

suite("what applications call", () => {
  test("is gathered over all interfaces, in order", () => {
    const [calls, heard] = [new ApplicationCalls([]), new Heard()];
    calls.set("b", new Map([["shop", [key("b", "g2"), key("b")]]]));
    calls.set(
      "a",
      new Map([
        ["shop", [key("a")]],
        ["cart", [key("a")]],
      ]),
    );
    calls.tell(heard);
    assert.deepEqual(heard.words, ["shop: |g2|b| ||a| ||b|", "cart: ||a|"]);
  });

  test("is told only where it changed", () => {
    const [calls, heard] = [new ApplicationCalls([]), new Heard()];
    calls.set("a", new Map([["shop", [key("a")]]]));
    calls.tell(heard);
    calls.set("a", new Map([["shop", [key("a")]]]));
    calls.set("b", new Map([["cart", [key("b")]]]));
    calls.tell(heard);
    assert.deepEqual(heard.words, ["shop: ||a|", "cart: ||b|"]);
  });

  test("is gone with the last consumer, or with the interface", () => {
    const [calls, heard] = [new ApplicationCalls([]), new Heard()];
    calls.set(
      "a",
      new Map([
        ["shop", [key("a")]],
        ["cart", [key("a")]],
      ]),
    );
    calls.tell(heard);
    calls.set("a", new Map([["cart", [key("a")]]]));
    calls.tell(heard);
    calls.delete("a");
    calls.tell(heard);
    assert.deepEqual(heard.words.slice(2), ["shop gone", "cart gone"]);
  });

  test("of earlier workers stays until every interface was read once", () => {
    const ids = ["shop", "cart"].map((name) => itemId({ kind: "fact", fact: { subject: "application", name } }));
    const [calls, heard] = [new ApplicationCalls([...ids, "service/||a|"]), new Heard()];
    const kept: string[] = [];
    calls.list({ add: (item) => kept.push(`add ${itemId(item)}`), keep: (id) => kept.push(`keep ${id}`) });
    assert.deepEqual(kept, ["keep fact///application/shop", "keep fact///application/cart"]);
    calls.set("a", new Map([["shop", [key("a")]]]));
    calls.tell(heard);
    assert.deepEqual(heard.words, ["shop: ||a|"]);
    calls.settle(heard);
    assert.deepEqual(heard.words, ["shop: ||a|", "cart gone"]);
    kept.length = 0;
    calls.list({ add: (item) => kept.push(`add ${itemId(item)}`), keep: (id) => kept.push(`keep ${id}`) });
    assert.deepEqual(kept, ["add fact///application/shop"]);
  });

  test("is not told in half where it is too much", () => {
    const [calls, heard] = [new ApplicationCalls([]), new Heard()];
    calls.set("a", new Map([["shop", [key("a")]]]));
    calls.tell(heard);
    calls.set("b", new Map([["shop", Array.from({ length: 10_000 }, (_, at) => key("b", `g${at}`))]]));
    calls.tell(heard);
    calls.delete("b");
    calls.tell(heard);
    assert.deepEqual(heard.words, ["shop: ||a|", "shop gone", "too-many-calls shop", "shop: ||a|"]);
  });

  test("is what the interfaces say, whatever was said before", () => {
    const calling = fc.dictionary(fc.constantFrom("shop", "cart", "pay"), fc.subarray(["g1", "g2"], { minLength: 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b"), calling, fc.boolean())), (steps) => {
        const [calls, heard] = [new ApplicationCalls([]), new Heard()];
        const truth = new Map<string, Map<string, ServiceKey[]>>();
        for (const [directory, wanted, tell] of steps) {
          const now = new Map(
            Object.entries(wanted).map(([application, groups]) => [application, groups.map((group) => key(directory, group))]),
          );
          truth.set(directory, now);
          calls.set(directory, now);
          if (tell) calls.tell(heard);
        }
        calls.tell(heard);
        const expected = new Map<string, string>();
        for (const application of ["cart", "pay", "shop"]) {
          const keys = ["a", "b"].flatMap((directory) => truth.get(directory)?.get(application) ?? []).map(keyText);
          if (keys.length > 0) expected.set(`fact///application/${application}`, keys.sort().join(" "));
        }
        assert.deepEqual([...heard.facts].sort(), [...expected].sort());
      }),
    );
  });
});
