/** Resources that a restart serves as they were encoded before, and what keeps them from being wrong for long. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { diffConfig } from "../../src/config/diff.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema.ts";
import { localDisk } from "../../src/last-known-good/disk.ts";
import { ResourceFile } from "../../src/last-known-good/resources/resource-file.ts";
import { Slices } from "../../src/last-known-good/slices.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { openLastKnownGood } from "../../src/runtime/open-last-known-good.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { startRegistries } from "../../src/runtime/started-registries.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const serviceEntries = "networking.istio.io/ServiceEntry";
/** A version that no resource has. */
const forged = "f".repeat(24);

function services(count: number, address = "10.0.0.1"): string {
  const ports = [{ number: 20880, protocol: "dubbo" }];
  return JSON.stringify({ services: Array.from({ length: count }, (_, n) => ({ name: `s${n}`, instances: [{ address, ports }] })) });
}

function configure(folder: TempFolder, mesh: object = {}): Config {
  const registries = [{ id: "a", type: "file", path: "./a.json", poll: "20ms", confirm: "10ms" }];
  const text = JSON.stringify({ registries, mesh, lastKnownGood: { folder: "./state" } });
  return loadConfig(folder.write("tributary.yaml", text), { kinds }).config;
}

async function run(t: TestContext, config: Config, version = "1.0.0"): Promise<Pipeline> {
  const kept = await openLastKnownGood(config, silentLogger, version);
  const pipeline = new Pipeline(config, silentLogger, startRegistries(config, silentLogger, kept));
  t.after(() => pipeline.stop());
  await new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));
  return pipeline;
}

const versions = (pipeline: Pipeline): string[] =>
  [...pipeline.store.current().table(serviceEntries).entries()].map(({ version }) => version);

async function until(pipeline: Pipeline, condition: (versions: readonly string[]) => boolean): Promise<void> {
  if (condition(versions(pipeline))) return;
  await new Promise<void>((resolve) => {
    const unsubscribe = pipeline.store.subscribe(() => {
      if (condition(versions(pipeline))) resolve(unsubscribe());
    });
  });
}

/** Gives every kept resource a version that it never had: whoever serves that took it from there. */
async function forge(folder: TempFolder): Promise<void> {
  const file = new ResourceFile(join(folder.path, "state"), localDisk, silentLogger);
  const settings = readFileSync(join(folder.path, "state/resources"), "latin1").split(" ", 3)[2]!;
  const resources = [...(await file.read(settings, new Slices())).values()];
  assert.ok(resources.length > 0, "there is something to forge");
  const work = file.write(
    settings,
    resources.map((resource) => ({ ...resource, version: forged })),
  );
  while (!work.next().done);
}

async function served(t: TestContext, config: Config, version?: string): Promise<string[]> {
  const pipeline = await run(t, config, version);
  await pipeline.stop();
  return versions(pipeline);
}

test("a restart serves what was encoded before, and whatever is not what it would make itself for no longer than a moment", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services(20));
  const config = configure(folder);
  const right = await served(t, config);
  await forge(folder);
  rmSync(join(folder.path, "a.json"));
  const second = await run(t, config);
  assert.deepEqual(
    versions(second),
    right.map(() => forged),
  );
  await until(second, (now) => !now.includes(forged));
  assert.deepEqual(versions(second), right);
  assert.equal(second.publisher.problems().size, 0);
  await second.stop();
  assert.deepEqual(await served(t, config), right, "and what is kept is right again");
});

const others: Record<string, (folder: TempFolder) => { readonly config?: Config; readonly version?: string }> = {
  "another version of the program": () => ({ version: "1.0.1" }),
  "another mesh": (folder) => ({ config: configure(folder, { exportTo: ["."] }) }),
};

for (const [what, change] of Object.entries(others)) {
  test(`${what} encodes everything anew`, async (t) => {
    const folder = tempFolder(t);
    folder.write("a.json", services(3));
    const config = configure(folder);
    await served(t, config);
    await forge(folder);
    const { config: next = config, version } = change(folder);
    assert.ok(!(await served(t, next, version)).includes(forged));
  });
}

test("what a registry said after it was kept is encoded anew", async (t) => {
  const folder = tempFolder(t);
  const config = configure(folder);
  folder.write("a.json", services(3));
  await served(t, config);
  const resources = join(folder.path, "state/resources");
  copyFileSync(resources, `${resources}.old`);
  folder.write("a.json", services(4, "10.0.0.2"));
  const second = await run(t, config);
  await until(second, (now) => now.length === 4);
  const later = versions(second);
  await second.stop();
  // As after a kill: the journal is newer than the resources.
  copyFileSync(`${resources}.old`, resources);
  await forge(folder);
  rmSync(join(folder.path, "a.json"));
  assert.deepEqual(await served(t, config), later);
});

test("settings that hold at run time are those under which resources are kept", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services(3));
  const config = configure(folder);
  const first = await run(t, config);
  const before = versions(first);
  const next = configure(folder, { exportTo: ["."] });
  first.reload(diffConfig(config, next), next);
  await until(first, (now) => now.every((version) => !before.includes(version)));
  const right = versions(first);
  await first.stop();
  await forge(folder);
  assert.deepEqual(
    await served(t, next),
    right.map(() => forged),
    "taken",
  );
  await forge(folder);
  assert.ok(!(await served(t, config)).includes(forged), "not taken under the earlier ones");
});

test("a view of which a part is missing is not kept: it would cost the next start that part", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services(3));
  const config = configure(folder);
  const kept = await openLastKnownGood(config, silentLogger, "1.0.0");
  const pipeline = new Pipeline(config, silentLogger, startRegistries(config, silentLogger, kept));
  await pipeline.stop();
  assert.equal(existsSync(join(folder.path, "state/resources")), false);
});
