import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { silentLogger } from "../../src/log/logger.ts";
import { encodeObject } from "../../src/snapshot/encode.ts";
import { ownedTypes, type Snapshot, type TypeKey } from "../../src/snapshot/snapshot.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";
import { decodeDiscoveryResponse } from "../support/google-protobuf-decoder.ts";
import { meshObject, plain } from "./arbitraries.ts";
import { entryOf } from "./entries.ts";

const serviceEntry: TypeKey = "networking.istio.io/ServiceEntry";
const sidecar: TypeKey = "networking.istio.io/Sidecar";
const newStore = () => new SnapshotStore({ log: silentLogger });
const namesOf = (snapshot: Snapshot, type = serviceEntry) => [...snapshot.table(type).entries()].map(({ name }) => name);

describe("the snapshot store", () => {
  it("serves, after any publications, exactly the last objects, as an independent decoder reads them", () => {
    const publication = fc.record({
      upserts: fc.array(meshObject, { maxLength: 5 }),
      removals: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 3 }),
      staged: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(publication, { maxLength: 10 }), (publications) => {
        const store = newStore();
        const model = new Map<TypeKey, Map<string, unknown>>(ownedTypes.map((type) => [type, new Map()]));
        for (const { upserts, removals, staged } of publications) {
          const known = ownedTypes.flatMap((type) => [...model.get(type)!.keys()].map((name) => ({ type, name })));
          const gone = removals.flatMap((i) => known[i] ?? []);
          for (const { type, name } of gone) model.get(type)!.delete(name);
          const encoded = upserts.map((object) => encodeObject(object, 0));
          encoded.forEach(({ type, name }, i) => {
            const { kind, labels, annotations, spec } = upserts[i]!;
            model.get(type)!.set(name, { name, kind, labels, annotations, spec: plain(spec) });
          });
          store[staged ? "stage" : "publish"]({ upserts: encoded, removals: gone });
        }
        const snapshot = store.publish();
        for (const type of ownedTypes) {
          const served = decodeDiscoveryResponse(Buffer.concat(snapshot.table(type).chunks())).resources;
          const expected = [...model.get(type)!].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
          assert.deepEqual(
            served.map(({ version, createTime, body, ...object }) => object),
            expected,
          );
          for (const { name, version } of served) assert.equal(snapshot.table(type).get(name)?.version, version);
        }
      }),
    );
  });

  it("starts with empty tables at sequence 0", () => {
    const snapshot = newStore().current();
    assert.equal(snapshot.sequence, 0);
    for (const type of ownedTypes) assert.deepEqual([snapshot.table(type).type, snapshot.table(type).size], [type, 0]);
  });

  it("counts publications that change something, and shares what stayed the same", () => {
    const store = newStore();
    const first = store.publish({ upserts: [entryOf("ns/a", "1"), entryOf("ns/s", "1", 40, sidecar)] });
    const second = store.publish({ upserts: [entryOf("ns/b", "1")] });
    assert.deepEqual([first.sequence, second.sequence, store.current()], [1, 2, second]);
    assert.deepEqual([namesOf(first), namesOf(second)], [["ns/a"], ["ns/a", "ns/b"]]);
    assert.equal(first.table(sidecar), second.table(sidecar));
  });

  it("ignores a publication without a change, and tells nobody", () => {
    const store = newStore();
    const first = store.publish({ upserts: [entryOf("ns/a", "1")] });
    store.subscribe(() => assert.fail("nothing has changed"));
    assert.equal(store.publish({ upserts: [entryOf("ns/a", "1")], removals: [{ type: serviceEntry, name: "ns/none" }] }), first);
    assert.equal(store.publish(), first);
    assert.deepEqual(store.changesSince(serviceEntry, 1), { updated: [], removed: [] });
  });

  it("shows what is staged only after the next publication, the last word on a name winning", () => {
    const store = newStore();
    store.stage({ upserts: [entryOf("ns/a", "1"), entryOf("ns/b", "1")] });
    store.stage({ upserts: [entryOf("ns/c", "1")], removals: [{ type: serviceEntry, name: "ns/b" }] });
    assert.equal(store.current().sequence, 0);
    const snapshot = store.publish({ upserts: [entryOf("ns/a", "2")] });
    assert.equal(snapshot.sequence, 1);
    assert.deepEqual(namesOf(snapshot), ["ns/a", "ns/c"]);
    assert.equal(snapshot.table(serviceEntry).get("ns/a")?.version, "2");
    assert.deepEqual(store.changesSince(serviceEntry, 0), { updated: ["ns/a", "ns/c"], removed: [] });
  });

  it("takes a name that one publication removes and brings for brought", () => {
    const store = newStore();
    store.publish({ upserts: [entryOf("ns/a", "1")] });
    store.publish({ upserts: [entryOf("ns/a", "2")], removals: [{ type: serviceEntry, name: "ns/a" }] });
    assert.deepEqual(store.changesSince(serviceEntry, 1), { updated: ["ns/a"], removed: [] });
  });

  it("tells listeners, when the snapshot is current, which types changed", () => {
    const store = newStore();
    const heard: unknown[] = [];
    const unsubscribe = store.subscribe((snapshot, types) => {
      assert.equal(store.current(), snapshot);
      heard.push([snapshot.sequence, ...types]);
    });
    store.publish({ upserts: [entryOf("ns/a", "1"), entryOf("ns/s", "1", 40, sidecar)] });
    store.publish({ upserts: [entryOf("ns/a", "1"), entryOf("ns/s", "2", 40, sidecar)] });
    unsubscribe();
    store.publish({ removals: [{ type: serviceEntry, name: "ns/a" }] });
    assert.deepEqual(heard, [
      [1, serviceEntry, sidecar],
      [2, sidecar],
    ]);
  });

  it("goes on after a listener that throws, and says so", () => {
    const errors: unknown[] = [];
    const store = new SnapshotStore({ log: { ...silentLogger, error: (fields) => errors.push(fields) } });
    const failure = new Error("listener");
    const heard: number[] = [];
    store.subscribe(() => {
      throw failure;
    });
    store.subscribe(({ sequence }) => heard.push(sequence));
    store.publish({ upserts: [entryOf("ns/a", "1")] });
    store.publish({ upserts: [entryOf("ns/a", "2")] });
    assert.deepEqual(heard, [1, 2]);
    assert.deepEqual(errors, [
      { err: failure, sequence: 1 },
      { err: failure, sequence: 2 },
    ]);
  });

  it("lets a listener publish: every listener hears of every snapshot in order", () => {
    const store = newStore();
    const heard: number[] = [];
    store.subscribe(({ sequence }) => {
      if (sequence === 1) store.publish({ upserts: [entryOf("ns/b", "1")] });
    });
    store.subscribe(({ sequence }) => heard.push(sequence));
    store.publish({ upserts: [entryOf("ns/a", "1")] });
    assert.deepEqual(heard, [1, 2]);
  });

  it("has one digest over all types, equal wherever the content is, however it came", () => {
    const one = newStore();
    one.publish({ upserts: [entryOf("ns/a", "1"), entryOf("ns/s", "1", 40, sidecar)] });
    const two = newStore();
    two.publish({ upserts: [entryOf("ns/s", "0", 40, sidecar), entryOf("ns/x", "1")] });
    assert.notEqual(two.current().digest, one.current().digest);
    two.publish({ upserts: [entryOf("ns/s", "1", 40, sidecar)] });
    two.publish({ upserts: [entryOf("ns/a", "1")], removals: [{ type: serviceEntry, name: "ns/x" }] });
    assert.equal(two.current().digest, one.current().digest);
    const moved = newStore().publish({ upserts: [entryOf("ns/s", "1"), entryOf("ns/a", "1", 40, sidecar)] });
    assert.notEqual(moved.digest, one.current().digest);
  });
});
