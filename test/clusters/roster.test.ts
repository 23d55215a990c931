import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ClusterOffer } from "../../src/clusters/offer.ts";
import { ClusterRoster } from "../../src/clusters/roster.ts";

const places = ["configuration", "folder", "remote-secrets"];

/** @param token what tells one content from another; undefined: it cannot be used */
function offer(id: string, owner: string, token: string | undefined, since?: string): ClusterOffer {
  const usable = token === undefined ? { refused: "malformed" } : { access: { server: `https://${id}`, token } };
  return { id, owner, ...usable, ...(since !== undefined && { since }) };
}

const told = (roster: ClusterRoster) => roster.clusters().map(({ id, owner, access }) => `${id} ${owner} ${access?.token}`);

test("a second owner of an id is rejected and named; when the first one leaves, it takes its place", () => {
  const roster = new ClusterRoster(places);
  roster.offer("remote-secrets", "1", offer("b", "secret first", "one", "2026-01-01"));
  roster.settle();
  roster.offer("remote-secrets", "0", offer("b", "secret a-second", "two", "2025-01-01"));
  assert.deepEqual(roster.clusters()[0]?.rejected, ["secret a-second"]);
  assert.deepEqual(told(roster), ["b secret first one"]);
  roster.withdraw("remote-secrets", "1");
  assert.deepEqual(told(roster), ["b secret a-second two"]);
});

test("at the start the configuration has precedence, then the older offer, whichever came first", () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    const roster = new ClusterRoster(places);
    const offers = [
      () => roster.offer("remote-secrets", "x", offer("b", "secret x", "x", "2026-01-02")),
      () => roster.offer("remote-secrets", "y", offer("b", "secret y", "y", "2026-01-01")),
      () => roster.offer("configuration", "z", offer("b", "file z", "z")),
    ];
    for (const at of order) offers[at]?.();
    assert.deepEqual(told(roster), ["b file z z"]);
    roster.withdraw("configuration", "z");
    assert.deepEqual(told(roster), ["b secret y y"]);
  }
});

test("a broken new kubeconfig leaves the working one in place, and only one that never worked gives way", () => {
  const roster = new ClusterRoster(places);
  roster.offer("folder", "f", offer("b", "file f", "good"));
  roster.settle();
  roster.offer("folder", "f", offer("b", "file f", undefined));
  roster.offer("remote-secrets", "s", offer("b", "secret s", "other"));
  assert.deepEqual([told(roster), roster.clusters()[0]?.refused], [["b file f good"], "malformed"]);
  roster.offer("folder", "c", offer("c", "file c", undefined));
  roster.offer("remote-secrets", "c", offer("c", "secret c", "works"));
  assert.deepEqual(told(roster), ["b file f good", "c secret c works"]);
});

test("a credential that was withdrawn is not used by another owner whose own is broken", () => {
  const roster = new ClusterRoster(places);
  roster.offer("folder", "f", offer("b", "file f", "good"));
  roster.offer("remote-secrets", "s", offer("b", "secret s", undefined));
  roster.withdraw("folder", "f");
  assert.deepEqual(told(roster), ["b secret s undefined"]);
});

interface Step {
  readonly place: string;
  readonly key: string;
  readonly id: string;
  /** -1: withdraws; 0: broken. */
  readonly token: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  place: fc.constantFrom(...places),
  key: fc.constantFrom("k1", "k2", "k3"),
  id: fc.constantFrom("b", "c"),
  token: fc.integer({ min: -1, max: 3 }),
});

function apply(roster: ClusterRoster, { place, key, id, token }: Step): void {
  if (token < 0) roster.withdraw(place, key);
  else roster.offer(place, key, offer(id, `${place} ${key}`, token === 0 ? undefined : String(token)));
}

test("whatever is added, removed and rotated: one owner per offered id, who stays while it offers, with what it offered last", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, settledAt) => {
      const roster = new ClusterRoster(places);
      const offered = new Map<string, Step>();
      /** By owner and id: the newest content that could be used, since it began to offer. */
      const good = new Map<string, string>();
      steps.forEach((one, at) => {
        if (at === settledAt) roster.settle();
        const before = roster.clusters();
        const who = `${one.place} ${one.key}`;
        if (offered.get(who)?.id !== one.id) good.delete(who);
        if (one.token < 0) offered.delete(who);
        else offered.set(who, one);
        if (one.token < 0) good.delete(who);
        else if (one.token > 0) good.set(who, String(one.token));
        apply(roster, one);
        const clusters = roster.clusters();
        const ids = [...new Set([...offered.values()].map(({ id }) => id))].sort();
        assert.deepEqual(
          clusters.map(({ id }) => id),
          ids,
          "every offered id, and nothing else",
        );
        for (const { id, owner, access, rejected } of clusters) {
          assert.equal(offered.get(owner)?.id, id);
          assert.ok(access === undefined || access.token === good.get(owner), "never another's credential, never an older one");
          const others = [...offered].filter(([other, { id: theirs }]) => theirs === id && other !== owner).map(([other]) => other);
          assert.deepEqual(rejected, others.sort());
          const earlier = before.find((cluster) => cluster.id === id);
          const stays = at >= settledAt && earlier?.access !== undefined && offered.get(earlier.owner)?.id === id;
          const sameOffer = who !== earlier?.owner || one.id === id;
          if (stays && sameOffer) assert.equal(owner, earlier.owner, "an owner that works stays");
        }
      });
    }),
  );
});

test("once all is read anew, the owners do not depend on the order of arrival", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const last = new Map(steps.map((one) => [`${one.place} ${one.key}`, one]));
      const result = (order: Step[]) => {
        const roster = new ClusterRoster(places);
        for (const one of order) apply(roster, one);
        return roster.clusters();
      };
      const distinct = [...last.values()];
      assert.deepEqual(result(distinct), result(distinct.toReversed()));
    }),
  );
});
