import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Entry } from "../../src/snapshot/snapshot.ts";
import { SortedTable } from "../../src/snapshot/table.ts";
import { contentOf, entryOf, sha256 } from "./entries.ts";

const empty = SortedTable.empty("networking.istio.io/ServiceEntry");
const kib = 1024;

function tableOf(entries: Iterable<Entry>): SortedTable {
  return empty.update(new Map([...entries].map((entry) => [entry.name, entry]))).table;
}

function many(count: number, size: number, version = "1"): Entry[] {
  return Array.from({ length: count }, (_, i) => entryOf(`ns/${String(i).padStart(6, "0")}`, version, size));
}

/** Everything that must hold of any table, against a plain map. */
function assertHolds(table: SortedTable, model: ReadonlyMap<string, Entry>): void {
  const names = [...model.keys()].sort();
  const entries = [...table.entries()];
  assert.deepEqual(
    entries.map(contentOf),
    names.map((name) => contentOf(model.get(name))),
  );
  for (const [i, name] of names.entries()) assert.deepEqual(contentOf(table.get(name)), contentOf(entries[i]));
  assert.equal(table.get("ns/"), undefined);
  assert.equal(table.get("z"), undefined);
  assert.equal(table.size, model.size);
  const bytes = Buffer.concat(names.map((name) => model.get(name)!.framed));
  assert.equal(table.byteLength, bytes.length);
  assert.equal(sha256(Buffer.concat(table.chunks())), sha256(bytes));
  const chunks = new Set(table.chunks().map((chunk) => chunk.buffer));
  for (const entry of entries) assert.ok(chunks.has(entry.framed.buffer as ArrayBuffer) && entry.body.buffer === entry.framed.buffer);
}

const name = fc.integer({ min: 0, max: 60 }).map((n) => `ns/${n}`);
const size = fc.constantFrom(40, 1 * kib, 5 * kib, 15 * kib, 60 * kib);
const change = fc.record({ name, version: fc.constantFrom("", "1", "2", "3"), size });

describe("a table", () => {
  it("is what a plain map would be after any updates, and no table before it has changed", () => {
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 30 }), { maxLength: 8 }), (batches) => {
        const history: { table: SortedTable; model: Map<string, Entry> }[] = [{ table: empty, model: new Map() }];
        for (const batch of batches) {
          const { table, model } = history.at(-1)!;
          const changes = new Map(
            batch.map(({ name, version, size }) => [name, version === "" ? undefined : entryOf(name, version, size)]),
          );
          const next = new Map(model);
          const updated: string[] = [];
          const removed: string[] = [];
          for (const [name, entry] of changes) {
            if (entry === undefined && next.delete(name)) removed.push(name);
            if (entry === undefined || entry.version === model.get(name)?.version) continue;
            next.set(name, entry);
            updated.push(name);
          }
          const update = table.update(changes);
          assert.deepEqual([update.updated, update.removed], [updated.sort(), removed.sort()]);
          assert.equal(update.table === table, updated.length + removed.length === 0);
          history.push({ table: update.table, model: next });
        }
        for (const { table, model } of history) assertHolds(table, model);
        assert.equal(history.at(-1)!.table.digest, tableOf(history.at(-1)!.model.values()).digest);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps its chunks between 8 and 32 KiB while it grows, changes and shrinks", () => {
    const entries = many(3000, 2 * kib);
    let table = tableOf(entries.filter((_, i) => i % 2 === 0));
    const assertSizes = () => {
      for (const chunk of table.chunks()) assert.ok(chunk.length >= 8 * kib && chunk.length <= 32 * kib, `${chunk.length}`);
    };
    assertSizes();
    for (const entry of entries) {
      table = table.update(new Map([[entry.name, entry]])).table;
      assertSizes();
    }
    assert.equal(table.size, 3000);
    for (const entry of entries.slice(100)) {
      table = table.update(new Map([[entry.name, undefined]])).table;
      assertSizes();
    }
    assert.equal(table.size, 100);
  });

  it("copies only what a change touches", () => {
    const before = tableOf(many(5000, 2 * kib));
    const { table } = before.update(new Map([["ns/002500", entryOf("ns/002500", "2", 2 * kib)]]));
    const shared = new Set(before.chunks());
    assert.ok(before.chunks().length > 300);
    assert.equal(table.chunks().filter((chunk) => !shared.has(chunk)).length, 1);
  });

  it("stores bytes once, and keeps nothing of the buffers that it was given", () => {
    const given = many(1000, 2 * kib);
    const table = tableOf(given);
    const stored = new Set([...table.entries()].map((entry) => entry.framed.buffer));
    assert.deepEqual(stored, new Set(table.chunks().map((chunk) => chunk.buffer)));
    assert.equal(
      [...stored].reduce((sum, buffer) => sum + buffer.byteLength, 0),
      table.byteLength,
    );
    for (const entry of given) assert.ok(!stored.has(entry.framed.buffer));
  });

  it("keeps the entry that it has when the version comes again", () => {
    const table = tableOf([{ ...entryOf("ns/a", "1"), seenAt: 1 }]);
    const again = table.update(new Map([["ns/a", { ...entryOf("ns/a", "1"), seenAt: 2 }]]));
    assert.equal(again.table, table);
    assert.equal(table.get("ns/a")?.seenAt, 1);
  });

  it("refuses an entry whose body lies elsewhere", () => {
    const entry = { ...entryOf("ns/a", "1"), body: new Uint8Array(4) };
    assert.throws(() => tableOf([entry]), { name: "TypeError", message: "entry ns/a: body is not a view into framed" });
  });

  it("has a digest that tells contents apart", () => {
    const digests = [
      [],
      [entryOf("ns/a", "1")],
      [entryOf("ns/a", "2")],
      [entryOf("ns/b", "1")],
      [entryOf("ns/a", "1"), entryOf("ns/b", "2")],
      [entryOf("ns/a", "2"), entryOf("ns/b", "1")],
    ].map((entries) => tableOf(entries).digest);
    assert.equal(new Set(digests).size, digests.length);
    for (const digest of digests) assert.match(digest, /^[0-9a-f]{32}$/);
  });
});
