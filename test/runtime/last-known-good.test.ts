/** What a restart of the whole pipeline brings back. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { diffConfig } from "../../src/config/diff.ts";
import { loadConfig } from "../../src/config/load.ts";
import { encodeEntries } from "../../src/last-known-good/journal-entries.ts";
import type { JournalEntry } from "../../src/last-known-good/journal-entry.ts";
import { encodeHeader } from "../../src/last-known-good/journal-header.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { openLastKnownGood } from "../../src/runtime/open-last-known-good.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { startRegistries } from "../../src/runtime/started-registries.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const serviceEntries = "networking.istio.io/ServiceEntry";

interface Written {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly ports?: readonly object[];
}

function services(...written: readonly Written[]): string {
  const list = written.map(({ name, addresses, ports = [{ number: 20880, protocol: "tcp" }] }) => ({
    name,
    instances: addresses.map((address) => ({ address, ports })),
  }));
  return JSON.stringify({ services: list });
}

function configure(folder: TempFolder, ids: readonly string[] = ["a"], protection: object = {}) {
  const registries = ids.map((id) => ({ id, type: "file", path: `./${id}.json`, poll: "20ms", confirm: "10ms", protection }));
  const text = JSON.stringify({ registries, lastKnownGood: { folder: "./state" } });
  return loadConfig(folder.write("tributary.yaml", text), { kinds }).config;
}

async function run(t: TestContext, config: ReturnType<typeof configure>): Promise<Pipeline> {
  const kept = await openLastKnownGood(config, silentLogger, "1.0.0");
  const pipeline = new Pipeline(config, silentLogger, startRegistries(config, silentLogger, kept));
  t.after(() => pipeline.stop());
  return pipeline;
}

const complete = (pipeline: Pipeline) => new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));

function versions(pipeline: Pipeline): Record<string, string> {
  return Object.fromEntries([...pipeline.store.current().table(serviceEntries).entries()].map(({ name, version }) => [name, version]));
}

const endpoints = (pipeline: Pipeline): number =>
  [...pipeline.manifests()].reduce((sum, { spec }) => sum + ((spec as { endpoints?: object[] }).endpoints ?? []).length, 0);

/** A busy machine may publish a change of several objects in parts: what is left of it is waited for, too. */
async function until(pipeline: Pipeline, condition: () => boolean): Promise<void> {
  const holds = () => condition() && pipeline.publisher.isIdle();
  if (holds()) return;
  await new Promise<void>((resolve) => {
    const unsubscribe = pipeline.publisher.onIdle(() => {
      if (!holds()) return;
      unsubscribe();
      resolve();
    });
  });
}

const many = (count: number): Written[] =>
  Array.from({ length: count }, (_, n) => ({ name: `s${n}`, addresses: [`10.0.0.${n + 1}`, `10.0.1.${n + 1}`] }));

test("a restart with the registry out of reach serves the same versions, completely, and says so", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services(...many(30)));
  const config = configure(folder);
  const first = await run(t, config);
  await complete(first);
  const before = versions(first);
  assert.equal(Object.keys(before).length, 30);
  await first.stop();

  rmSync(join(folder.path, "a.json"));
  const second = await run(t, config);
  await complete(second);
  assert.deepEqual(versions(second), before);
  assert.equal(second.store.current().digest, first.store.current().digest);
  const [report] = second.catalog.reports();
  assert.equal(report?.status.phase, "stale");
  assert.equal(report?.status.synced, false);
  assert.equal(report?.status.restored, true);
  assert.match(report?.status.reason ?? "", /last known state is served/);
  assert.deepEqual(
    report?.protection.holds.map(({ why }) => why),
    ["restart"],
  );
});

/** Writes a journal with one service. */
function written(folder: TempFolder, ...more: readonly JournalEntry[]): void {
  const text = JSON.stringify({
    kind: "service",
    service: { key: { name: "orders" }, instances: [{ id: "i", address: "10.0.0.1", ports: [{ number: 80, protocol: "http" }] }] },
  });
  const item = { text, ports: "", emptySince: undefined, firstSeen: 1, lastSeen: 2 };
  const entries = encodeEntries([{ what: "kept", id: "service/||orders|", item }, ...more]);
  mkdirSync(join(folder.path, "state"));
  writeFileSync(join(folder.path, "state", "a.journal"), Buffer.concat([encodeHeader({ registry: "a", kind: "file" }), entries]));
}

const notUnderstood: JournalEntry = {
  what: "kept",
  id: "service/||x|",
  item: { text: '{"kind":"service"}', ports: "", emptySince: undefined, firstSeen: 1, lastSeen: 2 },
};

const incomplete: Record<string, readonly JournalEntry[]> = {
  "without a complete listing behind it": [],
  "if a part of it is not understood": [notUnderstood, { what: "complete" }],
};

for (const [why, more] of Object.entries(incomplete)) {
  test(`${why}, what was kept is served but does not make the view complete`, async (t) => {
    const folder = tempFolder(t);
    written(folder, ...more);
    const pipeline = await run(t, configure(folder));
    await until(pipeline, () => endpoints(pipeline) === 1);
    assert.deepEqual(Object.keys(versions(pipeline)), ["tributary/orders.file"]);
    assert.equal(pipeline.catalog.isComplete(), false);
    assert.equal(pipeline.catalog.reports()[0]?.status.phase, "starting");
  });
}

test("what left while we were down waits for the hold, what came is served at once", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services({ name: "stays", addresses: ["10.0.0.1", "10.0.0.2"] }, { name: "leaves", addresses: ["10.0.0.3"] }));
  const config = configure(folder);
  const first = await run(t, config);
  await complete(first);
  await first.stop();

  folder.write("a.json", services({ name: "stays", addresses: ["10.0.0.1"] }, { name: "comes", addresses: ["10.0.0.4"] }));
  const second = await run(t, config);
  await until(second, () => "tributary/tcp.comes.file" in versions(second) || "tributary/comes.file" in versions(second));
  assert.equal(endpoints(second), 4);
  assert.deepEqual(
    second.catalog.reports()[0]?.protection.holds.map(({ why }) => why),
    ["restart"],
  );
  const held = versions(second);
  await second.stop();

  // In the middle of the hold: what it keeps is kept again.
  rmSync(join(folder.path, "a.json"));
  const third = await run(t, config);
  await complete(third);
  assert.deepEqual(versions(third), held);
  third.catalog.release("a");
  assert.equal(endpoints(third), 4, "nothing is held yet: the registry was not heard");
});

test("an empty service keeps its ports, its versions and the time since when it is empty", async (t) => {
  const folder = tempFolder(t);
  const ports = [
    { name: "web", number: 8080, protocol: "http" },
    { number: 7001, protocol: "tcp" },
  ];
  folder.write("a.json", services({ name: "orders", addresses: ["10.0.0.1"], ports }, { name: "other", addresses: ["10.0.0.2"] }));
  const config = configure(folder);
  const first = await run(t, config);
  await complete(first);
  folder.write("a.json", services({ name: "orders", addresses: [], ports }, { name: "other", addresses: ["10.0.0.2"] }));
  await until(first, () => endpoints(first) === 1);
  const before = versions(first);
  const since = first.catalog.kept("a")?.entry("service/||orders|");
  await first.stop();

  rmSync(join(folder.path, "a.json"));
  const second = await run(t, config);
  await complete(second);
  assert.deepEqual(versions(second), before);
  assert.deepEqual(second.catalog.kept("a")?.entry("service/||orders|"), since);
  assert.equal(since?.what === "kept" && since.item.emptySince !== undefined, true);
});

test("a service that expired empty does not come back by a restart", async (t) => {
  const folder = tempFolder(t);
  const declared = (addresses: string[]) =>
    JSON.stringify({
      services: [
        { name: "orders", ports: [{ name: "http", number: 80, protocol: "http" }], instances: addresses.map((address) => ({ address })) },
      ],
    });
  folder.write("a.json", declared(["10.0.0.1"]));
  const config = configure(folder, ["a"], { emptyServiceFor: "30ms", hold: "0s" });
  const first = await run(t, config);
  await complete(first);
  folder.write("a.json", declared([]));
  await until(first, () => Object.keys(versions(first)).length === 0);
  await first.stop();

  const second = await run(t, config);
  await complete(second);
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (!second.catalog.reports()[0]?.status.synced) return;
      clearInterval(look);
      resolve();
    }, 5);
  });
  assert.deepEqual(versions(second), {});
  folder.write("a.json", declared(["10.0.0.9"]));
  await until(second, () => endpoints(second) === 1);
});

test("a registry that the operator removes loses its journal; one that left meanwhile is set aside", async (t) => {
  const folder = tempFolder(t);
  for (const id of ["a", "b", "c"]) folder.write(`${id}.json`, services({ name: id, addresses: ["10.0.0.1"] }));
  const three = configure(folder, ["a", "b", "c"]);
  const first = await run(t, three);
  await complete(first);
  const two = configure(folder, ["a", "c"]);
  first.reload(diffConfig(three, two), two);
  const state = join(folder.path, "state");
  assert.deepEqual(readdirSync(state).sort(), ["a.journal", "c.journal", "lock"]);
  await first.stop();
  await run(t, configure(folder, ["a"]));
  const [, orphan, ...others] = readdirSync(state).sort();
  assert.match(orphan ?? "", /^c\.journal\.orphan-\d{8}T\d{9}Z$/);
  assert.deepEqual(others, ["lock"]);
});

test("a registry that is added by a reload is kept as well", async (t) => {
  const folder = tempFolder(t);
  for (const id of ["a", "b"]) folder.write(`${id}.json`, services({ name: id, addresses: ["10.0.0.1"] }));
  const one = configure(folder, ["a"]);
  const first = await run(t, one);
  await complete(first);
  const two = configure(folder, ["a", "b"]);
  first.reload(diffConfig(one, two), two);
  await until(first, () => Object.keys(versions(first)).length === 2);
  const before = versions(first);
  await first.stop();
  for (const id of ["a", "b"]) rmSync(join(folder.path, `${id}.json`));
  const second = await run(t, two);
  await complete(second);
  assert.deepEqual(versions(second), before);
});
