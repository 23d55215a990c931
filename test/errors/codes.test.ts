import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { errorCodes } from "../../src/errors/codes.ts";
import { problemCodes } from "../../src/errors/problem-codes.ts";
import { errorsPage } from "../../tools/errors-page.ts";

test("problem codes are kebab-case and sorted, error codes upper case", () => {
  const problems = Object.keys(problemCodes);
  assert.deepEqual(problems, [...problems].sort());
  for (const code of problems) assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  for (const code of Object.keys(errorCodes)) assert.match(code, /^[A-Z]+(_[A-Z]+)*$/);
});

test("every code is in the documentation, with a whole sentence", () => {
  const page = errorsPage();
  for (const [code, meaning] of Object.entries({ ...errorCodes, ...problemCodes })) {
    assert.ok(page.includes(`| \`${code}\` | `), code);
    assert.match(meaning, /^\S.*\.$/, code);
  }
});

test("every problem code in the sources is listed", () => {
  const missing: string[] = [];
  const src = fileURLToPath(new URL("../../src/", import.meta.url));
  for (const file of readdirSync(src, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.startsWith("gen")) continue;
    for (const [, plain, called] of readFileSync(src + file, "utf8").matchAll(/\bcode: "([a-z0-9-]+)"|\bproblem\("([a-z0-9-]+)"/g)) {
      const found = plain ?? called;
      // "custom" is the schema library's.
      if (found !== undefined && found !== "custom" && !(found in problemCodes)) missing.push(`${file}: ${found}`);
    }
  }
  assert.deepEqual(missing, []);
});
