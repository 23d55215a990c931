import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { silentLogger } from "../../src/log/logger.ts";
import { shardOf } from "../../src/snapshot/shard.ts";
import { createStore, ShardedStore } from "../../src/snapshot/sharded-store.ts";
import { ownedTypes, type Snapshot, type SnapshotSource } from "../../src/snapshot/snapshot.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";
import { contentOf, entryOf } from "./entries.ts";

const [serviceEntry, workloadEntry] = ownedTypes as [(typeof ownedTypes)[0], (typeof ownedTypes)[0]];
const log = silentLogger;

/** Everything a reader can see, but for the order of chunks. */
function contentsOf(snapshot: Snapshot) {
  const tables = ownedTypes.map((type) => {
    const { size, byteLength, digest } = snapshot.table(type);
    const entries = [...snapshot.table(type).entries()];
    const chunkBytes = snapshot
      .table(type)
      .chunks()
      .reduce((sum, { byteLength }) => sum + byteLength, 0);
    for (const { name, version } of entries) assert.equal(snapshot.table(type).get(name)?.version, version);
    return { type, size, byteLength, digest, chunkBytes, entries: entries.map(contentOf) };
  });
  return { tables, digest: snapshot.digest };
}

const namesOf = (source: SnapshotSource) =>
  ownedTypes.flatMap((type) => [...source.current().table(type).entries()].map(({ name }) => name));

/** The first names "ns/hostN" that are on a shard of so many. */
function namesOn(shard: number, shards: number, count: number): string[] {
  const names: string[] = [];
  for (let index = 0; names.length < count; index += 1) if (shardOf(`ns/host${index}`, shards) === shard) names.push(`ns/host${index}`);
  return names;
}

const name = fc.integer({ min: 0, max: 40 }).map((index) => `ns/host${index}`);
const type = fc.constantFrom(...ownedTypes);
const publications = fc.array(
  fc.record({
    upserts: fc.array(
      fc.tuple(name, fc.constantFrom("1", "2", "3"), type).map(([of, version, its]) => entryOf(of, version, 40, its)),
      { maxLength: 8 },
    ),
    removals: fc.array(fc.record({ type, name }), { maxLength: 4 }),
  }),
  { maxLength: 12 },
);

describe("the shard of a name", () => {
  it("is a promise: the same in every release", () => {
    const names = ["tributary/orders.dubbo", "tributary/items.dubbo", "shop/carts.nacos", "default/a"];
    assert.deepEqual(
      names.map((each) => [2, 4, 16].map((shards) => shardOf(each, shards))),
      [
        [0, 2, 2],
        [0, 0, 0],
        [1, 3, 11],
        [1, 1, 1],
      ],
    );
  });

  it("divides ten thousand names evenly", () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 10_000; index += 1) counts[shardOf(`tributary/org.acme.Service${index}.dubbo`, 4)]! += 1;
    for (const count of counts) assert.ok(count > 2300 && count < 2700, `${counts}`);
  });
});

describe("a store of one shard", () => {
  it("is the plain store, which is its own only part", () => {
    const store = createStore(1, { log });
    assert.ok(store instanceof SnapshotStore);
    assert.deepEqual(store.shards, [store]);
  });
});

describe("a store of several shards", () => {
  it("is, as a whole, after any publications, what an undivided store would be", () => {
    fc.assert(
      fc.property(publications, fc.integer({ min: 2, max: 5 }), (steps, shards) => {
        const whole = new SnapshotStore({ log });
        const divided = createStore(shards, { log });
        for (const step of steps) {
          const before = [whole.current().sequence, divided.current().sequence] as const;
          whole.publish(step);
          assert.deepEqual(contentsOf(divided.publish(step)), contentsOf(whole.current()));
          assert.equal(divided.current().sequence, whole.current().sequence);
          for (const each of ownedTypes) {
            const sorted = [whole.changesSince(each, before[0]), divided.changesSince(each, before[1])].map((changes) => ({
              updated: changes?.updated.toSorted(),
              removed: changes?.removed.toSorted(),
            }));
            assert.deepEqual(sorted[1], sorted[0]);
          }
        }
        assert.deepEqual(divided.shards.flatMap(namesOf).sort(), namesOf(whole).sort());
      }),
    );
  });

  it("holds a host's objects of every type on one shard", () => {
    const store = createStore(4, { log });
    store.publish({ upserts: ownedTypes.map((each) => entryOf("ns/orders.dubbo", "1", 40, each)) });
    assert.deepEqual(store.shards.map((shard) => namesOf(shard).length).sort(), [0, 0, 0, 3]);
  });

  it("leaves the shards that a publication does not touch as they are, and tells only who reads the others", () => {
    const store = createStore(2, { log });
    const [a] = namesOn(0, 2, 1);
    const [b] = namesOn(1, 2, 1);
    store.publish({ upserts: [entryOf(a!, "1"), entryOf(b!, "1")] });
    const untouched = store.shards[0]!.current();
    const told: string[] = [];
    for (const [index, shard] of store.shards.entries()) shard.subscribe(() => told.push(`shard ${index}`));
    store.subscribe((snapshot, types) => told.push(`whole ${snapshot.sequence} ${[...types]}`));
    store.publish({ upserts: [entryOf(b!, "2")] });
    assert.equal(store.shards[0]!.current(), untouched);
    assert.deepEqual(told, ["shard 1", `whole 2 ${serviceEntry}`]);
  });

  it("keeps its snapshot, and tells nobody, when nothing changes", () => {
    const store = createStore(3, { log });
    const first = store.publish({ upserts: [entryOf("ns/a", "1")] });
    store.subscribe(() => assert.fail("told"));
    assert.equal(store.publish({ upserts: [entryOf("ns/a", "1")], removals: [{ type: workloadEntry, name: "ns/b" }] }), first);
  });

  it("tells the changes since any remembered sequence, and undefined for what no shard remembers or never was", () => {
    const store = new ShardedStore(2, { log, changeLog: { maxNames: 2 } });
    const [a, a2, a3] = namesOn(0, 2, 3);
    const [b] = namesOn(1, 2, 1);
    store.publish({ upserts: [entryOf(b!, "1")] });
    store.publish({ upserts: [entryOf(a!, "1")] });
    store.publish({ upserts: [entryOf(a2!, "1")], removals: [{ type: serviceEntry, name: b! }] });
    assert.deepEqual(store.changesSince(serviceEntry, 1), { updated: [a!, a2!], removed: [b!] });
    assert.deepEqual(store.changesSince(serviceEntry, 3), { updated: [], removed: [] });
    store.publish({ upserts: [entryOf(a3!, "1")] });
    assert.equal(store.changesSince(serviceEntry, 1), undefined); // shard 0 forgot it
    assert.deepEqual(store.changesSince(serviceEntry, 2)?.updated, [a2!, a3!]);
    assert.equal(store.changesSince(serviceEntry, 5), undefined);
    assert.equal(store.changesSince(serviceEntry, -1), undefined);
  });

  it("publishes what a listener publishes meanwhile", () => {
    const store = createStore(2, { log });
    const [a] = namesOn(0, 2, 1);
    const [b] = namesOn(1, 2, 1);
    const heard: string[][] = [];
    store.shards[0]!.subscribe(() => store.publish({ upserts: [entryOf(b!, "2")] }));
    store.subscribe(() => heard.push(namesOf(store)));
    store.publish({ upserts: [entryOf(a!, "1"), entryOf(b!, "1")] });
    assert.deepEqual(heard.at(-1)?.sort(), [a!, b!].sort());
    assert.equal(store.current().table(serviceEntry).get(b!)?.version, "2");
  });
});
