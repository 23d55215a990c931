/** A restart with additions, some of which cannot be read just then. */
import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { configOptions } from "../../src/runtime/config-options.ts";
import { openLastKnownGood } from "../../src/runtime/open-last-known-good.ts";
import { openLiveConfig } from "../../src/runtime/open-live-config.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { RunTimeChanges } from "../../src/runtime/run-time-changes.ts";
import { tempFolder } from "../support/temp-folder.ts";

const secret = "more-network";

/** A registry was added at run time, which needs a file that is gone by the next start. */
async function added(t: TestContext, settings: object = {}) {
  const folder = tempFolder(t);
  for (const name of ["own", "more"]) folder.write(`${name}.json`, JSON.stringify({ services: [] }));
  folder.write(secret, "east");
  const registries = [{ id: "own", type: "file", path: "./own.json" }];
  const file = folder.write("tributary.yaml", JSON.stringify({ registries, lastKnownGood: { folder: "./state" } }));
  const loaded = loadConfig(file, configOptions);
  const kept = await openLastKnownGood(loaded.config, silentLogger, "1.0.0");
  const live = await openLiveConfig(loaded, configOptions, silentLogger);
  const changes = new RunTimeChanges({ live, log: silentLogger, discovered: () => undefined });
  const more = { id: "more", type: "file", path: "./more.json", network: `\${file:./${secret}}`, ...settings };
  await changes.setRegistries({ text: JSON.stringify({ registries: [more] }), shownAs: "x", by: "me", onlyNew: true });
  live.close();
  kept?.close();
  const state = join(folder.path, "state");
  writeFileSync(join(state, "more.journal"), "stands for what is kept of it");
  rmSync(join(folder.path, secret));
  return { folder, loaded, journal: join(state, "more.journal") };
}

/** The next start, which keeps what is kept of the registry. */
async function restarted(t: TestContext, { loaded, journal }: Pick<Awaited<ReturnType<typeof added>>, "loaded" | "journal">) {
  const live = await openLiveConfig(loaded, configOptions, silentLogger);
  t.after(() => live.close());
  (await openLastKnownGood(live.loaded.config, silentLogger, "1.0.0"))?.close();
  assert.ok(existsSync(journal));
  const pipeline = new Pipeline(live.loaded.config, silentLogger);
  t.after(() => pipeline.stop());
  return { live, pipeline };
}

test("first answers wait for an added registry that cannot be read, what is kept of it stays, and it comes when it can be read", {
  timeout: 20_000,
}, async (t) => {
  const { folder, ...before } = await added(t);
  const { live, pipeline } = await restarted(t, before);
  live.follow((diff, next) => pipeline.reload(diff, next.config));
  const complete = new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));
  await new Promise<void>((resolve) => {
    pipeline.catalog.onComplete(resolve);
  });
  assert.equal(pipeline.completeness.isComplete(), false);
  folder.write(secret, "west");
  await complete;
  assert.equal(pipeline.supervisor.status("more")?.synced, true);
});

test("nobody waits for one that is not required", async (t) => {
  const { pipeline } = await restarted(t, await added(t, { required: false }));
  await new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));
});
