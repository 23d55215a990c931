import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { Logger } from "../../../src/log/logger.ts";
import { Supervisor } from "../../../src/registries/supervision/supervisor.ts";
import type { WorkerHost } from "../../../src/registries/supervision/worker-host.ts";
import { RecordingFeed } from "../../support/recording-feed.ts";

/** Workers that crash as soon as they are started. */
const crashing: WorkerHost = {
  start(_start, _limits, events) {
    queueMicrotask(() => events.exit("its worker crashed: again"));
    return { post() {}, terminate() {} };
  },
};

/** Announced waits before the first restarts, in ms; each is waited for exactly. */
async function waits(context: TestContext, healthyMs: number): Promise<number[]> {
  context.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  context.mock.method(Math, "random", () => 0.5);
  const announced: number[] = [];
  const ignore = () => {};
  const log: Logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (fields) => void announced.push((fields as { waitMs: number }).waitMs),
  };
  const supervisor = new Supervisor(new RecordingFeed(), log, { host: crashing, healthyMs });
  context.after(() => supervisor.stop());
  supervisor.add({ id: "r", session: new URL("file:///none.ts"), settings: {} });
  for (let restart = 1; restart <= 9; restart++) {
    await setImmediate();
    assert.equal(announced.length, restart);
    const wait = announced.at(-1) ?? 0;
    context.mock.timers.tick(wait - 1);
    await setImmediate();
    assert.equal(announced.length, restart, "not before its time");
    context.mock.timers.tick(1);
  }
  return announced.slice(0, 9);
}

suite("a worker that crashes again and again", () => {
  test("is started after ever longer waits, at most half a minute", async (context) => {
    assert.deepEqual(await waits(context, 60_000), [375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
  });

  test("begins with a short wait anew once it has run well for a while", async (context) => {
    assert.deepEqual(await waits(context, 0), Array(9).fill(375));
  });
});
