import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type HostClaim, HostTable } from "../../src/naming/collisions.ts";
import { withHash } from "../../src/naming/host-name.ts";

function claim(identity: string, host = "h.dubbo", primary = true): HostClaim {
  return { namespace: "n", host, identity, primary };
}

/** Everything that is visible of a table. */
function picture(table: HostTable<HostClaim>) {
  const served = [...table.keys()].map(
    (key) =>
      [
        key,
        table
          .servedAt(key)
          .map(({ identity }) => identity)
          .sort(),
      ] as const,
  );
  return {
    served: served.filter(([, identities]) => identities.length > 0).sort(),
    collisions: [...table.collisions()].sort((a, b) => (a.host < b.host ? -1 : 1)),
  };
}

describe("collision rule", () => {
  it("lets the smallest identity keep the host", () => {
    const table = new HostTable<HostClaim>();
    const [b, a, c] = [claim("b"), claim("a"), claim("c")];
    assert.deepEqual(table.add(b), []);
    assert.equal(table.hostOf(b), "h.dubbo");
    assert.deepEqual(table.add(a), [b]);
    assert.deepEqual(table.add(c), []);
    assert.equal(table.hostOf(a), "h.dubbo");
    assert.equal(table.hostOf(b), withHash("h.dubbo", "b"));
    assert.deepEqual(table.servedAt(`n/${withHash("h.dubbo", "c")}`), [c]);
    assert.deepEqual(
      [...table.collisions()],
      [
        {
          namespace: "n",
          host: "h.dubbo",
          keeps: "a",
          moved: [
            { identity: "b", host: withHash("h.dubbo", "b") },
            { identity: "c", host: withHash("h.dubbo", "c") },
          ],
        },
      ],
    );
    assert.deepEqual(table.remove(a), [b]);
    assert.equal(table.hostOf(b), "h.dubbo");
    assert.deepEqual(table.remove(b), [c]);
    assert.deepEqual([...table.keys()], ["n/h.dubbo"]);
  });

  it("serves one identity from several registries under one host", () => {
    const table = new HostTable<HostClaim>();
    const claims = [claim("a"), claim("a")];
    for (const one of claims) assert.deepEqual(table.add(one), []);
    assert.deepEqual(table.servedAt("n/h.dubbo"), claims);
    assert.deepEqual([...table.collisions()], []);
  });

  it("prefers a service's own host to a wish, and drops the wish", () => {
    const table = new HostTable<HostClaim>();
    const wish = claim("a", "h.dubbo", false);
    const own = claim("b");
    table.add(wish);
    assert.deepEqual(table.add(own), [wish]);
    assert.equal(table.hostOf(wish), undefined);
    assert.deepEqual(table.servedAt("n/h.dubbo"), [own]);
    assert.deepEqual(table.remove(own), [wish]);
    assert.deepEqual(table.holding("n/h.dubbo"), [wish]);
    assert.deepEqual(table.servedAt("n/h.dubbo"), []);
  });

  it("depends on the set of claims only, and reports every claim that moves", () => {
    const some = fc.record({
      identity: fc.constantFrom("a", "b", "c", "d"),
      host: fc.constantFrom("x.d", "y.d", withHash("x.d", "b")),
      primary: fc.boolean(),
    });
    const steps = fc.array(fc.record({ claim: fc.nat(9), add: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(some, { minLength: 10, maxLength: 10 }), steps, (shapes, order) => {
        const claims = shapes.map((shape) => claim(shape.identity, shape.host, shape.primary));
        const table = new HostTable<HostClaim>();
        const present = new Set<HostClaim>();
        for (const { claim: index, add } of order) {
          const one = claims[index] as HostClaim;
          if (present.has(one) === add) continue;
          const before = new Map([...present].map((other) => [other, table.hostOf(other)]));
          const moved = new Set(add ? table.add(one) : table.remove(one));
          if (add) present.add(one);
          else present.delete(one);
          for (const other of present) {
            if (other === one) continue;
            if (before.get(other) !== table.hostOf(other)) assert.ok(moved.has(other), "a move was not reported");
          }
        }
        const fresh = new HostTable<HostClaim>();
        for (const one of claims) if (present.has(one)) fresh.add(one);
        assert.deepEqual(picture(table), picture(fresh));
      }),
    );
  });
});
