import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { QueryKeys } from "../../../src/registries/dubbo/query-keys.ts";

suite("keys of a query", () => {
  test("end before an equals sign, an ampersand or the end", () => {
    const keys = new QueryKeys((key) => key);
    for (const text of ["pid=1", "pid&side", "pid"]) assert.equal(keys.at(text, 0).text, "pid", text);
    assert.equal(keys.at("a=1&pid=2", 4).text, "pid");
    assert.equal(keys.at("=1", 0).text, "");
  });

  test("are judged once, within bounds", () => {
    const judged: string[] = [];
    const keys = new QueryKeys((key) => judged.push(key));
    const first = keys.at("side=provider", 0);
    assert.equal(keys.at("x=1&side=consumer", 4), first);
    assert.deepEqual(judged, ["side"]);
    const long = "k".repeat(10_000);
    assert.equal(keys.at(long, 0).text, long);
    for (let index = 0; index < 10_000; index++) keys.at(`other${index}=`, 0);
    assert.equal(keys.at("side=provider", 0).text, "side");
    assert.equal(judged.filter((key) => key === "side").length, 2);
  });

  test("are never taken for one another, also with the same hash", () => {
    const keys = new QueryKeys((key) => key.length);
    // These two collide in 32-bit FNV-1a.
    for (const key of ["costarring", "liquid", "costarring"]) assert.deepEqual(keys.at(`${key}=1`, 0), { text: key, role: key.length });
    fc.assert(
      fc.property(fc.array(fc.string()), (texts) => {
        for (const text of texts) assert.equal(keys.at(text, 0).text, /^[^=&]*/.exec(text)![0]);
      }),
    );
  });
});
