import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ProblemList } from "../../src/mesh/problem-list.ts";
import { effectiveWeight, scaledWeights } from "../../src/mesh/weights.ts";
import { endpointOf } from "./builders.ts";

const table: readonly (readonly [given: readonly number[], expected: readonly (number | undefined)[]])[] = [
  [[], []],
  [[100], [0]],
  [
    [100, 100],
    [0, 0],
  ],
  [
    [0, 0],
    [0, 0],
  ],
  [
    [0, 100],
    [undefined, 0],
  ],
  [
    [0, 100, 50],
    [undefined, 2, 1],
  ],
  [
    [100, 200],
    [1, 2],
  ],
  [
    [0.5, 1.25, 1],
    [2, 5, 4],
  ],
  [
    [1 / 3, 1],
    [3333, 10_000],
  ],
  [
    [1, 1_000_000],
    [1, 10_000],
  ],
  [
    [1, 1e308],
    [1, 10_000],
  ],
  [
    [5e-324, 1],
    [1, 10_000],
  ],
  [
    [999_999, 1_000_000],
    [0, 0],
  ],
];
for (const [given, expected] of table) {
  test(`weights ${JSON.stringify(given)} are written as ${JSON.stringify(expected)}`, () =>
    assert.deepEqual(scaledWeights(given), expected));
}

test("any weights give integers of 1 … 10 000, or none", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })), (weights) => {
      const scaled = scaledWeights(weights);
      assert.equal(scaled.length, weights.length);
      for (const weight of scaled) assert.ok(weight === undefined || (Number.isInteger(weight) && weight >= 0 && weight <= 10_000));
      assert.ok(weights.length === 0 || scaled.some((weight) => weight !== undefined), "somebody is always served");
    }),
  );
});

test("multiples of one set of weights are the same weights", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 })), fc.integer({ min: 1, max: 1000 }), (weights, factor) => {
      assert.deepEqual(scaledWeights(weights.map((weight) => weight * factor)), scaledWeights(weights));
    }),
  );
});

test("an unset weight counts the default, a broken one too, with a note", () => {
  const problems = new ProblemList("x");
  assert.equal(effectiveWeight(endpointOf(), 100, problems), 100);
  assert.equal(effectiveWeight(endpointOf({ weight: 7 }), 100, problems), 7);
  assert.equal(problems.sorted().length, 0);
  for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(effectiveWeight(endpointOf({ weight }), 100, problems), 100);
  assert.deepEqual(
    problems.sorted().map(({ code }) => code),
    ["bad-weight"],
  );
});

test("weight 0 of dubbo-go means unset, of others it means 0", () => {
  const problems = new ProblemList("x");
  assert.equal(effectiveWeight(endpointOf({ weight: 0, labels: { release: "dubbo-golang-3.3.1" } }), 100, problems), 100);
  assert.equal(effectiveWeight(endpointOf({ weight: 0, labels: { release: "3.3.6" } }), 100, problems), 0);
});
