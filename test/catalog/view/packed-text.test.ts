import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeptItems } from "../../../src/catalog/view/kept-items.ts";
import { packed, unpacked } from "../../../src/catalog/view/packed-text.ts";
import { Packing } from "../../../src/catalog/view/packing.ts";
import type { RegistryView } from "../../../src/catalog/view/registry-view.ts";
import { instance, service } from "../../support/catalog-rig.ts";

const samples = [
  service("com.acme.Foo", [1, 2, 3]),
  service("com.acme.Foo", [], { instances: [1, 2, 3].map((n) => instance(n, { weight: 100, labels: { application: "orders" } })) }),
  service("com.acme.Foo", [1, 2], { annotations: { "dubbo.interface": "com.acme.Foo" } }),
].map((item) => JSON.stringify(item));

test("a text comes back as it was, whatever stands in it", () => {
  const nasty = fc.string({ unit: fc.constantFrom("a", '"', "\\", "\n", "\u0001", "\u0015", ',"protocol":"', '"}},{"id":"', "{", "é") });
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.integer(),
      fc.boolean(),
      nasty,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(nasty, tie("value"), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, "\t", "\n"), (content, space) => {
      const text = JSON.stringify(content, undefined, space);
      assert.equal(unpacked(packed(text)), text);
    }),
  );
  for (const text of samples) assert.equal(unpacked(packed(text)), text);
});

test("once the view is complete, texts are packed, those that come later at once, and nobody sees a difference", () => {
  const items = new KeptItems();
  const put = (id: string, text: string) => items.put(id, "service", text, 1, 0);
  samples.forEach((text, at) => void put(`s${at}`, text));
  assert.equal(items.pack(0), false, "there is no time for any");
  assert.equal(items.pack(Number.POSITIVE_INFINITY), true);
  put("s0", samples[1] ?? "");
  put("late", samples[2] ?? "");
  const told = ["s0", "s1", "s2", "late"].map((id) => items.get(id)?.text);
  assert.deepEqual(told, [samples[1], samples[1], samples[2], samples[2]]);
  assert.equal(items.characters, told.join("").length);
});

test("packing waits for the complete view, goes on slice by slice, and takes what comes later from its first item on", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setImmediate"] });
  const calls: string[] = [];
  const view = (name: string, isDone: boolean[]): RegistryView => {
    const pack = (end: number) => {
      calls.push(end > 0 ? name : `${name} later`);
      return isDone.shift() ?? true;
    };
    return { items: { characters: 0, pack } } as unknown as RegistryView;
  };
  const packing = new Packing();
  packing.begin();
  packing.add(view("a", [false, true]));
  packing.add(view("b", [true]));
  context.mock.timers.tick(10_000);
  assert.deepEqual(calls, [], "nothing is complete");
  packing.begin();
  packing.add(view("c", []));
  context.mock.timers.tick(300);
  context.mock.timers.tick(1);
  context.mock.timers.tick(10_000);
  assert.deepEqual(calls, ["c later", "a", "a", "b"]);
});

test("a service of Dubbo takes little more than half", () => {
  const [, labelled = ""] = samples;
  assert.ok(packed(labelled).length < 0.6 * labelled.length, packed(labelled));
});
