/** When encoded resources are written, and which of them. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { meshSchema } from "../../src/config/schema.ts";
import { mergingSchema } from "../../src/config/sections/merging-schema.ts";
import { localDisk } from "../../src/last-known-good/disk.ts";
import { ResourceFile } from "../../src/last-known-good/resources/resource-file.ts";
import { Slices } from "../../src/last-known-good/slices.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { KeptResources } from "../../src/runtime/kept-resources.ts";
import { encodeObject } from "../../src/snapshot/encode.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";
import { serviceEntryObject } from "../support/service-entry-object.ts";
import { tempFolder } from "../support/temp-folder.ts";

const lookMs = 30_000;

class ReadOnly extends ResourceFile {
  // biome-ignore lint/correctness/useYield: it has nothing to do
  override *write(): Generator<never, boolean> {
    return false;
  }
}

function rig(t: TestContext) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const folder = tempFolder(t);
  const config = { mesh: meshSchema.parse({}), merging: mergingSchema.parse({}) };
  const file = new ResourceFile(folder.path, localDisk, silentLogger);
  const store = new SnapshotStore({ log: silentLogger });
  const state = { complete: true, idle: true, digests: 0, digestMs: 0, known: true };
  const open = (from: ResourceFile) => {
    const kept = new KeptResources(from, new Slices(), config, "1.0.0");
    const digest = (name: string) => {
      state.digests += 1;
      for (const end = performance.now() + state.digestMs; performance.now() < end; );
      return name === "tributary/ready" || !state.known ? undefined : name;
    };
    const catalog = { inputs: { digest, release() {} }, isComplete: () => state.complete };
    kept.attach({ store, catalog, isIdle: () => state.idle, vip: () => "241.0.0.1" });
    return kept;
  };
  const kept = open(file);
  const object = (name: string, portName: string) => encodeObject(serviceEntryObject(name, { portName }), 0);
  const publish = (portName: string, ...names: string[]) => void store.publish({ upserts: names.map((name) => object(name, portName)) });
  /** Names that the next start would take as they are served. */
  const written = async () => {
    const next = open(new ReadOnly(folder.path, localDisk, silentLogger));
    await next.loaded;
    const served = [...store.current().table("networking.istio.io/ServiceEntry").entries()];
    return served
      .filter(({ name, version }) => next.take(name)?.object.version === version)
      .map(({ name }) => name.slice("tributary/".length));
  };
  const isBeingWritten = () => existsSync(join(folder.path, "resources.new"));
  /** The first slice of a write is over. */
  const begin = async () => {
    // So that one slice is not enough for all.
    state.digestMs ||= 0.05;
    t.mock.timers.tick(lookMs);
    while (state.digests === 0) await turn();
    assert.ok(isBeingWritten());
  };
  const look = async () => {
    t.mock.timers.tick(lookMs);
    do await turn();
    while (isBeingWritten());
  };
  return { kept, state, publish, written, isBeingWritten, begin, look };
}

test("soon after much changed, and within ten minutes after anything did", async (t) => {
  const { publish, written, look } = rig(t);
  const names = Array.from({ length: 200 }, (_, n) => `s${n}`);
  publish("http", ...names);
  assert.equal((await written()).length, 0);
  await look();
  assert.equal((await written()).length, 200);
  publish("http-2", "s1");
  for (let looks = 1; looks < 20; looks++) await look();
  assert.equal((await written()).length, 199);
  await look();
  assert.equal((await written()).length, 200);
});

test("not while a registry is missing or changes wait, but at the end of the process", async (t) => {
  const { kept, state, publish, written, look } = rig(t);
  publish("http", "a", "b");
  for (const missing of ["complete", "idle"] as const) {
    state[missing] = false;
    await look();
    if (missing === "idle") kept.close();
    state[missing] = true;
    assert.deepEqual(await written(), [], missing);
  }
  kept.close();
  assert.deepEqual(await written(), ["a", "b"]);
});

test("nothing whose inputs do not tell what it is", async (t) => {
  const { publish, written, look } = rig(t);
  publish("http", "generated", "ready");
  await look();
  assert.deepEqual(await written(), ["generated"]);
});

test("an end in the middle of a write is a write of its own, of what is served by then", async (t) => {
  const { kept, publish, written, begin } = rig(t);
  const names = Array.from({ length: 2_000 }, (_, n) => `s${n}`);
  publish("http", ...names);
  await begin();
  publish("http-2", "s1");
  kept.close();
  assert.equal((await written()).length, 2_000);
});

test("while changes wait in the middle of a write, it waits, and nothing is left out", async (t) => {
  const { state, publish, written, isBeingWritten, begin } = rig(t);
  publish("http", ...Array.from({ length: 2_000 }, (_, n) => `s${n}`));
  await begin();
  state.idle = false;
  const { digests } = state;
  for (let turns = 0; turns < 20; turns++) await turn();
  assert.equal(state.digests, digests);
  state.idle = true;
  while (isBeingWritten()) await turn();
  assert.equal((await written()).length, 2_000);
});

test("the event loop is not held, also where nothing is to be written", async (t) => {
  const { state, publish, begin } = rig(t);
  const count = 500;
  publish("http", ...Array.from({ length: count }, (_, n) => `s${n}`));
  Object.assign(state, { known: false, digestMs: 0.2 });
  await begin();
  let turns = 0;
  for (; state.digests < count; turns++) await turn();
  // Of 100 ms of work, 5 at a time.
  assert.ok(turns >= 15, `${turns} turns`);
});

test("a start waits a second for a file that cannot be read, and no longer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const stuck = { ...localDisk, read: () => new Promise<never>(() => {}) };
  const file = new ResourceFile(tempFolder(t).path, stuck, silentLogger);
  const config = { mesh: meshSchema.parse({}), merging: mergingSchema.parse({}) };
  let isLoaded = false;
  void new KeptResources(file, new Slices(), config, "1.0.0").loaded.then(() => {
    isLoaded = true;
  });
  t.mock.timers.tick(999);
  await turn();
  assert.equal(isLoaded, false);
  t.mock.timers.tick(1);
  await turn();
  assert.equal(isLoaded, true);
});
