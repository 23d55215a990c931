import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Logger } from "../../src/log/logger.ts";
import { silentLogger } from "../../src/log/logger.ts";
import type { Ask } from "../../src/read-back/ask-thread.ts";
import type { Difference, Outcome, StateCount } from "../../src/read-back/findings.ts";
import { ReadBack } from "../../src/read-back/read-back.ts";
import { createStore } from "../../src/snapshot/sharded-store.ts";
import { ownedTypes, type ResourceTable, type TypeKey } from "../../src/snapshot/snapshot.ts";
import type { ClientIdentity } from "../../src/xds/stream/client.ts";
import type { AnswerEvent } from "../../src/xds/stream/observer.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { serviceEntries, serviceEntry } from "../support/xds-rig.ts";

/** From being due until the worker is asked. */
const settle = 3_000;
const old = "0".repeat(24);

function istiod(stream = 1, shard = 0): ClientIdentity {
  return { stream, peer: "127.0.0.1:5000", nodeId: "istiod-0", kind: "istiod", shard };
}

/** A read-back whose time and whose answers are the test's. */
function rig(t: TestContext, { shards = 1, after = 30_000, interval = 600_000 } = {}) {
  const clock = new VirtualClock();
  const store = createStore(shards, { log: silentLogger, now: () => clock.now() });
  const warnings: { fields: { name?: string; guess?: string; more?: number; reason?: string }; message: string }[] = [];
  const log: Logger = { ...silentLogger, warn: (fields, message) => void warnings.push({ fields, message }) };
  const asked: { tables: readonly ResourceTable[]; answer: (outcome: Outcome) => Promise<void>; cancelled: boolean }[] = [];
  const ask: Ask = (tables) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const question = {
      tables,
      cancelled: false,
      answer: async (outcome: Outcome) => {
        resolve(outcome);
        await turn();
      },
    };
    asked.push(question);
    return { outcome: promise, cancel: () => (question.cancelled = true) };
  };
  const settings = { enabled: true, ports: [1], after, interval };
  const readBack = new ReadBack({ source: store, settings, log, clock, random: () => 0, ask });
  t.after(() => readBack.close());

  const event = (client: ClientIdentity, type: TypeKey, version: string): AnswerEvent => {
    return { client, type, version, bytes: 0, resources: 0, seenAt: undefined, msSincePush: 0 };
  };
  const shardOfClient = (client: ClientIdentity) => store.shards[client.shard]!;
  const push = (client: ClientIdentity, type: TypeKey) => {
    const { digest } = shardOfClient(client).current().table(type);
    readBack.observer.onPush(event(client, type, digest));
    return () => readBack.observer.onAck(event(client, type, digest));
  };
  /** Pushes what is current and acknowledges it. */
  const deliver = (client = istiod(), types: readonly TypeKey[] = ownedTypes) => {
    for (const type of types) push(client, type)();
  };
  const change = (name: string, revision: number) => store.publish({ upserts: [serviceEntry(name, revision)] });
  const versionOf = (name: string) => store.current().table(serviceEntries).get(`tributary/${name}`)?.version ?? "";
  return { clock, store, readBack, warnings, asked, push, deliver, change, versionOf };
}

function found(sent: number, ...differences: readonly Partial<Difference>[]): Outcome {
  const states = ["missing", "other-version", "shadowed", "extra"] as const;
  const counts: StateCount[] = states.map((state) => {
    return { type: serviceEntries, state, count: differences.filter((difference) => difference.state === state).length };
  });
  counts.push({ type: serviceEntries, state: "accepted", count: sent - differences.length });
  return {
    port: 8080,
    bytes: 1,
    objects: 1,
    counts,
    differences: differences.map((difference) => ({ type: serviceEntries, held: undefined, ...difference }) as Difference),
  };
}

test("istiod is asked after a quiet time about what it acknowledged", async (t) => {
  const { clock, asked, deliver, change, store } = rig(t);
  change("a", 1);
  deliver();
  clock.advance(20_000);
  change("a", 2);
  deliver();
  clock.advance(30_000 + settle - 1);
  assert.equal(asked.length, 0);
  clock.advance(1);
  assert.equal(asked.length, 1);
  assert.deepEqual(
    asked[0]?.tables,
    ownedTypes.map((type) => store.current().table(type)),
  );
});

test("without an istiod that has acknowledged every type nobody is asked", async (t) => {
  const { clock, asked, deliver, change, push } = rig(t, { interval: 60_000 });
  change("a", 1);
  clock.advance(200_000);
  deliver({ ...istiod(), kind: "tool" });
  clock.advance(200_000);
  deliver(istiod(), ownedTypes.slice(1)); // the first answer of the first type is held
  clock.advance(200_000);
  const acknowledge = push(istiod(), ownedTypes[0]!);
  clock.advance(200_000);
  assert.equal(asked.length, 0);
  acknowledge();
  clock.advance(settle + 1);
  assert.equal(asked.length, 1);
});

test("with shards every one of them must be acknowledged", async (t) => {
  const { clock, asked, deliver, change } = rig(t, { shards: 2 });
  for (const name of ["a", "b", "c", "d"]) change(name, 1);
  deliver(istiod(1, 0));
  clock.advance(100_000);
  assert.equal(asked.length, 0);
  deliver(istiod(2, 0)); // a second stream of the same shard
  clock.advance(40_000);
  assert.equal(asked.length, 0);
  deliver(istiod(3, 1));
  clock.advance(40_000);
  const names = asked[0]?.tables.flatMap((table) => [...table.entries()].map(({ name }) => name));
  assert.deepEqual(
    [...new Set(names)].sort(),
    ["a", "b", "c", "d"].map((name) => `tributary/${name}`),
  );
});

test("pushes without end do not keep it from being asked, and what changes is not judged", async (t) => {
  const { clock, asked, deliver, change, versionOf, readBack } = rig(t, { interval: 60_000 });
  change("steady", 1);
  change("busy", 1);
  for (let second = 0; second < 62; second++) {
    change("busy", second + 2);
    deliver();
    clock.advance(1_000);
  }
  clock.advance(settle);
  assert.equal(asked.length, 1);
  const sent = asked[0]?.tables.find(({ type }) => type === serviceEntries)?.get("tributary/busy")?.version;
  assert.notEqual(sent, versionOf("busy"));
  await asked[0]?.answer(found(2, { name: "tributary/busy", state: "other-version", sent: sent!, held: versionOf("busy") }));
  assert.deepEqual(
    readBack.view
      .summary()
      .counts.filter(({ state }) => state === "other-version")
      .map(({ count }) => count),
    [0],
  );
  assert.deepEqual(readBack.view.resource(serviceEntries, "tributary/busy")?.state, "unknown");
  assert.deepEqual(readBack.view.resource(serviceEntries, "tributary/steady")?.state, "accepted");
});

test("a name whose newer version was not acknowledged yet is not judged", async (t) => {
  const { clock, asked, deliver, change, versionOf, readBack, push } = rig(t);
  change("a", 1);
  deliver();
  const sent = versionOf("a");
  clock.advance(29_999);
  change("a", 2);
  const acknowledge = push(istiod(), serviceEntries);
  clock.advance(30_000);
  acknowledge();
  clock.advance(settle);
  change("a", 3);
  await asked[0]?.answer(found(1, { name: "tributary/a", state: "other-version", sent: sent, held: old }));
  assert.equal(readBack.view.resource(serviceEntries, "tributary/a")?.state, "unknown");
});

test("what istiod did not take is told with a guess, once per version", async (t) => {
  const { clock, asked, deliver, change, versionOf, readBack, warnings } = rig(t);
  for (const name of ["a", "b", "c"]) change(name, 1);
  deliver();
  clock.advance(40_000);
  const missing = { name: "tributary/a", state: "missing", sent: versionOf("a") } as const;
  const shadowed = { name: "tributary/b", state: "shadowed", sent: versionOf("b"), held: "77" } as const;
  await asked[0]?.answer(found(3, missing, shadowed));
  assert.deepEqual(
    warnings.map(({ fields }) => [fields.name, fields.guess]),
    [
      ["tributary/a", "refused"],
      ["tributary/b", "shadowed"],
    ],
  );
  const first = readBack.view.resource(serviceEntries, "tributary/a");
  assert.ok(first?.state === "missing");
  assert.deepEqual([first.sent, first.held, first.guess.cause], [versionOf("a"), undefined, "refused"]);
  assert.equal(readBack.view.resource(serviceEntries, "tributary/c")?.state, "accepted");
  assert.equal(readBack.view.resource(serviceEntries, "tributary/none"), undefined);

  clock.advance(700_000);
  await asked[1]?.answer(found(3, missing, shadowed));
  assert.equal(warnings.length, 2, "they were told");
  const again = readBack.view.resource(serviceEntries, "tributary/a");
  assert.ok(again?.state === "missing");
  assert.equal(again.since, first.since);

  change("a", 2);
  deliver();
  clock.advance(40_000);
  await asked[2]?.answer(found(3, { ...missing, state: "other-version", sent: versionOf("a"), held: old }, shadowed));
  assert.deepEqual(
    warnings.slice(2).map(({ fields }) => [fields.name, fields.guess]),
    [["tributary/a", "update-refused"]],
  );
});

test("many differences are told in portions", async (t) => {
  const { clock, asked, deliver, change, versionOf, warnings } = rig(t);
  const names = Array.from({ length: 50 }, (_, index) => `s-${index}`);
  for (const name of names) change(name, 1);
  deliver();
  const missing = names.map((name) => ({ name: `tributary/${name}`, state: "missing", sent: versionOf(name) }) as const);
  for (const [at, expected] of [
    [0, 21],
    [1, 42],
    [2, 52],
    [3, 52],
  ] as const) {
    clock.advance(700_000);
    await asked[at]?.answer(found(50, ...missing));
    assert.equal(warnings.length, expected);
  }
  assert.deepEqual(warnings[20]?.fields, { more: 30 });
  assert.equal(new Set(warnings.flatMap(({ fields }) => fields.name ?? [])).size, 50);
});

test("an extra object that is served meanwhile is none", async (t) => {
  const { clock, asked, deliver, change, readBack, warnings } = rig(t);
  deliver();
  clock.advance(40_000);
  change("new", 1);
  const extra = { state: "extra", sent: undefined, held: old } as const;
  await asked[0]?.answer(found(2, { ...extra, name: "tributary/new" }, { ...extra, name: "tributary/old" }));
  const counts = readBack.view.summary().counts.filter(({ state }) => state === "extra");
  assert.equal(
    counts.reduce((sum, { count }) => sum + count, 0),
    1,
  );
  assert.deepEqual(
    warnings.map(({ fields }) => fields.name),
    ["tributary/old"],
  );
});

test("an istiod that connects anew meanwhile is not judged, and asked again soon", async (t) => {
  const { clock, asked, deliver, change, readBack } = rig(t);
  change("a", 1);
  deliver();
  clock.advance(40_000);
  readBack.observer.onStreamClose(istiod(), "CANCELLED");
  deliver(istiod(7));
  await asked[0]?.answer(found(1, { name: "tributary/a", state: "missing", sent: old }));
  assert.equal(readBack.view.summary().lastFailure?.reason, "overtaken");
  assert.equal(readBack.view.resource(serviceEntries, "tributary/a")?.state, "unknown");
  clock.advance(40_000);
  assert.equal(asked.length, 2);
});

test("a failure keeps what was known, is told once, and tried again at the interval", async (t) => {
  const { clock, asked, deliver, change, readBack, warnings } = rig(t);
  change("a", 1);
  deliver();
  clock.advance(40_000);
  await asked[0]?.answer(found(1));
  for (const at of [1, 2]) {
    clock.advance(600_000 + settle);
    await asked[at]?.answer({ failure: "content", detail: "port 8080: it is not a JSON list of objects" });
  }
  assert.equal(asked.length, 3);
  assert.deepEqual(
    warnings.map(({ fields }) => fields.reason),
    ["content"],
  );
  const { successes, failures, lastFailure } = readBack.view.summary();
  assert.deepEqual([successes, failures, lastFailure?.reason], [1, { content: 2 }, "content"]);
  assert.equal(readBack.view.resource(serviceEntries, "tributary/a")?.state, "accepted");
});

test("where nobody listens nothing is told", async (t) => {
  const { clock, asked, deliver, readBack, warnings } = rig(t);
  deliver();
  clock.advance(40_000);
  await asked[0]?.answer({ failure: "no-answer", detail: "port 8080: nobody listens" });
  assert.deepEqual(warnings, []);
  assert.deepEqual(readBack.view.summary().failures, { "no-answer": 1 });
});

test("closing ends what is under way and leaves no timer", async (t) => {
  const { clock, asked, deliver, change, readBack } = rig(t);
  deliver();
  clock.advance(40_000);
  readBack.close();
  assert.equal(asked[0]?.cancelled, true);
  await asked[0]?.answer(found(0));
  change("a", 1);
  deliver();
  clock.advance(2_000_000);
  assert.equal(asked.length, 1);
  assert.equal(clock.pending, 0);
});
