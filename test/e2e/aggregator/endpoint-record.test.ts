import assert from "node:assert/strict";
import { test } from "node:test";
import { EndpointRecord } from "./endpoint-record.ts";

const told = (...endpoints: readonly string[]) => endpoints.map((endpoint) => ({ endpoint, weight: 0, priority: 0 }));

test("a moment without endpoints, an endpoint twice, and a loss of what must stay are wrong, however short", () => {
  const record = new EndpointRecord("r");
  record.put("new", []);
  record.put("s", told("a", "b"));
  record.put("s", told("b"));
  assert.deepEqual(record.wrong, [], "a service may begin empty, and may lose what nobody keeps");
  record.keep("s", ["b"]);
  record.put("s", told("a"));
  record.put("s", told("b", "b"));
  record.drop("s");
  record.put("s", told("b"));
  assert.deepEqual(record.wrong, ["s lost b", "s has an endpoint twice: b,b", "s is without endpoints", "s lost b"]);
});

test("shares are of all traffic, and what has no weight counts as one of weight 1", () => {
  const record = new EndpointRecord("r");
  record.put("s", [
    { endpoint: "a", weight: 3, priority: 0 },
    { endpoint: "b", weight: 0, priority: 0 },
  ]);
  assert.deepEqual(record.shares("s"), { a: 75, b: 25 });
});
