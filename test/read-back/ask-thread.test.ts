import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { silentLogger } from "../../src/log/logger.ts";
import { askInThread } from "../../src/read-back/ask-thread.ts";
import { defaultDumpLimits } from "../../src/read-back/read-dump.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";
import { configz, configzObject, fakeConfigz } from "../support/fake-configz.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { serviceEntries, serviceEntry } from "../support/xds-rig.ts";

function tableOf(count: number) {
  const store = new SnapshotStore({ log: silentLogger });
  store.publish({ upserts: Array.from({ length: count }, (_, index) => serviceEntry(`s-${index}`)) });
  return store.current().table(serviceEntries);
}

const question = (port: number) => ({ ports: [port], limits: defaultDumpLimits, maxDifferences: 10 });

/** A worker that is nothing but this text. */
function askIn(t: TestContext, text: string, deadlineMs = 1_500) {
  const file = tempFolder(t).write("worker.mjs", text);
  return askInThread(question(1), { deadlineMs, heapMb: 32 }, pathToFileURL(file))([]);
}

test("every name that was handed over is compared, however many there are", async (t) => {
  const table = tableOf(4_500);
  const held = [...table.entries()].slice(1).map(({ name, version }) => configzObject(name, version));
  const { port } = await fakeConfigz(t, configz(...held));
  const outcome = await askInThread(question(port))([table]).outcome;
  assert.ok("counts" in outcome, JSON.stringify(outcome));
  assert.deepEqual(
    outcome.counts.map(({ state, count }) => [state, count]),
    [
      ["accepted", 4_499],
      ["missing", 1],
    ],
  );
  assert.deepEqual(
    outcome.differences.map(({ name }) => name),
    ["tributary/s-0"],
  );
});

test("a type of which nothing was sent is compared as well", async (t) => {
  const { port } = await fakeConfigz(t, configz(configzObject("tributary/left", "a".repeat(24))));
  const outcome = await askInThread(question(port))([tableOf(0)]).outcome;
  assert.ok("differences" in outcome);
  assert.deepEqual(
    outcome.differences.map(({ name, state }) => [name, state]),
    [["tributary/left", "extra"]],
  );
});

test("a worker that throws, ends, or fills its heap is a failure and no more", async (t) => {
  for (const text of [
    'throw new Error("broken")',
    "process.exit(3)",
    "const all = []; for (;;) all.push({ text: String(Math.random()) });",
  ]) {
    const outcome = await askIn(t, text, 10_000).outcome;
    assert.ok("failure" in outcome);
    assert.equal(outcome.failure, "worker", text);
  }
});

test("a worker that hangs is ended at its deadline", async (t) => {
  const outcome = await askIn(t, "for (;;);", 200).outcome;
  assert.deepEqual("failure" in outcome && outcome.failure, "timeout");
});

test("a read-back can be cancelled", async (t) => {
  const asking = askIn(t, "setInterval(() => {}, 1000)", 60_000);
  asking.cancel();
  const outcome = await asking.outcome;
  assert.deepEqual("failure" in outcome && outcome.detail, "it was cancelled");
});
