import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileLabelFilter, endpointLabels, provenance } from "../../src/mesh/labels.ts";
import { isLabelKey, isLabelValue } from "../../src/mesh/object-names.ts";
import { ProblemList } from "../../src/mesh/problem-list.ts";

function labelsOf(labels: Record<string, string>, ...patterns: string[]): Record<string, string> {
  return endpointLabels(labels, compileLabelFilter(patterns), [["tributary.dev/registry", "zk"]], new ProblemList("x"));
}

test("the allow-list knows exact names, prefixes and everything", () => {
  const labels = { app: "a", "team.one": "1", "team.two": "2", other: "o" };
  assert.deepEqual(Object.keys(labelsOf(labels, "app", "missing")), ["app", "tributary.dev/registry"]);
  assert.deepEqual(Object.keys(labelsOf(labels, "team.*")), ["team.one", "team.two", "tributary.dev/registry"]);
  assert.deepEqual(Object.keys(labelsOf(labels, "*")), ["app", "other", "team.one", "team.two", "tributary.dev/registry"]);
  assert.deepEqual(Object.keys(labelsOf(labels)), ["tributary.dev/registry"]);
});

test("inherited properties of an object are no labels", () => {
  assert.deepEqual(labelsOf({}, "constructor", "toString", "__proto__"), { "tributary.dev/registry": "zk" });
});

test("keys are in order, whatever the order of the instance's labels", () => {
  assert.deepEqual(Object.keys(labelsOf({ zone: "z", "a b": "1", version: "v", application: "a" }, "*")), [
    "a_b",
    "application",
    "tributary.dev/registry",
    "version",
    "zone",
  ]);
});

test("whatever a registry writes, the labels are legal and ours stay", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary", maxLength: 100 })), (labels) => {
      const result = labelsOf(labels, "*");
      for (const [key, value] of Object.entries(result)) {
        assert.ok(isLabelKey(key), key);
        assert.ok(isLabelValue(value), value);
      }
      assert.equal(result["tributary.dev/registry"], "zk");
    }),
  );
});

test("provenance names as many whole registries as fit", () => {
  assert.equal(provenance(["a", "b"]), "a.b");
  assert.equal(provenance([]), "");
  assert.equal(provenance(["x".repeat(60), "y".repeat(10)]), "x".repeat(60));
});
