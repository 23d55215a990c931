/** A registry of which an earlier process kept something: its worker starts at once and is heard later. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { BroadcastChannel } from "node:worker_threads";
import { silentLogger } from "../../../src/log/logger.ts";
import { itemId } from "../../../src/registries/service.ts";
import type { Restored } from "../../../src/registries/supervision/restoring.ts";
import { Supervisor } from "../../../src/registries/supervision/supervisor.ts";
import type { WorkerEvents } from "../../../src/registries/supervision/worker-host.ts";
import { RecordingFeed } from "../../support/recording-feed.ts";
import { type Command, scriptedSession, serviceItem } from "../../support/scripted-session.ts";

const a = serviceItem("a");
const old = serviceItem("old");

function restoring(t: TestContext, { lists = true } = {}) {
  const known = Promise.withResolvers<readonly string[]>();
  const applied = Promise.withResolvers<Restored | undefined>();
  const feed = new RecordingFeed();
  const channel = randomUUID();
  const line = new BroadcastChannel(channel);
  const told: unknown[] = [];
  const log = { ...silentLogger, info: (fields: object) => told.push(fields) };
  const supervisor = new Supervisor(feed, log, { beatMs: 20, missedBeats: 400, backOff: { firstMs: 20, mostMs: 100 } });
  supervisor.add(
    { id: "r", session: scriptedSession, settings: { channel, ...(lists && { items: [a] }) } },
    { known: known.promise, applied: applied.promise },
  );
  t.after(async () => {
    line.close();
    await supervisor.stop();
  });
  const tell = (command: Command) => line.postMessage(command);
  return { known, applied, feed, supervisor, tell, told };
}

/** Workers that say what a test says. */
function playedHost() {
  const workers: WorkerEvents[] = [];
  const host = {
    start(_start: unknown, _limits: unknown, events: WorkerEvents) {
      workers.push(events);
      return { post() {}, terminate: () => events.exit("ended") };
    },
  };
  return { host, workers };
}

test("nothing of it is told before what was kept is downstream; then everything is, in order", async (t) => {
  const { known, applied, feed, supervisor } = restoring(t);
  known.resolve([itemId(old)]);
  // Its heartbeat tells that it runs; the listing is behind that.
  while ((supervisor.memory("r")?.heap ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(feed.events.length, 0);
  applied.resolve({ reason: "kept until now", from: {} });
  await feed.until("live", () => feed.last?.phase === "live");
  const [first] = feed.events;
  assert.ok(first?.type === "status");
  assert.deepEqual(
    [first.status.phase, first.status.restored, first.status.synced, first.status.reason],
    ["stale", true, false, "kept until now"],
  );
  assert.equal(feed.last?.restored, undefined);
  assert.equal(feed.last?.synced, true);
  const listed = feed.events.find((event) => event.type === "listed");
  assert.deepEqual([...(listed?.type === "listed" ? listed.ids : [])], [itemId(a)], "what the listing lacks is gone, says the registry");
});

test("a session starts with the ids that were kept, however late they are read", async (t) => {
  const { known, applied, feed, tell, told } = restoring(t);
  applied.resolve(undefined);
  known.resolve([itemId(old)]);
  await feed.until("live", () => feed.last?.phase === "live");
  assert.equal(
    feed.events.some((event) => event.type === "status" && event.status.restored),
    false,
  );
  tell({ do: "known" });
  tell({ do: "changed", items: [serviceItem("b")] });
  await feed.until("the answer", () => feed.items.has(itemId(serviceItem("b"))));
  assert.deepEqual(told, [{ registry: "r", known: [itemId(old)] }]);
});

test("a removal of what only an earlier process knew is told as well", async (t) => {
  const { known, applied, feed, tell } = restoring(t, { lists: false });
  const removed = serviceItem("removed");
  known.resolve([itemId(old), itemId(removed)]);
  applied.resolve({ reason: "kept", from: {} });
  await feed.until("restored", () => feed.last?.restored === true);
  // The line is deaf until the session runs.
  const asking = setInterval(() => tell({ do: "changed", items: [a] }), 10);
  t.after(() => clearInterval(asking));
  await feed.until("it runs", () => feed.items.has(itemId(a)));
  // Before the line is closed.
  clearInterval(asking);
  tell({ do: "removed", id: itemId(removed) });
  await feed.until("its removal", () => feed.events.some((event) => event.type === "remove" && event.id === itemId(removed)));
});

test("a worker that dies before it may be heard leaves nothing behind; its successor is heard", async (t) => {
  const { known, applied, feed, supervisor, tell } = restoring(t);
  known.resolve([]);
  while ((supervisor.memory("r")?.heap ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  tell({ do: "changed", items: [serviceItem("unheard")] });
  tell({ do: "exit" });
  await feed.until("lost", () => /ended/.test(feed.last?.reason ?? ""));
  applied.resolve({ reason: "kept", from: {} });
  await feed.until("live", () => feed.last?.phase === "live");
  assert.deepEqual([...feed.items.keys()], [itemId(a)]);
});

test("what a dead worker said before it may be heard does not make the registry live while there is none", async (t) => {
  const applied = Promise.withResolvers<Restored | undefined>();
  const feed = new RecordingFeed();
  const { host, workers } = playedHost();
  const supervisor = new Supervisor(feed, silentLogger, { host, backOff: { firstMs: 60_000, mostMs: 60_000 } });
  t.after(() => supervisor.stop());
  const restoring = { known: Promise.resolve([]), applied: applied.promise };
  supervisor.add({ id: "r", session: scriptedSession, settings: {} }, restoring);
  const commit = { gone: [], kept: [], seenAt: 1, losses: 0, suspicions: 0 };
  const listing = { upserts: [itemId(a), JSON.stringify(a)], upsertsSeenAt: [1], removals: [], removalsSeenAt: [], problems: [] };
  workers[0]?.message({ type: "said", session: 1, word: { type: "batch", ...listing, commit } });
  workers[0]?.exit("it crashed");
  applied.resolve({ reason: "kept", from: {} });
  await feed.until("it may be heard", () => feed.last?.restored === true || feed.last?.synced === true);
  assert.deepEqual([feed.last?.phase, feed.last?.synced], ["stale", false]);
  assert.equal(feed.items.size, 0);
});

test("one that is paused before it may be heard is not called live by what it said until then", async (t) => {
  const applied = Promise.withResolvers<Restored | undefined>();
  const feed = new RecordingFeed();
  const { host, workers } = playedHost();
  const supervisor = new Supervisor(feed, silentLogger, { host });
  t.after(() => supervisor.stop());
  const spec = { id: "r", session: scriptedSession, settings: {} };
  supervisor.add(spec, { known: Promise.resolve([]), applied: applied.promise });
  const commit = { gone: [], kept: [], seenAt: 1, losses: 0, suspicions: 0 };
  const listing = { upserts: [itemId(a), JSON.stringify(a)], upsertsSeenAt: [1], removals: [], removalsSeenAt: [], problems: [] };
  workers[0]?.message({ type: "said", session: 1, word: { type: "batch", ...listing, commit } });
  supervisor.replace({ ...spec, isDormant: true, dormancy: "paused by me" });
  applied.resolve({ reason: "kept", from: {} });
  await feed.until("it may be heard", () => feed.last?.restored === true || feed.last?.synced === true);
  assert.deepEqual([feed.last?.phase, feed.last?.synced], ["stale", false]);
});
