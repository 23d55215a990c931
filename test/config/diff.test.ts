import assert from "node:assert/strict";
import { test } from "node:test";
import { diffConfig, isEmptyDiff } from "../../src/config/diff.ts";
import { parseConfig } from "../../src/config/load.ts";
import { testKinds } from "./kinds.ts";

const parse = (text: string) => parseConfig(text, { file: "t.yaml", kinds: testKinds, env: {} }).config;
const river = (id: string, path: string) => `  - {type: river, id: ${id}, path: ${path}}\n`;

test("equal meaning is no change, however it is written", () => {
  const old = parse(`registries:\n${river("a", "x")}${river("b", "y")}xds: {pacing: {ackTimeout: 5m}}\n`);
  const next = parse(`# defaults left out\nregistries:\n${river("a", "x")}${river("b", "y")}xds: {pacing: {ackTimeout: 300s}}\n`);
  assert.equal(isEmptyDiff(diffConfig(old, next)), true);
});

test("the order of registries is their precedence in merging: another order is a change", () => {
  const old = parse(`registries:\n${river("a", "x")}${river("b", "y")}`);
  const swapped = diffConfig(old, parse(`registries:\n${river("b", "y")}${river("a", "x")}`));
  assert.equal(swapped.registries.reordered, true);
  assert.equal(isEmptyDiff(swapped), false);
  const joined = diffConfig(old, parse(`registries:\n${river("c", "z")}${river("a", "x")}${river("b", "y")}`));
  assert.equal(joined.registries.reordered, false);
});

test("registries are compared by id", () => {
  const old = parse(`registries:\n${river("a", "x")}${river("b", "y")}${river("c", "z")}`);
  const next = parse(`registries:\n${river("a", "x")}${river("b", "other")}${river("d", "z")}  - {type: pond, id: e, servers: [s]}\n`);
  const diff = diffConfig(old, next);
  assert.deepEqual(
    diff.registries.added.map(({ id }) => id),
    ["d", "e"],
  );
  assert.deepEqual(diff.registries.removed, ["c"]);
  assert.deepEqual(diff.registries.changed, [next.registries[1]]);
  assert.deepEqual(diff.sections, []);
  assert.equal(isEmptyDiff(diff), false);
});

test("changed sections are named, and what only a restart takes over", () => {
  const base = `registries:\n${river("a", "x")}`;
  const diff = diffConfig(
    parse(base),
    parse(`${base}mesh: {namespace: other}\nxds: {port: 16011, maxTypes: 5}\nmetrics: {address: 0.0.0.0}\nlog: {level: debug}\n`),
  );
  assert.deepEqual(diff.sections, ["mesh", "xds", "metrics", "log"]);
  assert.deepEqual(diff.needsRestart, ["xds.port", "xds.maxTypes", "metrics.address"]);
  assert.deepEqual(diffConfig(parse(base), parse(`${base}log: {format: json}\n`)).needsRestart, ["log.format"]);
});
