import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { silentLogger } from "../../../src/log/logger.ts";
import type { Changes, SnapshotSource } from "../../../src/snapshot/snapshot.ts";
import { SnapshotStore } from "../../../src/snapshot/store.ts";
import { NamedView } from "../../../src/xds/sotw/named-view.ts";
import { entryOf } from "../../snapshot/entries.ts";
import { serviceEntries } from "../../support/xds-rig.ts";

const name = fc.integer({ min: 0, max: 12 }).map((index) => `ns/s${index}`);
const step = fc.record({
  upserts: fc.array(
    fc.tuple(name, fc.constantFrom("1", "2", "3")).map(([each, version]) => entryOf(each, version)),
    { maxLength: 5 },
  ),
  removals: fc.array(
    name.map((each) => ({ type: serviceEntries, name: each }) as const),
    { maxLength: 3 },
  ),
  looked: fc.boolean(),
});

test("it is what looking up every name would give, however much was missed, and its key tells contents apart", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.uniqueArray(name), fc.integer({ min: 1, max: 20 }), (steps, names, maxNames) => {
      const store = new SnapshotStore({ log: silentLogger, changeLog: { maxNames } });
      const view = new NamedView(serviceEntries, new Set(names), store);
      const keys = new Map<string, string>();
      for (const { looked, ...publication } of steps) {
        const snapshot = store.publish(publication);
        if (!looked) continue;
        const table = snapshot.table(serviceEntries);
        const expected = names.flatMap((each) => table.get(each) ?? []);
        const { key, version, resources, bytes, pieces } = view.at(snapshot);
        const sorted = (list: readonly Uint8Array[]) => list.map((bytes) => Buffer.from(bytes).toString()).sort();
        assert.deepEqual(sorted(pieces()), sorted(expected.map(({ framed }) => framed)));
        assert.deepEqual([version, resources, bytes], [table.digest, expected.length, expected.length * 40]);
        const content = sorted(pieces()).join();
        assert.equal(keys.get(key) ?? content, content);
        assert.equal([...keys].find(([, known]) => known === content)?.[0] ?? key, key);
        keys.set(key, content);
      }
    }),
  );
});

test("after its first look it looks up only names that changed", () => {
  const store = new SnapshotStore({ log: silentLogger });
  const names = Array.from({ length: 1000 }, (_, index) => `ns/s${index}`);
  store.publish({ upserts: names.map((each) => entryOf(each, "1")) });
  let asked = 0;
  const source: Pick<SnapshotSource, "changesSince"> = {
    changesSince(type, sequence): Changes | undefined {
      asked += 1;
      return store.changesSince(type, sequence);
    },
  };
  const view = new NamedView(serviceEntries, new Set(names), source);
  view.at(store.current());
  const snapshot = store.publish({ upserts: [entryOf("ns/s7", "2"), entryOf("ns/other", "1")] });
  const table = snapshot.table(serviceEntries);
  const looked: string[] = [];
  const spied = {
    type: serviceEntries,
    digest: table.digest,
    get: (each: string) => {
      looked.push(each);
      return table.get(each);
    },
  };
  const { resources } = view.at({ ...snapshot, table: () => spied as unknown as typeof table });
  assert.deepEqual([asked, looked, resources], [1, ["ns/s7"], 1000]);
});
