import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ConfigErrors } from "../../../src/config/config-errors.ts";
import type { ConfigDiff } from "../../../src/config/diff.ts";
import { ConfigWatcher } from "../../../src/config/files/watcher.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { testKinds } from "../kinds.ts";

const river = (path: string) => `registries:\n  - {type: river, id: a, path: ${path}}\n`;
const secretive = "registries:\n  - {type: pond, id: p, servers: [s], password: '${file:secret/pass}'}\n";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "watch-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A watcher whose callbacks are events; without `pollMs` the poll never comes in a test. */
function follow(t: TestContext, file: string, pollMs = 3_600_000) {
  const events = new EventEmitter();
  const watcher = new ConfigWatcher(loadConfig(file, { kinds: testKinds }), {
    kinds: testKinds,
    settleMs: 10,
    pollMs,
    onChange: (diff) => events.emit("change", diff),
    onRejected: (errors) => events.emit("rejected", errors),
    onRecovered: () => events.emit("recovered"),
  });
  t.after(() => watcher.close());
  // The watcher keeps no process alive; a test that waits for it has to.
  const alive = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(alive));
  const signal = AbortSignal.timeout(10_000);
  return {
    watcher,
    change: async () => (await once(events, "change", { signal }))[0] as ConfigDiff,
    rejected: async () => (await once(events, "rejected", { signal }))[0] as ConfigErrors,
    recovered: () => once(events, "recovered", { signal }),
  };
}

const pathsOf = (diff: ConfigDiff) => diff.registries.changed.map(({ path }) => path);

test("an edit in place is taken over", async (t) => {
  const file = join(folderOf(t), "tributary.yaml");
  writeFileSync(file, river("x"));
  const { watcher, change } = follow(t, file);
  const changed = change();
  writeFileSync(file, river("y"));
  assert.deepEqual(pathsOf(await changed), ["y"]);
  assert.equal(watcher.running.config.registries[0]?.path, "y");
});

test("rename-save is taken over, again and again", async (t) => {
  const folder = folderOf(t);
  const file = join(folder, "tributary.yaml");
  writeFileSync(file, river("x"));
  const { change } = follow(t, file);
  for (const path of ["y", "z", "x"]) {
    const changed = change();
    writeFileSync(join(folder, ".new"), river(path));
    renameSync(join(folder, ".new"), file);
    assert.deepEqual(pathsOf(await changed), [path]);
  }
});

/** Writes a version of a mounted volume as the kubelet does: a new folder, then one swap of the `..data` link. */
function mount(volume: string, version: string, files: Record<string, string>): void {
  mkdirSync(join(volume, version), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(volume, version, name), text);
  symlinkSync(version, join(volume, "..data_tmp"));
  renameSync(join(volume, "..data_tmp"), join(volume, "..data"));
}

test("a mounted ConfigMap's swap of ..data is taken over, and the old version may go", async (t) => {
  const volume = folderOf(t);
  mount(volume, "..1", { "tributary.yaml": river("x") });
  symlinkSync("..data/tributary.yaml", join(volume, "tributary.yaml"));
  const { change } = follow(t, join(volume, "tributary.yaml"));
  for (const [version, path] of [
    ["..2", "y"],
    ["..3", "z"],
  ] as const) {
    const changed = change();
    mount(volume, version, { "tributary.yaml": river(path) });
    assert.deepEqual(pathsOf(await changed), [path]);
  }
  rmSync(join(volume, "..1"), { recursive: true });
});

test("a changed secret file reloads the registry that uses it", async (t) => {
  const folder = folderOf(t);
  const file = join(folder, "tributary.yaml");
  mount(join(folder, "secret"), "..1", { pass: "first\n" });
  symlinkSync("..data/pass", join(folder, "secret", "pass"));
  writeFileSync(file, secretive);
  const { watcher, change } = follow(t, file);
  const changed = change();
  mount(join(folder, "secret"), "..2", { pass: "second\n" });
  assert.deepEqual(
    (await changed).registries.changed.map(({ password }) => password),
    ["second"],
  );
  assert.deepEqual(watcher.running.secrets, [{ value: "second", reference: "${file:secret/pass}" }]);
});

test("a bad edit is reported and the running configuration stays; a good one after it is taken over", async (t) => {
  const file = join(folderOf(t), "tributary.yaml");
  writeFileSync(file, river("x"));
  const { watcher, change, rejected } = follow(t, file);
  const bad = rejected();
  writeFileSync(file, `${river("y")}lgo: {}\n`);
  assert.match((await bad).message, /tributary\.yaml:3:1: unknown key lgo; did you mean "log"\?/);
  assert.equal(watcher.running.config.registries[0]?.path, "x");

  const good = change();
  writeFileSync(file, river("z"));
  assert.deepEqual(pathsOf(await good), ["z"]);
});

test("undoing a bad edit is told as recovered", async (t) => {
  const file = join(folderOf(t), "tributary.yaml");
  writeFileSync(file, river("x"));
  const { rejected, recovered } = follow(t, file);
  const bad = rejected();
  appendFileSync(file, "[");
  await bad;
  const back = recovered();
  writeFileSync(file, river("x"));
  await back;
});

test("a deleted file is reported, and its return taken over", async (t) => {
  const file = join(folderOf(t), "tributary.yaml");
  writeFileSync(file, river("x"));
  const { change, rejected } = follow(t, file);
  const gone = rejected();
  unlinkSync(file);
  assert.match((await gone).message, /it does not exist \[CONFIG_UNREADABLE\]/);
  const back = change();
  writeFileSync(file, river("y"));
  assert.deepEqual(pathsOf(await back), ["y"]);
});

test("an edit that names a secret file not there yet is taken over when the file comes", async (t) => {
  const folder = folderOf(t);
  const file = join(folder, "tributary.yaml");
  writeFileSync(file, river("x"));
  mkdirSync(join(folder, "secret"));
  const { change, rejected } = follow(t, file);
  const bad = rejected();
  writeFileSync(file, secretive);
  assert.match((await bad).message, /CONFIG_SECRET/);
  const good = change();
  writeFileSync(join(folder, "secret", "pass"), "here");
  assert.deepEqual(
    (await good).registries.added.map(({ password }) => password),
    ["here"],
  );
});

test("an edit that needs a restart is refused as a whole, with the setting's position", async (t) => {
  const file = join(folderOf(t), "tributary.yaml");
  writeFileSync(file, river("x"));
  const { watcher, rejected } = follow(t, file);
  const refused = rejected();
  writeFileSync(file, `${river("y")}xds: {port: 16011}\n`);
  assert.match((await refused).message, /tributary\.yaml:3:13: xds\.port is read only at start; .*\[CONFIG_NEEDS_RESTART\]/);
  assert.equal(watcher.running.config.registries[0]?.path, "x");
});

test("another number of shards says what else it takes", async (t) => {
  const file = join(folderOf(t), "tributary.yaml");
  writeFileSync(file, river("x"));
  const { rejected } = follow(t, file);
  const refused = rejected();
  writeFileSync(file, `${river("x")}xds: {shards: 4}\n`);
  assert.match(
    (await refused).message,
    /xds\.shards is read only at start; .*\[CONFIG_NEEDS_RESTART\] \(restart, and give istiod's configSources/,
  );
});

test("an edit between reading and watching is found", async (t) => {
  const file = join(folderOf(t), "tributary.yaml");
  writeFileSync(file, river("x"));
  const { change } = follow(t, file);
  writeFileSync(file, river("y"));
  assert.deepEqual(pathsOf(await change()), ["y"]);
});

test("a change no folder tells of is found by the poll", async (t) => {
  const folder = folderOf(t);
  // The link in the middle lies in a folder that is neither the file's nor its target's.
  for (const [version, path] of [
    ["1", "x"],
    ["2", "y"],
  ] as const) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, "tributary.yaml"), river(path));
  }
  mkdirSync(join(folder, "middle"));
  mkdirSync(join(folder, "mount"));
  symlinkSync("../1", join(folder, "middle", "current"));
  symlinkSync("../middle/current/tributary.yaml", join(folder, "mount", "tributary.yaml"));
  const { change } = follow(t, join(folder, "mount", "tributary.yaml"), 20);
  const changed = change();
  symlinkSync("../2", join(folder, "middle", "next"));
  renameSync(join(folder, "middle", "next"), join(folder, "middle", "current"));
  assert.deepEqual(pathsOf(await changed), ["y"]);
});
