import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RegistryView } from "../../src/catalog/view/registry-view.ts";
import { type Item, itemId } from "../../src/registries/service.ts";
import { liveStatus, registryConfig, service } from "../support/catalog-rig.ts";

const { protection } = registryConfig("zk");

function endpointsOf(view: RegistryView): Set<string> {
  const found = new Set<string>();
  for (const id of view.ids()) {
    const item = view.item(id);
    if (item?.kind === "service") for (const { address } of item.service.instances) found.add(`${id} ${address}`);
  }
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
