import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ChangeLog } from "../../src/snapshot/change-log.ts";
import type { Changes, TypeKey } from "../../src/snapshot/snapshot.ts";

const type: TypeKey = "networking.istio.io/ServiceEntry";
const other: TypeKey = "networking.istio.io/Sidecar";
const changed = (updated: string[], removed: string[] = []) => new Map<TypeKey, Changes>([[type, { updated, removed }]]);

describe("the change log", () => {
  it("gives the net changes after a sequence: the last word on a name counts", () => {
    const log = new ChangeLog();
    log.append(changed(["a", "b"]), 0); // 1
    log.append(changed(["c"], ["a"]), 0); // 2
    log.append(changed(["a"], ["b"]), 0); // 3
    log.append(new Map([[other, { updated: ["x"], removed: [] }]]), 0); // 4
    log.append(changed([], ["c"]), 0); // 5
    assert.deepEqual(log.since(type, 0), { updated: ["a"], removed: ["b", "c"] });
    assert.deepEqual(log.since(type, 1), { updated: ["a"], removed: ["c", "b"] });
    assert.deepEqual(log.since(type, 3), { updated: [], removed: ["c"] });
    assert.deepEqual(log.since(type, 5), { updated: [], removed: [] });
    assert.deepEqual(log.since(other, 0), { updated: ["x"], removed: [] });
  });

  it("does not answer for a sequence that has not been", () => {
    const log = new ChangeLog();
    assert.deepEqual(log.since(type, 0), { updated: [], removed: [] });
    assert.equal(log.since(type, 1), undefined);
    assert.equal(log.since(type, -1), undefined);
  });

  it("forgets what is older than its limit", () => {
    const log = new ChangeLog({ maxAgeMs: 1000 });
    log.append(changed(["a"]), 0);
    log.append(changed(["b"]), 900);
    assert.deepEqual(log.since(type, 0)?.updated, ["a", "b"]);
    log.append(changed(["c"]), 1001);
    assert.equal(log.since(type, 0), undefined);
    assert.deepEqual(log.since(type, 1)?.updated, ["b", "c"]);
  });

  it("forgets the oldest when it holds too many names, even all of one large publication", () => {
    const log = new ChangeLog({ maxNames: 3 });
    log.append(changed(["a", "b"]), 0);
    log.append(changed(["c"], ["d"]), 0);
    assert.equal(log.since(type, 0), undefined);
    assert.deepEqual(log.since(type, 1), { updated: ["c"], removed: ["d"] });
    log.append(changed(["e", "f", "g", "h"]), 0);
    assert.equal(log.since(type, 2), undefined);
    assert.deepEqual(log.since(type, 3), { updated: [], removed: [] });
  });

  it("answers like a list that forgets nothing, as far back as it reaches", () => {
    const name = fc.constantFrom("a", "b", "c", "d");
    const step = fc.record({ name, present: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 150 }), (steps, maxNames) => {
        const log = new ChangeLog({ maxNames });
        for (const { name, present } of steps) log.append(present ? changed([name]) : changed([], [name]), 0);
        for (let sequence = 0; sequence <= steps.length; sequence++) {
          const changes = log.since(type, sequence);
          if (steps.length - sequence > maxNames) {
            assert.equal(changes, undefined);
            continue;
          }
          const last = new Map(steps.slice(sequence).map(({ name, present }) => [name, present]));
          const names = (wanted: boolean) => [...last].filter(([, present]) => present === wanted).map(([name]) => name);
          assert.deepEqual([changes?.updated.toSorted(), changes?.removed.toSorted()], [names(true).sort(), names(false).sort()]);
        }
      }),
      { numRuns: 50 },
    );
  });
});
