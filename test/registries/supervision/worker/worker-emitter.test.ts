import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import fc from "fast-check";
import { silentLogger } from "../../../../src/log/logger.ts";
import type { Listing } from "../../../../src/registries/contract.ts";
import { itemId } from "../../../../src/registries/service.ts";
import { WorkerEmitter } from "../../../../src/registries/supervision/worker/worker-emitter.ts";
import type { Batch, FromSession } from "../../../../src/registries/supervision/worker-messages.ts";
import { serviceItem } from "../../../support/scripted-session.ts";

beforeEach(() => mock.timers.enable({ apis: ["setImmediate", "setTimeout", "Date"], now: 1_000_000 }));
afterEach(() => mock.timers.reset());

/** An emitter whose messages are kept, and which is acknowledged by hand. */
function emitter() {
  const sent: FromSession[] = [];
  const emit = new WorkerEmitter((message) => sent.push(message), silentLogger);
  /** The end of a turn of the event loop. */
  const turn = () => mock.timers.tick(0);
  const batches = () => sent.filter((message): message is Batch => message.type === "batch");
  const ids = (batch: Batch | undefined) => batch?.upserts.filter((_, at) => at % 2 === 0);
  return { emit, sent, turn, batches, ids };
}

const id = (name: string) => itemId(serviceItem(name));

test("what changes in one turn goes in one batch at its end", () => {
  const { emit, turn, batches, ids } = emitter();
  emit.changed(serviceItem("a"));
  emit.changed(serviceItem("b"));
  emit.removed(id("c"));
  assert.equal(batches().length, 0);
  turn();
  assert.equal(batches().length, 1);
  assert.deepEqual(ids(batches()[0]), [id("a"), id("b")]);
  assert.deepEqual(batches()[0]?.removals, [id("c")]);
});

test("an unchanged item is dropped, also in a listing", () => {
  const { emit, turn, batches } = emitter();
  emit.changed(serviceItem("a"));
  turn();
  emit.changed(serviceItem("a"));
  turn();
  assert.equal(batches().length, 1);
  emit.replaced([serviceItem("a")]);
  turn();
  assert.deepEqual(batches()[1]?.upserts, []);
  assert.deepEqual(batches()[1]?.commit?.gone, []);
});

test("three batches may be on their way; then the newest word of each item waits for an acknowledgement", () => {
  const { emit, turn, batches } = emitter();
  for (let at = 0; at < 10; at++) {
    emit.changed(serviceItem("a", at));
    turn();
  }
  assert.equal(batches().length, 3);
  emit.acknowledged();
  assert.equal(batches().length, 4);
  assert.equal(batches()[3]?.upserts[1], JSON.stringify(serviceItem("a", 9)));
  emit.acknowledged();
  assert.equal(batches().length, 4);
});

test("a coalesced change tells when its oldest part was seen", () => {
  const { emit, turn, batches } = emitter();
  for (let at = 0; at < 3; at++) {
    emit.changed(serviceItem("a", at));
    turn();
  }
  emit.changed(serviceItem("b", 1));
  const seen = performance.timeOrigin + performance.now();
  emit.changed(serviceItem("b", 2));
  emit.acknowledged();
  assert.ok((batches()[3]?.upsertsSeenAt[0] ?? Number.POSITIVE_INFINITY) <= seen);
});

test("a long listing streams while it is read, and its commit comes behind all of it", () => {
  const { emit, turn, batches } = emitter();
  const listing = emit.listing();
  for (let at = 0; at < 80; at++) listing.add(serviceItem(`s${at}`));
  assert.equal(batches().length, 2, "two full batches left before the turn ended");
  listing.commit();
  turn();
  assert.deepEqual(
    batches().map((batch) => [batch.upserts.length / 2, batch.commit !== undefined]),
    [
      [32, false],
      [32, false],
      [16, true],
    ],
  );
});

test("a batch is bounded in characters as well", () => {
  const { emit, turn, batches } = emitter();
  const large = "x".repeat(40_000);
  for (const name of ["a", "b", "c"]) {
    emit.changed({ kind: "service", service: { key: { name }, instances: [], annotations: { large } } });
  }
  turn();
  assert.deepEqual(
    batches().map((batch) => batch.upserts.length / 2),
    [2, 1],
  );
});

test("a commit names what the listing did not hold", () => {
  const { emit, turn, batches } = emitter();
  emit.replaced([serviceItem("a"), serviceItem("b"), serviceItem("c")]);
  turn();
  const listing = emit.listing();
  listing.add(serviceItem("a"));
  emit.changed(serviceItem("b", 2));
  emit.removed(id("a"));
  listing.commit();
  turn();
  assert.deepEqual(batches()[1]?.commit?.gone, [id("c")]);
  assert.deepEqual(batches()[1]?.removals, [id("a")]);
});

test("a newer listing takes the place of an open one", () => {
  const { emit, turn, batches } = emitter();
  emit.replaced([serviceItem("a")]);
  turn();
  const older = emit.listing();
  const newer = emit.listing();
  older.commit();
  turn();
  assert.equal(batches().length, 1, "the older one's commit is void");
  newer.add(serviceItem("a"));
  newer.commit();
  turn();
  assert.deepEqual(batches()[1]?.commit?.gone, []);
});

test("commits that wait become one, behind all that both listings hold", () => {
  const { emit, turn, batches } = emitter();
  emit.replaced([serviceItem("a"), serviceItem("b")]);
  turn();
  for (let at = 1; at < 3; at++) {
    emit.changed(serviceItem("b", at + 1));
    turn();
  }
  emit.replaced([serviceItem("b")]);
  emit.replaced([serviceItem("a", 2), serviceItem("c")]);
  emit.acknowledged();
  const last = batches().at(-1);
  assert.equal(batches().length, 4);
  assert.deepEqual(last?.upserts, [id("a"), JSON.stringify(serviceItem("a", 2)), id("c"), JSON.stringify(serviceItem("c"))]);
  assert.deepEqual(last?.commit?.gone, [id("b")]);
});

test("an item that comes back behind a joined commit is not gone by it", () => {
  const { emit, turn, batches } = emitter();
  emit.changed(serviceItem("a"));
  emit.replaced([]);
  emit.removed(id("a"));
  emit.replaced([]);
  emit.changed(serviceItem("a"));
  turn();
  const gone = batches().flatMap(({ commit }) => commit?.gone ?? []);
  assert.deepEqual(gone, []);
  assert.equal(batches().at(-1)?.upserts[0], id("a"));
});

test("contact is told once a second, and at once after a loss", () => {
  const { emit, sent } = emitter();
  const contacts = () => sent.filter(({ type }) => type === "contact").length;
  emit.contact();
  emit.contact();
  assert.equal(contacts(), 1);
  mock.timers.tick(1_000);
  emit.contact();
  assert.equal(contacts(), 2);
  emit.unreachable("gone");
  emit.unreachable("gone");
  assert.equal(sent.filter(({ type }) => type === "unreachable").length, 1);
  emit.contact();
  assert.equal(contacts(), 3);
});

test("a flood of distinct problems is joined per code", () => {
  const { emit, turn, batches } = emitter();
  for (let at = 0; at < 100_000; at++) emit.problem({ code: "bad-url", where: `place ${at}`, message: "m".repeat(5_000) });
  turn();
  const problems = batches()[0]?.problems ?? [];
  assert.equal(problems.length, 10_001);
  assert.equal(
    problems.reduce((sum, { count }) => sum + count, 0),
    100_000,
  );
  assert.ok(problems.every(({ message }) => message.length <= 1_024));
});

test("nothing is sent once it is closed", () => {
  const { emit, sent, turn } = emitter();
  emit.changed(serviceItem("a"));
  emit.close();
  emit.unreachable("gone");
  emit.acknowledged();
  turn();
  assert.deepEqual(sent, []);
});

const names = fc.constantFrom("a", "b", "c", "d");
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("changed" as const, "add" as const), name: names, weight: fc.nat(3) }) },
  fc.record({ do: fc.constant("removed" as const), name: names }),
  fc.record({ do: fc.constantFrom("listing" as const, "commit" as const, "abandon" as const) }),
  fc.record({ do: fc.constantFrom("turn" as const, "ack" as const) }),
);

test("single changes leave at once, until they come so thick that they are gathered", () => {
  const { emit, turn, batches } = emitter();
  for (let at = 0; at < 100; at++) {
    emit.changed(serviceItem(`${at}`));
    turn();
    if (batches().length > 0) emit.acknowledged();
  }
  const before = batches().length;
  assert.ok(before >= 20 && before < 100, `${before} batches`);
  mock.timers.tick(5);
  assert.ok(batches().length <= before + 1);
  assert.equal(
    batches().reduce((sum, { upserts }) => sum + upserts.length / 2, 0),
    100,
  );
});

test("a listing does not wait, however thick the changes before it", () => {
  const { emit, turn, batches } = emitter();
  for (let at = 0; at < 100; at++) {
    emit.changed(serviceItem(`${at}`));
    turn();
    if (batches().length > 0) emit.acknowledged();
  }
  mock.timers.tick(5);
  for (let acknowledged = batches().length; acknowledged > 0; acknowledged--) emit.acknowledged();
  const before = batches().length;
  const listing = emit.listing();
  listing.add(serviceItem("new"));
  turn();
  assert.equal(batches().length, before + 1);
  listing.commit();
  turn();
  assert.ok(batches().at(-1)?.commit, "least of all its end");
});

test("whatever the interleaving, the receiver ends with what the session said", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), fc.nat(3), (steps, used) => {
      const { emit, batches, turn } = emitter();
      const truth = new Map<string, string>();
      let listing: { handle: Listing; seen: Set<string> } | undefined;
      let acknowledged = 0;
      const ack = () => {
        if (acknowledged >= batches().length) return false;
        acknowledged++;
        emit.acknowledged();
        return true;
      };
      // Most interleavings matter only while the receiver is behind.
      for (let at = 0; at < used; at++) {
        const item = serviceItem("first", at);
        emit.changed(item);
        truth.set("first", JSON.stringify(item));
        turn();
      }
      for (const now of steps) {
        if (now.do === "changed" || (now.do === "add" && listing)) {
          const item = serviceItem(now.name, now.weight);
          if (now.do === "add") listing?.handle.add(item);
          else emit.changed(item);
          listing?.seen.add(now.name);
          truth.set(now.name, JSON.stringify(item));
        } else if (now.do === "removed") {
          emit.removed(id(now.name));
          listing?.seen.delete(now.name);
          truth.delete(now.name);
        } else if (now.do === "listing") listing = { handle: emit.listing(), seen: new Set() };
        else if (now.do === "commit" && listing) {
          listing.handle.commit();
          for (const name of [...truth.keys()]) if (!listing.seen.has(name)) truth.delete(name);
          listing = undefined;
        } else if (now.do === "abandon") {
          listing?.handle.abandon("given up");
          listing = undefined;
        } else if (now.do === "turn") turn();
        else if (now.do === "ack") ack();
      }
      do mock.timers.tick(5);
      while (ack());
      const received = new Map<string, string>();
      for (const batch of batches()) {
        for (let at = 0; at < batch.upserts.length; at += 2) received.set(batch.upserts[at] as string, batch.upserts[at + 1] as string);
        for (const gone of [...batch.removals, ...(batch.commit?.gone ?? [])]) received.delete(gone);
      }
      assert.deepEqual([...received].sort(), [...truth].map(([name, text]) => [id(name), text]).sort());
    }),
    { numRuns: 2_000 },
  );
});
