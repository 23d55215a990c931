import assert from "node:assert/strict";
import { test } from "node:test";
import { BusyWatch, threadUsage } from "../../../../src/registries/supervision/worker/busy-watch.ts";

/** What each look says, a second apart, of a thread that took these shares of a processor and was busy these shares of the time. */
function looks(shares: readonly { readonly processor: number; readonly busy: number }[]): boolean[] {
  const usage = { now: 5_000, processor: 900, busy: 1_200 };
  const watch = new BusyWatch({ ...usage });
  return shares.map(({ processor, busy }) => {
    usage.now += 1_000;
    usage.processor += processor * 1_000;
    usage.busy += busy * 1_000;
    return watch.look({ ...usage });
  });
}

const taking = (...shares: number[]) => shares.map((processor) => ({ processor, busy: processor }));

test("a thread that keeps a processor busy is told after three seconds", () => {
  assert.deepEqual(looks(taking(1, 0.9, 0.6, 1)), [false, false, true, true]);
});

test("so is one that would, if there were a processor for it", () => {
  assert.deepEqual(looks(Array(3).fill({ processor: 0.2, busy: 1 })), [false, false, true]);
});

test("a reading of everything now and then, and many changes, are no such thing", () => {
  assert.ok(!looks(taking(1, 1, 0.2, 1, 0.9, 0, 0.4, 0.4, 0.4, 0.4)).includes(true));
  assert.ok(!looks(Array(10).fill({ processor: 0.3, busy: 0.7 })).includes(true));
});

test("one that was held up longer than that at once is told at the next look", () => {
  const watch = new BusyWatch({ now: 0, processor: 0, busy: 0 });
  assert.ok(watch.look({ now: 8_000, processor: 7_900, busy: 7_990 }));
});

test("what a thread took grows by what it does", () => {
  const before = threadUsage();
  const end = performance.now() + 20;
  while (performance.now() < end);
  assert.ok(threadUsage().processor > before.processor);
});
