/** What delta streams share, and what bounds them: a client costs little, however many there are and however slow they read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { silentLogger } from "../../../src/log/logger.ts";
import { SnapshotStore } from "../../../src/snapshot/store.ts";
import { DepartedNames } from "../../../src/xds/delta/departed-names.ts";
import { FrameCache } from "../../../src/xds/delta/frame-cache.ts";
import { Sweeps } from "../../../src/xds/sweep.ts";
import { type DeltaStream, StreamRig } from "../../support/stream-rig.ts";
import { serviceEntries, serviceEntry } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const many = (count: number, revision = 1) => Array.from({ length: count }, (_, index) => serviceEntry(`s${index}`, revision));

function subscribed(rig: StreamRig): DeltaStream {
  const client = rig.delta();
  client.request({ typeUrl });
  return client;
}

test("a change is framed once, however many clients get it", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(20) });
  const clients = Array.from({ length: 300 }, () => subscribed(rig));
  for (const client of clients) client.readAll();
  assert.equal(rig.feed.frames.framed, 0);
  rig.store.publish({ upserts: many(3, 2) });
  assert.equal(rig.feed.frames.framed, 3);
  for (const client of clients) assert.equal(client.readAll()[0]?.resources.length, 3);
});

test("when most of it changes at once clients share what they are sent, and have the same in the end", () => {
  const rig = new StreamRig({ feed: { maxFrameBytes: 10_000 } });
  rig.store.publish({ upserts: many(2_000) });
  const clients = Array.from({ length: 20 }, () => subscribed(rig));
  for (const client of clients) client.readAll();
  const removals = [{ type: serviceEntries, name: "tributary/s1999" } as const];
  rig.store.publish({ upserts: [...many(1_500, 2), serviceEntry("new")], removals });
  assert.ok(rig.feed.frames.framed < 100, `framed ${rig.feed.frames.framed} resources`);
  for (const client of clients) {
    const responses = client.readAll();
    const names = new Set(responses.flatMap(({ resources }) => resources.map(({ name }) => name)));
    assert.deepEqual(
      responses.flatMap(({ removedResources }) => removedResources),
      ["tributary/s1999"],
    );
    assert.ok(names.has("tributary/s1499") && names.has("tributary/new"));
  }
  assert.equal(rig.feed.sweeps.size, 0);
});

test("readers that stop at older states do not keep others from what changes in masses", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(2_000) });
  const client = subscribed(rig);
  client.readAll();
  const stopped = Array.from({ length: 5 }, (_, index) => {
    rig.store.publish({ upserts: [serviceEntry("s0", index + 2)] });
    return subscribed(rig);
  });
  client.readAll();
  rig.store.publish({ upserts: many(1_900, 9) });
  assert.deepEqual(
    client.readAll().map(({ resources }) => resources.length),
    [1_900],
  );
  for (const each of stopped) each.readAll();
});

test("a client that was sent 1,000 resources keeps a few KiB alive", () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(1000) });
  const clients = [subscribed(rig)];
  const settle = () => {
    for (const client of clients) client.readAll();
    for (const events of [rig.observer.pushes, rig.observer.acks]) events.length = 0;
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = settle();
  for (let count = 0; count < 200; count += 1) clients.push(subscribed(rig));
  const each = (settle() - before) / 200;
  assert.ok(each < 8 * 1024, `${each} bytes a client`);
});

test("a client that does not acknowledge is sent 16 responses, and then the net difference", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(2) });
  const client = subscribed(rig);
  const unacknowledged = [client.read()!];
  for (let revision = 2; revision < 50; revision += 1) {
    rig.store.publish({ upserts: [serviceEntry("s0", revision)] });
    const response = client.read();
    if (response) unacknowledged.push(response);
  }
  assert.equal(unacknowledged.length, 16);
  client.acknowledge(unacknowledged[0]!);
  const next = client.read()!;
  assert.deepEqual(
    next.resources.map(({ name, version }) => [name, version]),
    [["tributary/s0", serviceEntry("s0", 49).version]],
  );
  assert.equal(client.read(), undefined);
});

test("a client that does not read has one message waiting, whatever it acknowledges", () => {
  const rig = new StreamRig();
  const client = subscribed(rig);
  for (let revision = 1; revision < 30; revision += 1) {
    rig.store.publish({ upserts: [serviceEntry("a", revision)] });
    client.request({ typeUrl, responseNonce: `test-1-${revision}` });
  }
  assert.equal(client.wire.written.length, 1);
  assert.ok(rig.observer.pushes.length <= 2);
});

test("a large answer must be acknowledged before more is sent", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: Array.from({ length: 45 }, (_, index) => serviceEntry(`s${index}`, 1, 1500)) });
  const client = subscribed(rig);
  const first = client.read()!;
  assert.ok(rig.observer.pushes[0]!.bytes > 4 * 1024 * 1024);
  rig.store.publish({ upserts: [serviceEntry("s0", 2)] });
  rig.store.publish({ upserts: [serviceEntry("s1", 2)] });
  assert.equal(client.read(), undefined);
  client.acknowledge(first);
  assert.equal(client.read()?.resources.length, 2);
});

test("what is not acknowledged is reported after 60 s and ends the stream after 5 min", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(1) });
  const client = subscribed(rig);
  client.read();
  rig.clock.advance(60_001);
  assert.equal(rig.observer.unacked.length, 1);
  rig.clock.advance(240_000);
  assert.equal(client.wire.ended?.status, "DEADLINE_EXCEEDED");
  assert.equal(rig.clock.pending, 0);
});

test("clients that come while a first answer is written share it; then it is given back", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(100) });
  const clients = Array.from({ length: 10 }, () => subscribed(rig));
  assert.equal(rig.feed.sweeps.size, 1);
  for (const client of clients.slice(0, 9)) client.readAll();
  assert.equal(rig.feed.sweeps.size, 1);
  clients[9]!.close();
  assert.equal(rig.feed.sweeps.size, 0);
});

test("while the state changes few first answers are kept; who gets an older one is told the rest at once", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(10) });
  const slow = Array.from({ length: 8 }, (_, index) => {
    rig.store.publish({ upserts: [serviceEntry("s0", index + 2)] });
    return subscribed(rig);
  });
  assert.equal(rig.feed.sweeps.size, 4);
  const responses = slow[7]!.readAll();
  assert.deepEqual(
    responses.map(({ resources }) => resources.length),
    [10, 1],
  );
  assert.equal(responses[1]!.resources[0]!.version, serviceEntry("s0", 9).version);
  for (const client of slow) client.readAll();
  assert.equal(rig.feed.sweeps.size, 0);
});

test("who holds what is missing in an older first answer, but not any more, is not told to drop it", () => {
  const rig = new StreamRig();
  rig.store.publish({ upserts: many(10) });
  const slow = Array.from({ length: 4 }, (_, index) => {
    rig.store.publish({ upserts: [serviceEntry("s0", index + 2)] });
    return subscribed(rig);
  });
  rig.store.publish({ upserts: [serviceEntry("new")] });
  const client = rig.delta();
  // Of another replica's release, so that everything differs.
  client.request({ typeUrl, initialResourceVersions: { "tributary/new": "other", "tributary/gone": "other" } });
  assert.equal(rig.feed.sweeps.size, 4, "it was lent an older one");
  const responses = client.readAll();
  assert.deepEqual(
    responses.map(({ removedResources }) => removedResources),
    [["tributary/gone"], []],
  );
  assert.ok(responses[1]!.resources.some(({ name }) => name === "tributary/new"));
  for (const each of slow) each.readAll();
});

test("of equal content one first answer serves all, whenever it was made", () => {
  const store = new SnapshotStore({ log: silentLogger });
  store.publish({ upserts: [serviceEntry("a", 1)] });
  const sweeps = new Sweeps();
  const key = { type: serviceEntries, form: "envelope", prefix: "" } as const;
  const first = sweeps.lend(key, store.current(), () => true);
  store.publish({ upserts: [serviceEntry("a", 2)] });
  store.publish({ upserts: [serviceEntry("a", 1)] });
  const second = sweeps.lend(key, store.current(), () => true);
  assert.equal(second.pieces, first.pieces);
  assert.equal(second.sequence, 3);
});

test("frames are kept up to a number of bytes, and framed again when they have changed or were dropped", () => {
  const cache = new FrameCache(3 * serviceEntry("a").framed.length);
  const frame = (name: string, revision = 1) => cache.frame(serviceEntries, "envelope", serviceEntry(name, revision));
  const first = frame("a");
  assert.equal(frame("a"), first);
  assert.notEqual(frame("a", 2), first);
  for (const name of ["b", "c", "d"]) frame(name);
  assert.ok(cache.bytes <= 3 * serviceEntry("a").framed.length);
  assert.equal(cache.framed, 5);
  frame("a", 2);
  assert.equal(cache.framed, 6, "the oldest was dropped");
  assert.notEqual(cache.frame(serviceEntries, "object", serviceEntry("d")), frame("d"), "each form has its own bytes");
});

test("names that left are known as far back as they are kept, also after a publication larger than the change log", () => {
  const store = new SnapshotStore({ log: silentLogger, changeLog: { maxNames: 2 } });
  store.publish({ upserts: many(6) });
  const departed = new DepartedNames(store, 4);
  const removals = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({ type: serviceEntries, name: `tributary/s${from + index}` }) as const);
  store.publish({ removals: removals(0, 3) });
  assert.equal(store.changesSince(serviceEntries, 1), undefined);
  assert.deepEqual(departed.since(serviceEntries, 1), ["tributary/s0", "tributary/s1", "tributary/s2"]);
  store.publish({ upserts: [serviceEntry("s1")], removals: removals(3, 4) });
  assert.deepEqual(departed.since(serviceEntries, 1), ["tributary/s0", "tributary/s2", "tributary/s3"]);
  assert.deepEqual(departed.since(serviceEntries, 2), ["tributary/s3"]);
  store.publish({ removals: removals(4, 6) });
  assert.equal(departed.since(serviceEntries, 1), undefined, "five names left, four are kept");
  assert.deepEqual(departed.since(serviceEntries, 3), ["tributary/s4", "tributary/s5"]);
  departed.close();
});
