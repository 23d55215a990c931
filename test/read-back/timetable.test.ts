import assert from "node:assert/strict";
import { test } from "node:test";
import { Timetable } from "../../src/read-back/timetable.ts";

const settings = { after: 40_000, interval: 600_000 };
const timetable = (random = () => 0) => new Timetable(settings, 0, random);

test("istiod is asked when nothing was sent for a while", () => {
  const table = timetable();
  table.pushed(1_000);
  assert.equal(table.next(), 41_000);
  table.pushed(30_000);
  assert.equal(table.next(), 70_000);
});

test("without pushes it is asked at the interval", () => {
  const table = timetable();
  assert.equal(table.next(), 600_000);
  table.asked(600_000);
  assert.equal(table.next(), 1_200_000);
});

test("pushes without end do not put it off beyond the interval", () => {
  const table = timetable();
  for (let now = 0; now < 700_000; now += 100) table.pushed(now);
  assert.equal(table.next(), 600_000);
});

test("it is never asked twice within 30 s", () => {
  const table = new Timetable({ after: 1, interval: 2 }, 0, () => 0);
  table.asked(100);
  table.pushed(101);
  assert.equal(table.next(), 30_100);
});

test("a read-back that was overtaken is owed again", () => {
  const table = timetable();
  table.pushed(0);
  table.asked(40_000);
  assert.equal(table.next(), 640_000);
  table.overtaken(41_000);
  assert.equal(table.next(), 81_000);
});

test("chance moves it, later after a push and earlier than the interval", () => {
  const table = timetable(() => 0.5);
  assert.equal(table.next(), 570_000);
  table.pushed(0);
  assert.equal(table.next(), 42_000);
});
