import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { crc32 } from "node:zlib";
import { FolderLock } from "../../src/last-known-good/folder-lock.ts";
import { encodeEntries } from "../../src/last-known-good/journal-entries.ts";
import { encodeHeader } from "../../src/last-known-good/journal-header.ts";
import { LastKnownGood } from "../../src/last-known-good/last-known-good.ts";
import { type Logger, silentLogger } from "../../src/log/logger.ts";
import { FaultyDisk } from "../support/faulty-disk.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { contentsOf, KeptModel, keptItem, owner, stateRead } from "./kept-model.ts";

const frame = encodeEntries([{ what: "kept", id: "a", item: keptItem("one") }, { what: "complete" }]);
const journal = Buffer.concat([encodeHeader(owner), frame]);

function folderOf(t: TestContext) {
  const { path } = tempFolder(t);
  const folder = join(path, "state");
  const file = join(folder, "zk.journal");
  const disk = new FaultyDisk();
  const lines: { level: string; code?: string; message: string }[] = [];
  const say = (level: string) => (fields: object, message: string) => lines.push({ level, ...(fields as { code?: string }), message });
  const log: Logger = { ...silentLogger, info: say("info"), warn: say("warn"), error: say("error") };
  const open = async (registries: readonly string[] = ["zk"]): Promise<LastKnownGood> => {
    const opened = await LastKnownGood.open({ folder, registries, log, disk });
    t.after(() => opened.close());
    return opened;
  };
  const holding = (bytes: Buffer | string): void => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, bytes);
  };
  return { folder, file, disk, lines, open, holding };
}

test("a folder that is missing is created, and a second process is refused with a clear word", async (t) => {
  const { folder, open } = folderOf(t);
  const first = await open();
  assert.ok(existsSync(folder));
  await assert.rejects(open(), (error: { code?: string; message?: string; hint?: string }) => {
    assert.equal(error.code, "STATE_IN_USE");
    assert.match(error.message ?? "", /in use by another process/);
    return true;
  });
  first.close();
  const second = await open();
  second.close();
  assert.deepEqual(readdirSync(folder), []);
});

test("journals of sources in clusters are their registry's, and tell which clusters there were", async (t) => {
  const { folder, open } = folderOf(t);
  mkdirSync(folder, { recursive: true });
  for (const name of ["k8s@east.journal", "k8s@west-1.journal", "other@east.journal"]) writeFileSync(join(folder, name), "");
  const opened = await open(["k8s"]);
  assert.deepEqual(opened.clusters("k8s").toSorted(), ["east", "west-1"]);
  assert.ok(readdirSync(folder).some((name) => name.startsWith("other@east.journal.orphan-")));
  const { loaded } = opened.registry({ registry: "k8s/east", kind: "kubernetes" });
  await loaded;
  opened.remove("k8s/east");
  assert.deepEqual(opened.clusters("k8s"), ["west-1"]);
});

test("a lock whose owner was killed is nobody's", async (t) => {
  const { path } = tempFolder(t);
  const module = new URL("../../src/last-known-good/folder-lock.ts", import.meta.url).href;
  const code = `import { FolderLock } from ${JSON.stringify(module)};
    await FolderLock.acquire(${JSON.stringify(path)}); console.log("locked"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  await assert.rejects(FolderLock.acquire(path), { code: "STATE_IN_USE" });
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(readdirSync(path), ["lock"]);
  const lock = await FolderLock.acquire(path);
  await assert.rejects(FolderLock.acquire(path), { code: "STATE_IN_USE" });
  lock.release();
  assert.deepEqual(readdirSync(path), []);
});

test("of many that start at once over a dead lock, one gets the folder", async (t) => {
  const { path } = tempFolder(t);
  writeFileSync(join(path, "lock"), "left behind");
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.acquire(path)));
  const locks = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  assert.equal(locks.length, 1);
  locks[0]?.release();
});

test("what is kept is loaded, and the journal goes on behind it", async (t) => {
  const { file, open, holding } = folderOf(t);
  holding(journal);
  const state = (await open()).registry(owner);
  const { contents } = await state.loaded;
  const model = new KeptModel();
  model.items.set("a", keptItem("one"));
  model.complete = true;
  assert.deepEqual(stateRead(contents), model.state());
  state.journal.follow(model);
  model.items.set("b", keptItem("two"));
  state.journal.touched("b", 3);
  state.journal.flush();
  assert.deepEqual(readFileSync(file).subarray(0, journal.length), journal);
  assert.ok(state.journal.size > journal.length);
});

test("a torn end is cut off, with a line at info", async (t) => {
  const { file, lines, open, holding } = folderOf(t);
  holding(Buffer.concat([journal, frame.subarray(0, 17)]));
  const state = (await open()).registry(owner);
  assert.equal((await state.loaded).contents.size, 1);
  assert.deepEqual(readFileSync(file), journal);
  assert.deepEqual(
    lines.map(({ level }) => level),
    ["info"],
  );
  assert.equal(state.report().setAside, 0);
});

const unusable: Record<string, Buffer | string> = {
  "a foreign file": "registries: []\n",
  "another registry's": encodeHeader({ registry: "other", kind: "zookeeper" }),
  "another kind's": encodeHeader({ registry: "zk", kind: "file" }),
  "one with damage in the middle": Buffer.concat([journal.subarray(0, 60), Buffer.from("?"), journal.subarray(61), frame]),
};

for (const [what, bytes] of Object.entries(unusable)) {
  test(`${what} is set aside with an error, and the registry starts from nothing`, async (t) => {
    const { folder, file, lines, open, holding } = folderOf(t);
    holding(bytes);
    const state = (await open()).registry(owner);
    assert.equal((await state.loaded).contents.size, 0);
    const [aside] = readdirSync(folder).filter((name) => name.startsWith("zk.journal.bad-"));
    assert.deepEqual(readFileSync(join(folder, aside ?? "")), Buffer.from(bytes));
    assert.deepEqual(readFileSync(file), encodeHeader(owner));
    assert.deepEqual(
      lines.map(({ code }) => code),
      ["STATE_UNUSABLE"],
    );
    assert.equal(state.report().setAside, 1);
    assert.equal(state.report().failure, undefined);
  });
}

test("of files set aside only the latest few are kept", async (t) => {
  const { folder, open, holding } = folderOf(t);
  mkdirSync(folder);
  for (const year of [2020, 2021, 2022, 2023]) writeFileSync(join(folder, `zk.journal.bad-${year}0101T000000000Z`), "");
  holding("foreign");
  await (await open()).registry(owner).loaded;
  const kept = readdirSync(folder).filter((name) => name.includes(".bad-"));
  assert.equal(kept.length, 3);
  assert.ok(!kept.some((name) => name.includes("bad-2020") || name.includes("bad-2021")));
});

test("a journal of a newer release is left as it is and named, also when its registry changes, fails and leaves", async (t) => {
  const { file, lines, open, holding } = folderOf(t);
  const line = "tributary-journal 7 zookeeper zk ";
  const newer = `${line}${crc32(Buffer.from(line)).toString(16).padStart(8, "0")}\nwho knows`;
  holding(newer);
  const opened = await open();
  const state = opened.registry(owner);
  assert.equal((await state.loaded).contents.size, 0);
  const model = new KeptModel();
  state.journal.follow(model);
  model.items.set("a", keptItem("one"));
  state.journal.touched("a", 3);
  state.journal.flush();
  await opened.retry();
  assert.match(state.report().failure ?? "", /format version 7/);
  assert.deepEqual(
    lines.map(({ code }) => code),
    ["STATE_NEWER"],
  );
  assert.match(lines[0]?.message ?? "", /zk\.journal has format version 7/);
  opened.remove("zk");
  opened.close();
  assert.equal(readFileSync(file, "utf8"), newer);
});

test("on a disk that refuses every change, what is kept is loaded all the same; once it is healed, all is written", async (t) => {
  const { folder, file, disk, lines, open, holding } = folderOf(t);
  holding(journal);
  writeFileSync(join(folder, "gone.journal"), journal);
  disk.broken = "EROFS";
  const opened = await open();
  const state = opened.registry(owner);
  const { contents } = await state.loaded;
  assert.equal(contents.size, 1);
  const model = new KeptModel();
  model.items.set("a", keptItem("changed"));
  state.journal.follow(model);
  await opened.retry();
  assert.match(state.report().failure ?? "", /EROFS/);
  assert.deepEqual(readFileSync(file), journal);
  assert.deepEqual([...new Set(lines.map(({ code }) => code))], ["STATE_UNWRITABLE"]);
  assert.equal(lines.length, 2, "the folder and the registry are told once each");

  disk.broken = undefined;
  await opened.retry();
  assert.equal(state.report().failure, undefined);
  assert.ok(readdirSync(folder).some((name) => name.startsWith("gone.journal.orphan-")));
  opened.close();
  const again = (await open()).registry(owner);
  assert.deepEqual(stateRead((await again.loaded).contents), model.state());
});

test("an unusable journal that cannot be set aside is not overwritten either", async (t) => {
  const { file, disk, open, holding } = folderOf(t);
  holding("foreign");
  const opened = await open();
  disk.broken = "EACCES";
  const state = opened.registry(owner);
  await state.loaded;
  const model = new KeptModel();
  state.journal.follow(model);
  await opened.retry();
  assert.equal(readFileSync(file, "utf8"), "foreign");
  assert.match(state.report().failure ?? "", /EACCES/);
  disk.broken = undefined;
  await opened.retry();
  assert.equal(state.report().failure, undefined);
  assert.equal(state.report().setAside, 1);
  assert.deepEqual(readFileSync(file), encodeHeader(owner));
});

test("an unusable journal that the operator took away is not waited for", async (t) => {
  const { file, disk, open, holding } = folderOf(t);
  holding("foreign");
  const opened = await open();
  disk.broken = "EACCES";
  const state = opened.registry(owner);
  await state.loaded;
  const model = new KeptModel();
  model.items.set("a", keptItem("one"));
  state.journal.follow(model);
  rmSync(file);
  disk.broken = undefined;
  await opened.retry();
  assert.equal(state.report().failure, undefined);
  assert.equal(state.report().setAside, 0);
  assert.deepEqual(stateRead(contentsOf(readFileSync(file))), model.state());
});

test("a journal that came with a folder that could not be used at the start is set aside, not overwritten", async (t) => {
  const { folder, file, disk, open, holding } = folderOf(t);
  disk.broken = "EACCES";
  const opened = await open();
  const state = opened.registry(owner);
  assert.equal((await state.loaded).contents.size, 0);
  state.journal.follow(new KeptModel());
  holding(journal);
  disk.broken = undefined;
  await opened.retry();
  assert.equal(state.report().failure, undefined);
  const [aside = ""] = readdirSync(folder).filter((name) => name.startsWith("zk.journal.bad-"));
  assert.deepEqual(readFileSync(join(folder, aside)), journal);
  assert.deepEqual(readFileSync(file), encodeHeader(owner));
});

test("a rewrite that was never finished, of a registry that is gone, is removed", async (t) => {
  const { folder, open, holding } = folderOf(t);
  holding(journal);
  writeFileSync(join(folder, "gone.journal.new"), "half of it");
  await open();
  assert.deepEqual(readdirSync(folder).sort(), ["lock", "zk.journal"]);
});

test("a folder whose path is too long for a lock is told, and nothing is kept", async (t) => {
  const { path } = tempFolder(t);
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => lines.push(String((fields as { err: Error }).err.message)) };
  const opened = await LastKnownGood.open({ folder: join(path, "x".repeat(120)), registries: [], log });
  t.after(() => opened.close());
  assert.match(lines[0] ?? "", /too long.*shorter/);
});
