/** Operators' words of one replica: they survive its restart, or it is said that they do not. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { loadConfig } from "../../../src/config/load.ts";
import { encodeState, readState, StateFile } from "../../../src/last-known-good/state-file.ts";
import { type Logger, silentLogger } from "../../../src/log/logger.ts";
import { kinds } from "../../../src/registries/kinds.ts";
import { openLastKnownGood } from "../../../src/runtime/open-last-known-good.ts";
import { remindOfFreeze } from "../../../src/runtime/operator/freeze-reminder.ts";
import { everything, noWords, readWords, withWord, wordsText } from "../../../src/runtime/operator/local-words.ts";
import { Operator } from "../../../src/runtime/operator/operator.ts";
import { OperatorWords } from "../../../src/runtime/operator/operator-words.ts";
import { Pipeline } from "../../../src/runtime/pipeline.ts";
import { startRegistries } from "../../../src/runtime/started-registries.ts";
import { FaultyDisk } from "../../support/faulty-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const word = { by: "somebody", since: 1_700_000_000_000 };

function logged(): { readonly log: Logger; readonly codes: unknown[] } {
  const codes: unknown[] = [];
  return { codes, log: { ...silentLogger, error: (fields) => codes.push((fields as { code?: unknown }).code) } };
}

const services = (...names: string[]) =>
  JSON.stringify({
    services: names.map((name) => ({ name, instances: [{ address: "10.0.0.1", ports: [{ number: 80, protocol: "http" }] }] })),
  });

/** A process on a folder of its own, with one `file` registry. */
async function processes(t: TestContext) {
  const folder = tempFolder(t);
  folder.write("a.json", services("orders", "shop"));
  const registries = [{ id: "a", type: "file", path: "./a.json", confirm: "10ms", poll: "20ms", protection: { hold: "10ms" } }];
  const file = folder.write("tributary.yaml", JSON.stringify({ registries, lastKnownGood: { folder: "./state" } }));
  return {
    folder,
    async start() {
      const { config } = loadConfig(file, { kinds });
      const pipeline = new Pipeline(
        config,
        silentLogger,
        startRegistries(config, silentLogger, await openLastKnownGood(config, silentLogger, "1.0.0")),
      );
      let stopped: Promise<void> | undefined;
      const stop = () => (stopped ??= pipeline.stop());
      t.after(stop);
      await new Promise<void>((resolve) => pipeline.completeness.whenComplete(resolve));
      return { pipeline, operator: new Operator(pipeline, silentLogger), stop };
    },
  };
}

const until = async (is: () => boolean) => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test("a freeze and a pause survive a restart, and nothing leaves meanwhile, also not by a listing", async (t) => {
  const { folder, start } = await processes(t);
  const first = await start();
  const { epoch } = first.pipeline.catalog.reports()[0]!.status;
  assert.equal((await first.operator.say("freeze", undefined, "somebody")).notKept, undefined);
  assert.equal(first.pipeline.catalog.reports()[0]?.status.epoch, epoch, "its session goes on");
  await first.operator.say("pause", "a", "somebody");
  await first.stop();
  folder.write("a.json", services("orders"));

  const second = await start();
  const report = () => second.pipeline.catalog.reports()[0]!;
  assert.match(report().protection.operator.frozen ?? "", /^by somebody on this replica, since 20/);
  assert.match(report().status.reason ?? "", /^paused by somebody/);
  assert.deepEqual([report().status.restored, report().services], [true, 2]);
  assert.equal((await second.operator.say("resume", "a", "somebody")).standing.length, 0);
  await until(() => report().status.phase === "live" && report().protection.holds.every(({ why }) => why === "freeze"));
  assert.deepEqual([report().services, report().protection.heldItems], [2, 1]);
  await second.operator.say("unfreeze", undefined, "somebody");
  assert.equal(report().services, 1);
});

test("the file is replaced as a whole; a damaged, a foreign and a newer one cost only their words", async (t) => {
  const folder = tempFolder(t);
  const { log, codes } = logged();
  const open = (disk = new FaultyDisk()) => OperatorWords.open(new StateFile(folder.path, "operator", log, disk));
  const disk = new FaultyDisk();
  const words = await open(disk);
  words.set("frozen", everything, word);
  words.set("paused", "k8s/cluster-b", word);
  assert.equal(await words.keep(), undefined);
  assert.deepEqual(
    disk.acts.map((act) => act.split(" ")[0]),
    ["create", "write", "rename"],
  );
  assert.deepEqual((await open()).local, words.local);

  const path = join(folder.path, "operator");
  const good = readFileSync(path);
  writeFileSync(path, Buffer.concat([good.subarray(0, -3), Buffer.from("x}\n")]));
  assert.deepEqual((await open()).local, noWords);
  assert.deepEqual(codes, ["STATE_UNUSABLE"]);
  writeFileSync(path, encodeState("operator", '{"frozen":[]}'));
  assert.deepEqual((await open()).local, noWords);
  assert.equal(readdirSync(folder.path).filter((name) => name.startsWith("operator.bad-")).length, 2);

  writeFileSync(path, "tributary-operator 2 ffffffff\n…");
  const newer = await open();
  newer.set("frozen", "a", word);
  assert.match((await newer.keep()) ?? "", /newer release/);
  assert.match(readFileSync(path, "utf8"), /^tributary-operator 2/);
});

test("what cannot be written is in force all the same, and said not to survive", async (t) => {
  const disk = new FaultyDisk();
  const words = await OperatorWords.open(new StateFile(tempFolder(t).path, "operator", silentLogger, disk));
  disk.broken = "EROFS";
  words.set("paused", "a", word);
  assert.match((await words.keep()) ?? "", /EROFS/);
  assert.match(words.of({ id: "a/cluster" }, false).paused ?? "", /by somebody/);
  disk.broken = undefined;
  assert.equal(await words.keep(), undefined);
  assert.equal(await new OperatorWords().keep(), "no lastKnownGood.folder is configured");
});

test("the nearest word counts, and the configuration's before it", () => {
  const words = new OperatorWords(undefined, withWord(noWords, "frozen", everything, word));
  const of = (more: object = {}, freeze = false) => words.of({ id: "k8s/b", ...more }, freeze).frozen;
  assert.match(of() ?? "", /^by somebody/);
  words.set("frozen", "k8s", { ...word, by: "another" });
  assert.match(of() ?? "", /^by another/);
  assert.equal(of({ frozen: true }), "by `frozen` in the configuration");
  assert.equal(of({ frozen: true }, true), "by `freeze` in the configuration");
  assert.equal(words.set("frozen", "k8s", undefined) && words.set("frozen", everything, undefined), true);
  assert.equal(of(), undefined);
});

test("a registry that leaves the configuration takes its words with it, here and in the file", async (t) => {
  const { folder, start } = await processes(t);
  const { pipeline, operator } = await start();
  await operator.say("pause", "a", "somebody");
  await operator.say("freeze", undefined, "somebody");
  const [config] = pipeline.sources.configs;
  pipeline.sources.setRegistries([], false);
  assert.deepEqual(pipeline.catalog.reports(), [], "withdrawn at once");
  pipeline.sources.setRegistries([config!], false);
  await until(() => pipeline.catalog.reports()[0]?.status.phase === "live");
  assert.match(pipeline.catalog.reports()[0]?.protection.operator.frozen ?? "", /^by somebody/, "that was said of all");
  await pipeline.operator.keep();
  assert.doesNotMatch(readFileSync(join(folder.path, "state", "operator"), "utf8"), /"a"/);
});

test("no content makes reading throw, and what is written is read", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.record({ by: fc.string(), since: fc.nat() })),
      fc.nat(),
      fc.nat({ max: 255 }),
      (entries, at, byte) => {
        const words = { frozen: new Map(Object.entries(entries)), paused: new Map() };
        const bytes = encodeState("operator", wordsText(words));
        const reading = readState("operator", bytes);
        assert.deepEqual(wordsText(readWords((reading.is === "read" && reading.text) || "") ?? noWords), wordsText(words));
        const changed = Buffer.from(bytes);
        changed[at % bytes.length] = byte;
        if (!changed.equals(bytes)) assert.notEqual(readState("operator", changed).is, "read");
      },
    ),
  );
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readWords(text)));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void readState("operator", Buffer.from(bytes))));
});

test("the log says again and again that something is frozen", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const lines: string[] = [];
  let standing = [{ registry: "a", word: "by somebody" }];
  const end = remindOfFreeze(() => standing, {
    ...silentLogger,
    warn: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`),
  });
  t.mock.timers.tick(20 * 60_000);
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /still frozen.*a \(by somebody\)/);
  standing = [];
  t.mock.timers.tick(20 * 60_000);
  end();
  assert.equal(lines.length, 2);
});
