import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backOff } from "../../src/registries/back-off.ts";

const limits = { firstMs: 500, mostMs: 30_000 };

test("the wait doubles from half a second to half a minute", () => {
  const full = [0, 1, 2, 5, 6, 1_000].map((attempt) => backOff(attempt, limits, 1));
  assert.deepEqual(full, [500, 1_000, 2_000, 16_000, 30_000, 30_000]);
});

test("jitter takes away at most half", () => {
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const wait = backOff(attempt, limits, random);
      assert.ok(wait >= backOff(attempt, limits, 1) / 2 && wait <= backOff(attempt, limits, 1));
    }),
  );
});
