import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pause, Slices } from "../../src/last-known-good/slices.ts";

function* busy(ms: number, steps: number): Generator<Pause, string> {
  for (let step = 0; step < steps; step++) {
    const end = performance.now() + ms;
    while (performance.now() < end);
    yield "may go on";
  }
  return "done";
}

test("works get on side by side, and others get their turn between slices", async () => {
  const slices = new Slices();
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  const results = await Promise.all([slices.run(busy(1, 30)), slices.run(busy(1, 30))]);
  clearInterval(counting);
  assert.deepEqual(results, ["done", "done"]);
  assert.ok(turns >= 3, `${turns} turns of the event loop`);
});

test("a work that throws fails alone", async () => {
  const slices = new Slices();
  const failing = slices.run(
    (function* (): Generator<Pause, void> {
      yield "may go on";
      throw new Error("no");
    })(),
  );
  const fine = slices.run(busy(0, 3));
  await assert.rejects(failing, /no/);
  assert.equal(await fine, "done");
});
