import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusals } from "../../src/access/refusals.ts";
import { silentLogger } from "../../src/log/logger.ts";

test("text from a stranger's certificate cannot break out of its line", () => {
  const lines: string[] = [];
  const log = { ...silentLogger, warn: (fields: object, message: string) => lines.push(message, ...Object.values(fields)) };
  const evil = "CN=\u001b[2J\r\nconnection accepted\u202e";
  new Refusals("xds", log, () => {}).refused({ peer: "p", subject: evil, names: evil }, { reason: "untrusted", message: evil });
  assert.equal(lines.length, 6);
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
});

test("a flood of refused clients fills ten lines a minute, and is counted in full", () => {
  const lines: string[] = [];
  let counted = 0;
  let now = 0;
  const log = { ...silentLogger, warn: (fields: object, message: string) => lines.push(`${message} ${JSON.stringify(fields)}`) };
  const refusals = new Refusals(
    "xds",
    log,
    () => counted++,
    () => now,
  );
  const flood = () => {
    for (let index = 0; index < 1000; index += 1) {
      refusals.refused({ peer: `10.0.0.1:${index}`, subject: "CN=x" }, { reason: "untrusted", message: "no" });
    }
  };
  flood();
  assert.equal(lines.length, 10);
  assert.equal(lines[0], 'connection refused: no {"server":"xds","peer":"10.0.0.1:0","subject":"CN=x","reason":"untrusted"}');
  now += 60_000;
  flood();
  assert.equal(lines.length, 21);
  assert.equal(lines[10], 'further connections were refused {"server":"xds","connections":990}');
  assert.equal(counted, 2000);
});
