import assert from "node:assert/strict";
import { test } from "node:test";
import { Pacer } from "../../../src/xds/sotw/pacing.ts";

const settings = { perMegabyte: 25, ackWarning: 60_000, ackTimeout: 300_000 };

test("the first push goes at once, the second not before the first is answered", () => {
  const pacer = new Pacer(settings);
  assert.equal(pacer.ready(0), true);
  pacer.sent(0, 1000);
  assert.equal(pacer.ready(59_000), false);
});

test("after an answer comes a pause as long as the client took for it", () => {
  const pacer = new Pacer(settings);
  pacer.sent(1000, 1_000_000);
  pacer.answered(1700);
  assert.equal(pacer.ready(2399), false);
  assert.equal(pacer.nextLook(1700), 2400);
  assert.equal(pacer.ready(2400), true);
});

test("a quick answer to a large push still leaves 25 ms per MB", () => {
  const pacer = new Pacer(settings);
  pacer.sent(0, 20_000_000);
  pacer.answered(10);
  assert.equal(pacer.ready(509), false);
  assert.equal(pacer.ready(510), true);
});

test("a pause does not grow from one push to the next", () => {
  const pacer = new Pacer(settings);
  pacer.sent(0, 0);
  pacer.answered(5000);
  pacer.sent(10_000, 0);
  pacer.answered(10_001);
  assert.equal(pacer.ready(10_002), true);
});

test("an unanswered push is warned of once after 60 s, and given up after 5 min", () => {
  const pacer = new Pacer(settings);
  assert.equal(pacer.check(1_000_000), "none");
  pacer.sent(0, 10);
  assert.equal(pacer.nextLook(0), 60_000);
  assert.equal(pacer.check(59_999), "none");
  assert.equal(pacer.check(60_000), "warn");
  assert.equal(pacer.check(60_001), "none");
  assert.equal(pacer.nextLook(60_001), 300_000);
  assert.equal(pacer.check(300_000), "expired");
  pacer.answered(300_000);
  assert.equal(pacer.check(900_000), "none");
  pacer.sent(900_000, 10);
  assert.equal(pacer.check(960_000), "warn", "the next push is warned of again");
});

test("with nothing sent there is nothing to look at", () => {
  const pacer = new Pacer(settings);
  assert.equal(pacer.nextLook(0), undefined);
  pacer.sent(0, 0);
  pacer.answered(0);
  assert.equal(pacer.nextLook(0), undefined);
});
