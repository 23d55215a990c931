import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("nothing that starts with the server loads Node's web client, which would cost a tenth of the start", () => {
  const modules = ["cli/serve.ts", "runtime/tributary.ts"].map((path) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));
  const script = `
    for (const module of ${JSON.stringify(modules)}) await import(module);
    console.log(process.moduleLoadList.filter((name) => name.includes("undici") || name.endsWith("NativeModule http")).join("\\n"));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  assert.match(stdout, /NativeModule http/, `the modules were loaded: ${stderr}`);
  assert.doesNotMatch(stdout, /undici/);
});
