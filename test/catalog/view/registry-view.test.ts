import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RegistryView } from "../../../src/catalog/view/registry-view.ts";
import { type Item, itemId } from "../../../src/registries/service.ts";
import { liveStatus, registryConfig, service } from "../../support/catalog-rig.ts";

const { protection } = registryConfig("zk");

function endpointsOf(view: RegistryView): Set<string> {
  const found = new Set<string>();
  for (const id of view.ids()) {
    const item = view.item(id);
    if (item?.kind === "service") for (const { address } of item.service.instances) found.add(`${id} ${address}`);
  }
  return found;
}

function namedBy(truth: ReadonlyMap<string, Item>): Set<string> {
  const found = new Set<string>();
  for (const [id, item] of truth)
    if (item.kind === "service") for (const { address } of item.service.instances) found.add(`${id} ${address}`);
  return found;
}

function put(view: RegistryView, item: Item, now: number): void {
  view.upsert(itemId(item), JSON.stringify(item), now, now);
}

describe("a registry's view", () => {
  const item = fc.record({ name: fc.constantFrom("a", "b", "c"), at: fc.subarray([1, 2, 3, 4]) }).map(({ name, at }) => service(name, at));
  const word = fc.oneof(
    fc.record({ say: fc.constant("put" as const), item }),
    fc.record({ say: fc.constant("take" as const), item }),
    fc.record({ say: fc.constant("list" as const), items: fc.uniqueArray(item, { selector: itemId }) }),
  );

  it("never loses an endpoint while a hold is open, and holds exactly the truth after the re-read", () => {
    fc.assert(
      fc.property(fc.array(item), fc.array(word), (first, words) => {
        const asked: number[] = [];
        let changed = 0;
        const view = new RegistryView(
          protection,
          { changed: () => changed++, relist: () => asked.push(1), kept() {}, opened() {}, closed() {} },
          0,
        );
        const truth = new Map<string, Item>();
        for (const one of first) {
          put(view, one, 0);
          truth.set(itemId(one), one);
        }
        view.updateStatus(liveStatus(), 0);
        view.updateStatus(liveStatus({ epoch: 1 }), 1);
        for (const one of words) {
          const before = endpointsOf(view);
          if (one.say === "put") {
            put(view, one.item, 2);
            truth.set(itemId(one.item), one.item);
          } else if (one.say === "take") {
            view.remove(itemId(one.item), 2, 2);
            truth.delete(itemId(one.item));
          } else {
            truth.clear();
            for (const listed of one.items) {
              put(view, listed, 2);
              truth.set(itemId(listed), listed);
            }
            view.listed(new Set(truth.keys()), 2, 2);
          }
          const after = endpointsOf(view);
          if (first.length > 0) for (const endpoint of before) assert.ok(after.has(endpoint), `${endpoint} was lost`);
          assert.equal(after.size, view.endpoints);
        }
        view.tick(1 + protection.hold);
        if (asked.length > 0) view.listed(new Set(truth.keys()), 3, 3);
        assert.equal(view.items.held.size, 0);
        assert.deepEqual([...view.ids()].sort(), [...truth.keys()].sort());
        for (const [id, expected] of truth) assert.deepEqual(view.item(id), expected);
        assert.equal(view.items.counts.service, truth.size);
      }),
    );
  });

  const minute = 60_000;
  const rules = fc.record({
    flapDamping: fc.constantFrom(0, 5_000),
    growth: fc.constantFrom("report" as const, "hold" as const),
    growthFactor: fc.constantFrom(0, 1),
    growthEndpoints: fc.constantFrom(0, 2),
    massRemovalEndpoints: fc.constantFrom(0, 2),
    serviceRemovalEndpoints: fc.constantFrom(0, 1),
    serviceRemovalRatio: fc.constantFrom(0, 0.5),
  });
  const happening = fc.oneof(
    { weight: 5, arbitrary: word },
    fc.record({ say: fc.constant("wait" as const), ms: fc.constantFrom(1, 3_000, 11_000, 40_000, 6 * minute) }),
    fc.record({ say: fc.constant("status" as const), stale: fc.boolean(), suspicion: fc.boolean() }),
    fc.record({ say: fc.constant("freeze" as const), on: fc.boolean() }),
    fc.record({ say: fc.constant("release" as const), name: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }) }),
  );

  it("never loses an endpoint while it is frozen, and holds exactly the truth once all is over, whatever happened in whatever order", () => {
    fc.assert(
      fc.property(rules, fc.array(happening, { maxLength: 30 }), fc.constantFrom("expiry", "release"), (changes, happenings, end) => {
        const truth = new Map<string, Item>();
        let now = 1;
        const list = (): void => view.listed(new Set(truth.keys()), now, now);
        const view = new RegistryView(
          { ...protection, ...changes },
          { changed() {}, kept() {}, relist: () => asked.push(1), opened() {}, closed() {} },
          now,
        );
        const asked: number[] = [];
        view.updateStatus(liveStatus(), now);
        const pass = (ms: number): void => {
          // As the timer does: at each deadline, not before.
          const until = now + ms;
          for (let turns = 0; turns < 1_000; turns += 1) {
            const next = view.nextDeadline();
            if (next === undefined || next > until) break;
            now = Math.max(now, next);
            view.tick(now);
            if (asked.splice(0).length > 0) list();
          }
          now = until;
        };
        let frozen = false;
        let epoch = 0;
        for (const one of happenings) {
          const before = endpointsOf(view);
          if (one.say === "put" || one.say === "list") {
            if (one.say === "list") truth.clear();
            for (const item of one.say === "put" ? [one.item] : one.items) {
              truth.set(itemId(item), item);
              put(view, item, now);
            }
            if (one.say === "list") list();
          } else if (one.say === "take") {
            truth.delete(itemId(one.item));
            view.remove(itemId(one.item), now, now);
          } else if (one.say === "wait") pass(one.ms);
          else if (one.say === "status") {
            epoch += one.stale ? 1 : 0;
            const suspicion = one.suspicion ? { suspicion: `seen ${now}` } : {};
            view.updateStatus(liveStatus({ phase: one.stale ? "stale" : "live", epoch, ...suspicion }), now);
          } else if (one.say === "freeze") {
            frozen = one.on;
            view.setOperator(one.on ? { frozen: "by a test" } : {}, now);
          } else if (one.name === undefined) view.release(now);
          else view.releaseItem(itemId(service(one.name)), now);
          const after = endpointsOf(view);
          const named = namedBy(truth);
          for (const endpoint of before) assert.ok(!named.has(endpoint) || after.has(endpoint), `${endpoint} was lost, and is named`);
          if (frozen && one.say !== "release") for (const endpoint of before) assert.ok(after.has(endpoint), `${endpoint} was lost`);
          assert.equal(after.size, view.endpoints);
          assert.ok(view.items.truth >= 0 && view.items.truth <= view.items.served);
        }
        view.setOperator({}, now);
        view.updateStatus(liveStatus({ epoch }), now);
        if (end === "release") view.release(now);
        else {
          pass(10 * minute);
          pass(10 * minute);
        }
        assert.deepEqual([view.items.held.size, view.growth.waiting.size, view.holds.items.size], [0, 0, 0]);
        assert.deepEqual([...view.ids()].sort(), [...truth.keys()].sort());
        for (const [id, expected] of truth) assert.deepEqual(view.item(id), expected);
      }),
      { numRuns: 300 },
    );
  });

  it("says nothing when nothing changed", () => {
    let changed = 0;
    const view = new RegistryView(protection, { changed: () => changed++, relist() {}, kept() {}, opened() {}, closed() {} }, 0);
    put(view, service("a", [1]), 0);
    put(view, service("a", [1]), 0);
    view.listed(new Set([itemId(service("a"))]), 0, 0);
    view.remove("service/unknown", 0, 0);
    assert.equal(changed, 1);
  });
});

describe("an operator's word about a registry that is out of reach", () => {
  const silent = { changed() {}, relist() {}, kept() {}, opened() {}, closed() {} };
  const stale = (epoch: number) => liveStatus({ phase: "stale", reason: "gone", epoch });

  function filled(rules = protection): RegistryView {
    const view = new RegistryView(rules, silent, 0);
    for (const name of ["a", "b", "c"]) put(view, service(name, [1, 2, 3, 4, 5]), 0);
    view.updateStatus(liveStatus(), 0);
    return view;
  }

  /** It is back, and knows of nothing. */
  function comesBackEmpty(view: RegistryView, epoch: number): number {
    view.listed(new Set(), 60_000, 60_000);
    view.updateStatus(liveStatus({ epoch }), 60_000);
    return view.endpoints;
  }

  it("releases what is held and leaves the hold for its return", () => {
    const lost = filled();
    lost.updateStatus(stale(1), 1_000);
    lost.release(2_000);
    assert.equal(comesBackEmpty(lost, 1), 15);
    const paused = filled();
    paused.setOperator({ paused: "by me" }, 1_000);
    paused.updateStatus(stale(1), 1_000);
    paused.release(2_000);
    paused.setOperator({}, 50_000);
    assert.equal(comesBackEmpty(paused, 1), 15);
    const restored = new RegistryView(protection, silent, 0);
    for (const name of ["a", "b", "c"]) {
      const one = service(name, [1, 2, 3, 4, 5]);
      restored.restore(itemId(one), { text: JSON.stringify(one), emptySince: undefined, firstSeen: 0, lastSeen: 0 }, 0);
    }
    restored.restored([], 0);
    restored.release(10);
    assert.equal(comesBackEmpty(restored, 0), 15);
  });

  it("ends a freeze without draining it at once", () => {
    const hour = 3_600_000;
    const view = filled({ ...protection, unreachable: "drain", drainAfter: hour });
    view.setOperator({ frozen: "by me" }, 1_000);
    view.updateStatus({ ...stale(1), lastContact: 1_000, since: 1_000 }, 1_000);
    view.setOperator({}, 2 * hour);
    view.tick(2 * hour + 1);
    assert.equal(view.endpoints, 15);
    view.tick(3 * hour);
    assert.equal(view.endpoints, 0, "its time runs from then on");
  });
});

describe("a mass removal of a service", () => {
  it("is honoured after its time, however often the registry reconnects meanwhile", () => {
    const minute = 60_000;
    const range = (length: number, from: number) => Array.from({ length }, (_, at) => at + from);
    const [a, b] = [service("a", range(30, 1)), service("b", range(200, 1_000))];
    let opened = 0;
    let asked = false;
    const view = new RegistryView(
      protection,
      {
        changed() {},
        kept() {},
        closed() {},
        relist: () => {
          asked = true;
        },
        opened: ({ why }) => void (why === "mass-removal" && opened++),
      },
      0,
    );
    for (const one of [a, b]) put(view, one, 0);
    view.updateStatus(liveStatus(), 0);
    put(view, service("a", [1]), minute);
    assert.equal(endpointsOf(view).size, 230);
    const ids = new Set([itemId(a), itemId(b)]);
    for (let round = 1; round <= 30; round++) {
      const next = minute + round * 2 * minute;
      for (let at = view.nextDeadline(); at !== undefined && at < next; at = view.nextDeadline()) {
        view.tick(at);
        if (!asked) continue;
        asked = false;
        view.listed(ids, at, at);
      }
      view.updateStatus(liveStatus({ epoch: round }), next);
      view.listed(ids, next, next);
    }
    assert.deepEqual([endpointsOf(view).size, opened], [201, 1]);
  });
});
