import assert from "node:assert/strict";
import { test } from "node:test";
import { MessagePace } from "../../../../src/registries/supervision/worker/message-pace.ts";

/** Sends as soon as it may, whenever something is there. Gives how long each waited, in ms. */
function waitsOf(pace: MessagePace, at: readonly number[]): number[] {
  let free = 0;
  return at.map((now) => {
    const wait = pace.wait(Math.max(now, free));
    free = Math.max(now, free) + wait;
    pace.sent(free);
    return free - now;
  });
}

const every = (ms: number, count: number) => Array.from({ length: count }, (_, index) => 1_000_000 + index * ms);

test("up to 200 messages a second leave at once, and so do 20 together after some quiet", () => {
  const pace = new MessagePace();
  assert.ok(waitsOf(pace, every(5, 1_000)).every((wait) => wait === 0));
  assert.ok(waitsOf(pace, Array(20).fill(2_000_000)).every((wait) => wait === 0));
});

test("what comes thicker leaves every 5 ms", () => {
  const pace = new MessagePace();
  waitsOf(pace, Array(20).fill(1_000_000));
  assert.equal(pace.wait(1_000_000), 5);
  assert.equal(pace.wait(1_000_002), 3);
  pace.sent(1_000_005);
  assert.equal(pace.wait(1_000_005), 5);
});
