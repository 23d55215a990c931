import assert from "node:assert/strict";
import { test } from "node:test";
import { coveredCount } from "../../src/xds/covered-count.ts";
import { Interest } from "../../src/xds/delta/interest.ts";
import { StreamRig } from "../support/stream-rig.ts";
import { serviceEntries, serviceEntry } from "../support/xds-rig.ts";

test("a client's objects are counted once, however often they are asked for", () => {
  const { store } = new StreamRig();
  store.publish({ upserts: ["a", "b", "c"].flatMap((name) => [serviceEntry(name, 1, 1, "x"), serviceEntry(name, 1, 1, "y")]) });
  const table = store.current().table(serviceEntries);
  const count = (...asked: string[]) => {
    const interest = new Interest();
    for (const each of asked) {
      if (each.endsWith("*")) interest.prefixes.add(each.slice(0, -1));
      else interest.names.add(each);
    }
    return coveredCount(interest, table);
  };
  assert.equal(count(), 0);
  assert.equal(count("*", "x/*", "x/a"), 6);
  assert.equal(count("x/*", "x/a", "y/a", "y/none"), 4);
  assert.equal(count("z/*"), 0);
  assert.equal(count(...Array.from({ length: 10_001 }, (_, index) => `x/${index}`)), undefined);
});
