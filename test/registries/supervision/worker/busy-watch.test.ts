import assert from "node:assert/strict";
import { test } from "node:test";
import { BusyWatch, processorTime } from "../../../../src/registries/supervision/worker/busy-watch.ts";

/** What each look says of a thread that took these shares of a processor, a second each. */
function looks(shares: readonly number[]): boolean[] {
  const watch = new BusyWatch(5_000, 900);
  let used = 900;
  return shares.map((share, second) => {
    used += share * 1_000;
    return watch.look(6_000 + second * 1_000, used);
  });
}

test("a thread that keeps a processor busy is told from the third look on", () => {
  assert.deepEqual(looks([1, 0.9, 0.6, 1]), [false, false, true, true]);
});

test("a reading of everything now and then, and many changes, are no such thing", () => {
  assert.ok(!looks([1, 1, 0.2, 1, 0.9, 0, 0.4, 0.4, 0.4, 0.4]).includes(true));
});

test("the time that a thread took grows by what it does", () => {
  const before = processorTime();
  const end = performance.now() + 20;
  while (performance.now() < end);
  assert.ok(processorTime() > before);
});
