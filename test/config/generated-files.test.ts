import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/load.ts";
import { configShape } from "../../src/config/shape.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { configExample } from "../../tools/config-example.ts";
import { stalePages } from "../../tools/generate.ts";
import { markdownTable } from "../../tools/markdown-table.ts";
import { settingRows } from "../../tools/setting-rows.ts";
import { testKinds } from "./kinds.ts";

test('generated files are fresh (else: "npm run generate")', () => {
  assert.deepEqual(
    stalePages().map(({ path }) => path),
    [],
  );
});

test("the documented example is a valid configuration, equal to the defaults", () => {
  const { config } = parseConfig(configExample(configShape(kinds)), { file: "t.yaml", kinds, env: {} });
  assert.deepEqual(
    config.registries.map(({ type }) => type),
    kinds.map(({ id }) => id),
  );
  const least = parseConfig("registries: [{type: river, id: a, path: x}]", { file: "t.yaml", kinds: testKinds, env: {} }).config;
  assert.deepEqual({ ...config, registries: [] }, { ...least, registries: [] });
  assert.deepEqual(config.registries[0]?.protection, least.registries[0]?.protection);
});

test("the example of a kind shows its own keys, required ones filled in", () => {
  const example = configExample(configShape(testKinds));
  assert.match(example, /\n {2}- type: pond\n/);
  assert.match(example, /\n {4}# Where the fish are\.\n {4}servers: \[…\]\n/);
  assert.match(example, /\n {4}# To get in\.\n {4}# password:\n/);
  assert.match(example, /\n {4}depth: 3\n/);
});

test("a setting's row tells key, type, default and description", () => {
  const rows = settingRows(configShape(testKinds)).map(([key, ...rest]) => [key, rest] as const);
  const row = (key: string) => rows.find(([name]) => name === `\`${key}\``)?.[1];
  assert.deepEqual(row("xds.port")?.slice(0, 2), ["port", "`16010`"]);
  assert.deepEqual(row("xds.pacing.ackTimeout")?.slice(0, 2), ["duration", "`5m`"]);
  assert.deepEqual(row("mesh.servicePorts")?.slice(0, 2), ["map of port", "`{}`"]);
  assert.deepEqual(row("mesh.exportTo")?.slice(0, 2), ["list of text", '`["*"]`']);
  assert.deepEqual(row("log.level")?.slice(0, 2), ["`debug` or `info` or `warn` or `error`", "`info`"]);
  for (const [key, [, , description]] of rows) assert.ok(description, `${key} has no description`);
});

test("a table's cells cannot break it", () => {
  assert.equal(markdownTable(["a"], [["x | y\nz"]]), "| a |\n|---|\n| x \\| y z |");
});
