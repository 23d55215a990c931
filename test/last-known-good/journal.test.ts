import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Journal } from "../../src/last-known-good/journal.ts";
import { encodeHeader } from "../../src/last-known-good/journal-header.ts";
import { Slices } from "../../src/last-known-good/slices.ts";
import { type Logger, silentLogger } from "../../src/log/logger.ts";
import { FaultyDisk } from "../support/faulty-disk.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { contentsOf, KeptModel, keptItem, owner, stateRead } from "./kept-model.ts";

function journalOf(t: TestContext) {
  const path = join(tempFolder(t).path, "zk.journal");
  const disk = new FaultyDisk();
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, error: (_, message) => lines.push(message), info: (_, message) => lines.push(message) };
  const journal = new Journal({ path, owner, disk, log, slices: new Slices() });
  t.after(() => journal.close());
  const model = new KeptModel();
  const put = (id: string, text: string): void => {
    model.items.set(id, keptItem(text));
    journal.touched(id, text.length);
  };
  const take = (id: string): void => {
    model.items.delete(id);
    journal.touched(id, 0);
  };
  const onDisk = (): unknown => stateRead(contentsOf(readFileSync(path)));
  return { path, disk, lines, journal, model, put, take, onDisk };
}

/** Until more than half of the journal is history. */
function overwrite({ put, journal }: Pick<ReturnType<typeof journalOf>, "put" | "journal">): void {
  for (let at = 0; journal.size < 4_300_000; at++) {
    put(`a${at % 10}`, big(at));
    journal.flush();
  }
}

const big = (seed: number): string => `${seed} `.padEnd(20_000, "x");

test("what was noted is on disk when flush returns, in one write", (t) => {
  const { disk, journal, model, put, take, onDisk } = journalOf(t);
  journal.create();
  journal.follow(model);
  put("a", "one");
  put("b", "two");
  put("a", "three");
  take("b");
  model.complete = true;
  journal.completed();
  const before = disk.acts.length;
  journal.flush();
  assert.deepEqual(onDisk(), model.state());
  assert.equal(disk.acts.length - before, 1);
  journal.flush();
  assert.equal(disk.acts.length - before, 1, "nothing new, nothing written");
  assert.deepEqual(journal.counts, { entries: 3, bytes: journal.size - encodeHeader(owner).length, rewrites: 0, writeErrors: 0 });
});

test("changes that publish nothing are written all the same, a little later", async (t) => {
  const { journal, model, put, onDisk } = journalOf(t);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  journal.create();
  journal.follow(model);
  put("a", "one");
  t.mock.timers.tick(250);
  assert.deepEqual(onDisk(), model.state());
});

test("a flood is written as it comes, so that no write is long", (t) => {
  const { disk, journal, model, put } = journalOf(t);
  journal.create();
  journal.follow(model);
  for (let at = 0; at < 100; at++) put(`a${at}`, big(at));
  const writes = disk.acts.filter((act) => act.startsWith("write"));
  assert.ok(writes.length >= 4);
  assert.ok(
    writes.every((act) => Number(act.slice(6)) < 700_000),
    writes.join(),
  );
});

test("history is dropped when it is more than half, while changes go on, and nothing of them is lost", async (t) => {
  const { journal, model, put, take, onDisk } = journalOf(t);
  journal.create();
  journal.follow(model);
  model.complete = true;
  journal.completed();
  let seed = 0;
  for (let at = 0; at < 100; at++) put(`a${at}`, big(seed++));
  for (let round = 0; journal.counts.rewrites < 3; round++) {
    assert.ok(round < 10_000, "it is rewritten in the end");
    // Some that a rewrite has passed already, some it has not, new ones and ones that leave.
    put(`a${(round * 7) % 100}`, big(seed++));
    put(`b${round % 20}`, big(seed++));
    take(`b${(round + 10) % 20}`);
    if (round % 3 === 0) journal.flush();
    assert.ok(journal.size < 5 * model.characters() + 5_000_000, "its size is bounded");
    await turn();
  }
  journal.flush();
  assert.deepEqual(onDisk(), model.state());
  const size = journal.size;
  put("a0", "small");
  journal.flush();
  assert.ok(journal.size > size, "it goes on behind the rewritten one");
  assert.deepEqual(onDisk(), model.state());
});

test("until a rewrite is whole, the old journal is the journal", async (t) => {
  const { journal, model, disk, put, onDisk } = journalOf(t);
  journal.create();
  journal.follow(model);
  overwrite({ put, journal });
  for (let at = 0; !disk.acts.includes("create zk.journal.new"); at++) {
    assert.ok(at < 1_000);
    await turn();
  }
  put("late", "x");
  journal.flush();
  assert.deepEqual(onDisk(), model.state());
  journal.close();
  await turn();
  assert.deepEqual(onDisk(), model.state());
  assert.ok(!disk.acts.some((act) => act.startsWith("rename")));
});

for (const fault of ["full", "broken"] as const) {
  test(`a disk that is ${fault} is told once, serving goes on, and later the journal is whole again`, async (t) => {
    const { disk, lines, journal, model, put, onDisk } = journalOf(t);
    journal.create();
    journal.follow(model);
    put("a", "one");
    journal.flush();
    const before = onDisk();

    if (fault === "full") disk.room = 10;
    else disk.broken = "EIO";
    put("b", "two");
    journal.flush();
    assert.match(journal.failure ?? "", fault === "full" ? /ENOSPC/ : /EIO/);
    put("c", "three");
    journal.flush();
    await journal.retry();
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /registry zk cannot be written: .*serving goes on/);
    assert.deepEqual(onDisk(), before, "the older state is still whole, but for a torn end");
    assert.ok(journal.counts.writeErrors >= 2);

    disk.room = undefined;
    disk.broken = undefined;
    put("d", "four");
    await journal.retry();
    assert.equal(journal.failure, undefined);
    assert.match(lines[1] ?? "", /written again/);
    assert.deepEqual(onDisk(), model.state());
    put("e", "five");
    journal.flush();
    assert.deepEqual(onDisk(), model.state());
  });
}

test("a rewrite that finds no room leaves the journal as it is and working", async (t) => {
  const { disk, journal, model, put, onDisk } = journalOf(t);
  journal.create();
  journal.follow(model);
  overwrite({ put, journal });
  assert.ok(
    disk.acts.every((act) => !act.includes(".new") || act.startsWith("remove")),
    "a rewrite begins in a later turn",
  );
  disk.room = 50_000;
  while (journal.counts.writeErrors === 0) await turn();
  disk.room = undefined;
  assert.equal(journal.failure, undefined);
  put("late", "x");
  journal.flush();
  assert.deepEqual(onDisk(), model.state());
});

test("a removed journal is gone, and stays so", (t) => {
  const { path, journal, model, put } = journalOf(t);
  journal.create();
  journal.follow(model);
  put("a", "one");
  journal.flush();
  journal.remove();
  put("b", "two");
  journal.flush();
  assert.throws(() => readFileSync(path), { code: "ENOENT" });
});

test("what changes while a rewrite is synced waits for the end of it, and is in it", async (t) => {
  const { journal, model, disk, put, onDisk } = journalOf(t);
  journal.create();
  journal.follow(model);
  const syncing = Promise.withResolvers<void>();
  const synced = Promise.withResolvers<void>();
  t.mock.method(disk, "sync", () => {
    syncing.resolve();
    return synced.promise;
  });
  overwrite({ put, journal });
  await syncing.promise;
  const before = disk.acts.length;
  put("late", "x");
  journal.flush();
  assert.equal(disk.acts.length - before, 1, "only the old journal is written");
  synced.resolve();
  while (journal.counts.rewrites === 0) await turn();
  assert.deepEqual(onDisk(), model.state());
});

test("a rewrite that is given up before its first slice leaves neither a file nor an open one", async (t) => {
  const fixture = journalOf(t);
  const { path, disk, journal, model } = fixture;
  journal.create();
  journal.follow(model);
  overwrite(fixture);
  journal.remove();
  const acts = disk.acts.length;
  for (let slice = 0; slice < 5; slice++) await turn();
  assert.deepEqual(disk.acts.slice(acts), []);
  assert.equal(existsSync(`${path}.new`), false);
});

test("a process that ends while what came from elsewhere is written leaves nothing that calls itself complete", async (t) => {
  const { path, disk, journal, model, onDisk } = journalOf(t);
  const synced = Promise.withResolvers<void>();
  disk.sync = () => synced.promise;
  journal.create();
  model.items.set("service/a", keptItem("from a peer"));
  model.complete = true;
  journal.follow(model);
  journal.rewrite();
  journal.completed();
  journal.flush();
  assert.equal(contentsOf(readFileSync(path)).isComplete, false);
  while (!existsSync(`${path}.new`)) await turn();
  synced.resolve();
  while (existsSync(`${path}.new`)) await turn();
  journal.flush();
  assert.deepEqual(onDisk(), stateRead(contentsOf(readFileSync(path))));
  assert.equal(contentsOf(readFileSync(path)).isComplete, true);
});
