import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

// How quickly the first answer is complete depends on how quickly workers start: neither the
// supervisor nor a session may load what only the rest of the program needs.
const loaded: string[] = [];
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    loaded.push(resolved.url);
    return resolved;
  },
});
const heavy = /node_modules\/(zod|pino|prom-client|commander)\//;
// Reading a file within bounds is no validation, and needs nothing else of its room.
const rooms = /src\/(config(?!\/files\/bounded-file\.ts)|catalog|mesh|snapshot|xds|admin|runtime|cli)\//;

test("the supervisor loads nothing that needs installing", async () => {
  loaded.length = 0;
  await import("../../../src/registries/supervision/supervisor.ts");
  assert.ok(loaded.length > 5, "the hook saw its modules");
  assert.deepEqual(
    loaded.filter((url) => url.includes("node_modules")),
    [],
  );
});

const folder = fileURLToPath(new URL("../../../src/registries/", import.meta.url));
for (const session of globSync("**/session.ts", { cwd: folder })) {
  test(`a worker with ${session} loads neither validation nor other rooms`, async () => {
    loaded.length = 0;
    const module: unknown = await import(pathToFileURL(`${folder}${session}`).href);
    assert.equal(typeof (module as { start?: unknown }).start, "function");
    assert.ok(loaded.length > 1, "the hook saw its modules");
    if (session.startsWith("zookeeper/")) assert.ok(!loaded.some((url) => url.includes("/yaml/")), "only once there is a rule");
    assert.deepEqual(
      loaded.filter((url) => heavy.test(url) || rooms.test(url)),
      [],
    );
  });
}
