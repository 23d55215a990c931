/** A file is one concept, named after it, and about as long as people like to read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceFiles } from "./source-file.ts";

/** Lines of code and comments; around 100 is the aim. */
const limit = 300;

/** Longer files, each with the reason why it is better whole. */
const longer: Readonly<Record<string, string>> = {};

const files = sourceFiles();

test("no file is longer than 300 lines without a reason", () => {
  const long = files.filter(({ lines }) => lines > limit).map(({ path }) => path);
  assert.deepEqual(long, Object.keys(longer).sort());
});

test("nothing is called after having no room of its own", () => {
  const homeless = files.map(({ path }) => path).filter((path) => /(^|[/-])(utils?|common|helpers?|misc|shared)([/.-]|$)/i.test(path));
  assert.deepEqual(homeless, []);
});

test("files are named in kebab-case", () => {
  const odd = files.map(({ path }) => path).filter((path) => !/^([a-z0-9-]+\/)+[a-z0-9-]+\.ts$/.test(path));
  assert.deepEqual(odd, []);
});
