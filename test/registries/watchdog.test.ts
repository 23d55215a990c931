import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Watchdog } from "../../src/registries/watchdog.ts";

const interval = 1_000;

function watched(context: TestContext): { told: string[]; dog: Watchdog; pass(): Promise<void> } {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const told: string[] = [];
  const dog = new Watchdog(interval, { ping: () => told.push("ping"), silent: () => told.push("silent") });
  const pass = async (): Promise<void> => {
    context.mock.timers.tick(interval);
    await setImmediate();
  };
  return { told, dog, pass };
}

suite("watchdog", () => {
  test("pings as long as something is heard", async (context) => {
    const { told, dog, pass } = watched(context);
    for (let turn = 0; turn < 5; turn++) {
      await pass();
      dog.heard();
    }
    assert.deepEqual(told, ["ping", "ping", "ping", "ping", "ping"]);
  });

  test("tells silence once, within two intervals", async (context) => {
    const { told, pass } = watched(context);
    await pass();
    await pass();
    assert.deepEqual(told, ["ping", "silent"]);
    await pass();
    assert.deepEqual(told, ["ping", "silent"]);
  });

  test("does not judge before it has read what came while we were busy", async (context) => {
    const { told, dog, pass } = watched(context);
    await pass();
    const due = pass();
    dog.heard();
    await due;
    assert.deepEqual(told, ["ping", "ping"]);
  });

  test("says nothing after its end, not even when silence was about to be told", async (context) => {
    const { told, dog, pass } = watched(context);
    await pass();
    const due = pass();
    dog.stop();
    await due;
    await pass();
    assert.deepEqual(told, ["ping"]);
  });
});
