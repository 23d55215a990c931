import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { configOptions } from "../../src/runtime/config-options.ts";
import { LiveConfig } from "../../src/runtime/live-config.ts";
import { RunTimeChanges } from "../../src/runtime/run-time-changes.ts";
import { tempFolder } from "../support/temp-folder.ts";

suite("a secret of a registry that was added at run time", () => {
  for (const reloaded of [false, true]) {
    test(`is taken over when its file changes${reloaded ? ", also when the configuration is reloaded right after" : ""}`, async (t) => {
      const folder = tempFolder(t);
      folder.write("own.json", JSON.stringify({ services: [] }));
      folder.write("password", "old");
      const file = folder.write("tributary.yaml", JSON.stringify({ registries: [{ id: "own", type: "file", path: "./own.json" }] }));
      const live = new LiveConfig(loadConfig(file, configOptions), { parse: configOptions, log: silentLogger });
      t.after(() => live.close());
      const passwords = new EventTarget();
      const changes = new RunTimeChanges({ live, log: silentLogger, discovered: () => undefined });
      live.follow((_diff, { config }) => {
        const added = config.registries.find(({ id }) => id === "zk") as { readonly auth?: object } | undefined;
        const { password } = (added?.auth ?? {}) as { readonly password?: string };
        passwords.dispatchEvent(new Event(String(password)));
      });
      const added = { id: "zk", type: "zookeeper", servers: ["127.0.0.1:2181"], auth: { user: "a", password: "${file:./password}" } };
      await changes.setRegistries({ text: JSON.stringify({ registries: [added] }), shownAs: "a test", by: "it", onlyNew: true });
      const taken = once(passwords, "new", { signal: AbortSignal.timeout(20_000) });
      writeFileSync(join(folder.path, "password"), "new");
      // A Secret and a ConfigMap are often rolled out together.
      if (reloaded) live.fileChanged(loadConfig(file, configOptions));
      await taken;
      assert.equal(live.loaded.config.registries.length, 2);
    });
  }
});
