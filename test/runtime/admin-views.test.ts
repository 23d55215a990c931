import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { adminViews } from "../../src/runtime/admin-views.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("what a registry says of its failures holds no secret, whoever looks", async (t) => {
  const folder = tempFolder(t);
  const text = JSON.stringify({ registries: [{ id: "a", type: "file", path: "./a.json" }] });
  const pipeline = new Pipeline(loadConfig(folder.write("tributary.yaml", text), { kinds }).config, silentLogger);
  t.after(() => pipeline.stop());
  const status = { since: 0, synced: false, lastContact: 0, epoch: 0, restarts: 0 };
  pipeline.catalog.status("a", { ...status, phase: "starting", reason: "no answer of user:hunter2@zk" });
  const redact = (word: string): string => word.replaceAll("hunter2", "***");
  const [registry] = adminViews(pipeline, () => undefined, redact).registries();
  assert.equal(registry?.status.reason, "no answer of user:***@zk");
});
