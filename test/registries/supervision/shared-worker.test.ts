/** Several registries in one worker: its lives are shared, nothing else is. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { BroadcastChannel } from "node:worker_threads";
import { silentLogger } from "../../../src/log/logger.ts";
import type { Feed } from "../../../src/registries/feed.ts";
import { type Item, itemId } from "../../../src/registries/service.ts";
import { Supervisor } from "../../../src/registries/supervision/supervisor.ts";
import { threadHost } from "../../../src/registries/supervision/thread-host.ts";
import type { WorkerHost } from "../../../src/registries/supervision/worker-host.ts";
import { RecordingFeed } from "../../support/recording-feed.ts";
import { type Command, type ScriptedSettings, scriptedSession, serviceItem } from "../../support/scripted-session.ts";

const a = serviceItem("a");
const b = serviceItem("b");

/** A supervisor whose registries share one worker, each with a feed and a line of its own. */
function shared(t: TestContext) {
  const feeds = new Map<string, RecordingFeed>();
  const lines = new Map<string, BroadcastChannel>();
  const order: string[] = [];
  let workers = 0;
  const host: WorkerHost = {
    start(...args) {
      workers += 1;
      return threadHost.start(...args);
    },
  };
  const feedOf = (id: string): RecordingFeed => feeds.get(id) ?? assert.fail(id);
  const feed: Feed = {
    upsert(registry, id, text) {
      order.push(registry);
      feedOf(registry).upsert(registry, id, text);
    },
    remove: (registry, id) => feedOf(registry).remove(registry, id),
    listed: (registry, ids) => feedOf(registry).listed(registry, ids),
    status: (registry, status) => feedOf(registry).status(registry, status),
    problem: (registry, problem, count) => feedOf(registry).problem(registry, problem, count),
  };
  const supervisor = new Supervisor(feed, silentLogger, { host, backOff: { firstMs: 20, mostMs: 100 } });
  const specOf = (id: string, settings: Partial<ScriptedSettings>) => ({
    id,
    session: scriptedSession,
    worker: "all",
    settings: { channel: lines.get(id)?.name ?? assert.fail(id), ...settings },
  });
  t.after(async () => {
    for (const line of lines.values()) line.close();
    await supervisor.stop();
  });
  return {
    supervisor,
    feedOf,
    order,
    workers: () => workers,
    async add(id: string, items: readonly Item[]) {
      feeds.set(id, new RecordingFeed());
      lines.get(id)?.close();
      lines.set(id, new BroadcastChannel(randomUUID()));
      supervisor.add(specOf(id, { items }));
      await feedOf(id).until(`${id} is live`, () => feedOf(id).last?.phase === "live");
    },
    replace: (id: string, settings: Partial<ScriptedSettings>) => supervisor.replace(specOf(id, settings)),
    tell: (id: string, command: Command) => lines.get(id)?.postMessage(command),
  };
}

test("a crash ends the sessions of all, and all are started again with their last state kept", async (t) => {
  const { add, tell, feedOf, supervisor, workers } = shared(t);
  await add("one", [a]);
  await add("two", [a, b]);
  assert.equal(workers(), 1);
  tell("one", { do: "throw", text: "out of thin air" });
  for (const id of ["one", "two"]) {
    await feedOf(id).until("lost", () => /out of thin air/.test(feedOf(id).last?.reason ?? ""));
    assert.deepEqual([feedOf(id).last?.phase, feedOf(id).last?.epoch], ["stale", 1]);
  }
  for (const id of ["one", "two"]) await feedOf(id).until("live again", () => feedOf(id).last?.phase === "live");
  assert.deepEqual([feedOf("one").items.size, feedOf("two").items.size], [1, 2]);
  assert.deepEqual([supervisor.status("one")?.restarts, supervisor.status("two")?.restarts, workers()], [1, 1, 2]);
  assert.ok(!feedOf("two").events.some(({ type }) => type === "remove"));
});

test("one that leaves is silent at once, and the others notice nothing", async (t) => {
  const { add, tell, feedOf, supervisor, workers } = shared(t);
  await add("one", [a]);
  await add("two", [b]);
  tell("one", { do: "flood", changes: 5_000, services: 5_000 });
  await feedOf("one").until("the flood", () => feedOf("one").items.size > 1);
  const removed = supervisor.remove("one");
  const mark = feedOf("one").mark();
  await removed;
  assert.deepEqual(feedOf("one").since(mark), []);
  await add("one", [b]);
  assert.deepEqual([...feedOf("one").items.keys()], [itemId(b)], "its name is free again");
  assert.deepEqual([feedOf("two").last?.epoch, supervisor.status("two")?.restarts, workers()], [0, 0, 1]);
});

test("a flood of one does not hold up what another says", async (t) => {
  const { add, tell, feedOf, order } = shared(t);
  await add("one", [a]);
  await add("two", [b]);
  tell("one", { do: "flood", changes: 20_000, services: 20_000 });
  tell("two", { do: "changed", items: [serviceItem("quick")] });
  await feedOf("one").until("the flood", () => feedOf("one").items.size === 20_001);
  assert.ok(order.lastIndexOf("two") < 1_000, `told after ${order.lastIndexOf("two")} words of the flood`);
});

test("new settings reach a session that takes them over without a loss", async (t) => {
  const { add, replace, feedOf, supervisor } = shared(t);
  await add("one", [a]);
  const mark = feedOf("one").mark();
  replace("one", { items: [a, b], takenOver: true });
  await feedOf("one").until("the new items", () => feedOf("one").items.size === 2);
  const phases = feedOf("one")
    .since(mark)
    .flatMap((event) => (event.type === "status" ? event.status.phase : []));
  assert.deepEqual([phases.includes("stale"), supervisor.status("one")?.epoch], [false, 0]);
});

test("where it does not, another session takes its place in the same worker, and what is known stays", async (t) => {
  const { add, replace, feedOf, workers } = shared(t);
  await add("one", [a]);
  await add("two", [b]);
  replace("one", { items: [a, b] });
  await feedOf("one").until("lost", () => /settings changed/.test(feedOf("one").last?.reason ?? ""));
  assert.equal(feedOf("one").items.size, 1);
  await feedOf("one").until("live", () => feedOf("one").last?.phase === "live");
  assert.deepEqual([feedOf("one").items.size, feedOf("two").last?.epoch, workers()], [2, 0, 1]);
});
