import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../src/config/load.ts";
import { describeError } from "../../src/errors/tributary-error.ts";
import { configOptions } from "../../src/runtime/config-options.ts";

test("labels that endpoints take of their pods and that no endpoint is served with are told, where they stand", () => {
  const warnings = (enrich: string, served: string) =>
    parseConfig(`registries:\n  - {id: a, type: file, path: x, enrich: {labels: [${enrich}]}}\nmesh: {labels: [${served}]}\n`, {
      file: "t.yaml",
      ...configOptions,
    }).warnings.map(describeError);
  assert.deepEqual(warnings("app, 'team-*'", "app, team-a"), []);
  assert.deepEqual(warnings("app, 'team-*'", "'*'"), []);
  assert.deepEqual(warnings("'a*', 'b?d'", "'app/*', bad"), []);
  assert.match(
    warnings("app, version", "app")[0] ?? "",
    /^t\.yaml:2:\d+: registries\[0\]\.enrich\.labels\[1\]: .*version.*\n?.*mesh\.labels/,
  );
  assert.equal(warnings("app, 'team-*', tier", "app, other, 'tea*'").length, 1);
  assert.equal(warnings("'x*'", "app, 'team*'").length, 1);
});
