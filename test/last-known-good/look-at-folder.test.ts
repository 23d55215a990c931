import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lookAtFolder } from "../../src/last-known-good/look-at-folder.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("a folder that is there, or could be created, is fine, and is not created by looking", (t) => {
  const { path } = tempFolder(t);
  assert.equal(lookAtFolder(path), undefined);
  assert.equal(lookAtFolder(join(path, "a", "b")), undefined);
  assert.deepEqual(readdirSync(path), []);
});

test("what cannot be a folder is said", (t) => {
  const { path, write } = tempFolder(t);
  const file = write("file", "");
  assert.match(lookAtFolder(file) ?? "", /file is no folder/);
  assert.match(lookAtFolder(join(file, "state")) ?? "", /ENOTDIR|no folder/);
  assert.match(lookAtFolder(join(path, "x".repeat(120))) ?? "", /too long/);
});
