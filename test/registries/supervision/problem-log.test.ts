import assert from "node:assert/strict";
import { test } from "node:test";
import { ProblemLog } from "../../../src/registries/supervision/problem-log.ts";

function logged() {
  const lines: string[] = [];
  let now = 0;
  const log = { debug() {}, info() {}, error() {}, warn: (_fields: object, message: string) => lines.push(message) };
  const problems = new ProblemLog(log, 200, () => now);
  const meet = (where: string, count = 1) => problems.add({ code: "bad-url", where, message: where, count });
  return { problems, lines, meet, wait: (ms: number) => (now += ms) };
}

test("one datum is logged once a minute and counted always", () => {
  const { problems, lines, meet, wait } = logged();
  meet("a");
  meet("a", 5);
  assert.deepEqual(lines, ["a"]);
  assert.equal(problems.latest[0]?.count, 6);
  wait(60_000);
  meet("a");
  assert.deepEqual(lines.slice(1), ["more problems were met and not logged one by one", "a"]);
  assert.deepEqual([problems.latest[0]?.firstSeen, problems.latest[0]?.lastSeen], [0, 60_000]);
});

test("the newest 200 are kept, newest first", () => {
  const { problems, meet } = logged();
  for (let at = 0; at < 300; at++) meet(`${at}`);
  meet("150");
  assert.equal(problems.latest.length, 200);
  assert.deepEqual(
    problems.latest.slice(0, 2).map(({ where }) => where),
    ["150", "299"],
  );
});
