import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "../../../src/log/logger.ts";
import type { Feed } from "../../../src/registries/feed.ts";
import { containedFeed } from "../../../src/registries/supervision/contained-feed.ts";

const deaf: Feed = { upsert() {}, remove() {}, listed() {}, status() {}, problem() {} };

test("a failure downstream costs one word; the next ones are heard", () => {
  const heard: string[] = [];
  const feed = containedFeed(
    {
      ...deaf,
      upsert(_registry, id) {
        if (id === "bad") throw new Error("defect");
        heard.push(id);
      },
    },
    silentLogger,
  );
  for (const id of ["one", "bad", "two"]) feed.upsert("r", id, "{}", 0);
  assert.deepEqual(heard, ["one", "two"]);
});

test("a defect that fails every word of a listing is told once a second, with the number in between", (t) => {
  let now = 5_000;
  t.mock.method(performance, "now", () => now);
  const lines: object[] = [];
  const log = { ...silentLogger, error: (fields: object) => void lines.push(fields) };
  const failing = () => {
    throw new Error("defect");
  };
  const feed = containedFeed({ ...deaf, upsert: failing }, log);
  for (let count = 0; count < 1_000; count++) feed.upsert("r", `service/${count}`, "{}", 0);
  assert.equal(lines.length, 1);
  now += 1_000;
  feed.upsert("r", "service/last", "{}", 0);
  assert.equal(lines.length, 2);
  assert.partialDeepStrictEqual(lines[1], { registry: "r", what: "upsert service/last", unlogged: 999 });
});
