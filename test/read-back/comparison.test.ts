import assert from "node:assert/strict";
import { test } from "node:test";
import { Comparison } from "../../src/read-back/comparison.ts";
import type { TypeKey } from "../../src/snapshot/snapshot.ts";
import { configzObject } from "../support/fake-configz.ts";

const serviceEntries: TypeKey = "networking.istio.io/ServiceEntry";
const sidecars: TypeKey = "networking.istio.io/Sidecar";
const [first, second, third] = ["a", "b", "c"].map((digit) => digit.repeat(24)) as [string, string, string];

function compare(sent: Record<string, string>, held: readonly unknown[], limit = 100) {
  const comparison = new Comparison(
    new Map([
      [serviceEntries, new Map(Object.entries(sent))],
      [sidecars, new Map()],
    ]),
    limit,
  );
  for (const object of held) comparison.saw(object);
  const { counts, differences } = comparison.finish();
  const nonZero = counts.filter(({ count }) => count > 0).map(({ type, state, count }) => `${type.slice(20)} ${state} ${count}`);
  return { counts: nonZero, differences: differences.map(({ name, state, sent, held }) => [name, state, sent, held]) };
}

test("what istiod holds as it was sent is accepted", () => {
  const { counts, differences } = compare({ "t/a": first, "t/b": second }, [configzObject("t/b", second), configzObject("t/a", first)]);
  assert.deepEqual(counts, ["ServiceEntry accepted 2"]);
  assert.deepEqual(differences, []);
});

test("what is not there is missing, what is there otherwise is an old copy", () => {
  const { counts, differences } = compare({ "t/a": first, "t/b": second }, [configzObject("t/b", third)]);
  assert.deepEqual(counts, ["ServiceEntry missing 1", "ServiceEntry other-version 1"]);
  assert.deepEqual(differences, [
    ["t/a", "missing", first, undefined],
    ["t/b", "other-version", second, third],
  ]);
});

test("a Kubernetes object of the same name shadows ours, also where both are named", () => {
  const user = configzObject("t/a", "123456", { metadata: { creationTimestamp: "2024-05-01T00:00:00Z" } });
  const shadowed = [["t/a", "shadowed", first, "123456"]];
  assert.deepEqual(compare({ "t/a": first }, [user]).differences, shadowed);
  assert.deepEqual(compare({ "t/a": first }, [user, configzObject("t/a", first)]).differences, shadowed);
  assert.deepEqual(compare({ "t/a": first }, [configzObject("t/a", first), user]).differences, shadowed);
});

test("another kind of the same name is no answer", () => {
  const { counts } = compare({ "t/a": first }, [configzObject("t/a", first, { kind: "WorkloadEntry" })]);
  assert.deepEqual(counts, ["ServiceEntry missing 1"]);
});

test("an object that looks like ours and was not sent is extra; users' own ones are none", () => {
  const { counts, differences } = compare({}, [
    configzObject("t/left", first),
    configzObject("t/left", second, { kind: "Sidecar" }),
    configzObject("t/user", "77"),
    configzObject("t/other-server", third, { metadata: { creationTimestamp: "2024-05-01T00:00:00Z" } }),
  ]);
  assert.deepEqual(counts, ["ServiceEntry extra 1", "Sidecar extra 1"]);
  assert.deepEqual(
    differences.map(([name]) => name),
    ["t/left", "t/left"],
  );
});

test("any number of differences is counted, a bounded number listed", () => {
  const sent = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`t/${index}`, first]));
  const extras = Array.from({ length: 50 }, (_, index) => configzObject(`t/extra-${index}`, second));
  const { counts, differences } = compare(sent, extras, 60);
  assert.deepEqual(counts, ["ServiceEntry missing 50", "ServiceEntry extra 50"]);
  assert.equal(differences.length, 60);
});

test("whatever a dump holds beside objects is ignored", () => {
  const odd = [null, 1, "x", [], {}, { kind: 1 }, { kind: "ServiceEntry" }, { kind: "ServiceEntry", apiVersion: "v1", metadata: null }];
  const nameless = { kind: "ServiceEntry", apiVersion: "networking.istio.io/v1", metadata: { name: 7, resourceVersion: {} } };
  assert.deepEqual(compare({ "t/a": first }, [...odd, nameless, configzObject("t/a", first)]).counts, ["ServiceEntry accepted 1"]);
  assert.deepEqual(compare({}, [configzObject(`t/${"x".repeat(5_000)}`, first)]).counts, []);
});
