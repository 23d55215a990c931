/** What an earlier process kept, in the catalog: served as it was, under a hold until the registry was heard. */
import assert from "node:assert/strict";
import { beforeEach, it, mock } from "node:test";
import type { ProtectionConfig } from "../../src/config/schema.ts";
import { type Item, itemId } from "../../src/registries/service.ts";
import { CatalogRig, registryConfig, service } from "../support/catalog-rig.ts";

const second = 1_000;
const hour = 3_600 * second;
const defaults = registryConfig("zk").protection;

function rigWith(protection: Partial<ProtectionConfig> = {}): CatalogRig {
  return new CatalogRig(registryConfig("zk", { protection: { ...defaults, ...protection } }));
}

/** Another process's catalog with what the first one kept. */
function restarted(first: CatalogRig, protection: Partial<ProtectionConfig> = {}): CatalogRig {
  const rig = rigWith(protection);
  const kept = first.catalog.kept("zk");
  const expired: string[] = [];
  for (const id of kept?.ids() ?? []) {
    const entry = kept?.entry(id);
    if (entry?.what === "kept") rig.catalog.restore("zk", id, entry.item);
    if (entry?.what === "expired") expired.push(id);
  }
  rig.catalog.restored("zk", expired);
  rig.status("zk", { phase: "stale", synced: false, restored: true });
  return rig;
}

const holds = (rig: CatalogRig): readonly string[] => rig.catalog.reports()[0]?.protection.holds.map(({ why }) => why) ?? [];

/** A dubbo service of which only a `tri` port is known from before. */
const twoProtocols = (name: string): Item =>
  service(name, [], {
    instances: [
      { id: "1", address: "10.0.0.1", ports: [{ number: 20880, protocol: "dubbo" }] },
      { id: "2", address: "10.0.0.2", ports: [{ number: 50051, protocol: "tri" }] },
    ],
  });

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
});

it("is everything that was served, and complete", () => {
  const first = rigWith();
  first.list("zk", service("a", [1, 2]), twoProtocols("b"), service("c"));
  first.status("zk");
  first.put("zk", service("b", [1]));
  const second = restarted(first);
  assert.deepEqual(second.everything(), first.everything());
  assert.equal(second.catalog.isComplete(), true);
  assert.ok(
    Object.keys(second.everything()).some((key) => key.includes("tri.")),
    "the host of a protocol nobody speaks now stays",
  );
});

it("is held against the first listing, then honoured after a second look", () => {
  const first = rigWith();
  first.list("zk", service("a", [1, 2]), service("b", [3]));
  first.status("zk");
  const rig = restarted(first);
  assert.deepEqual(holds(rig), ["restart"]);
  rig.list("zk", service("a", [2, 4]));
  rig.status("zk");
  assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1", "10.0.0.2", "10.0.0.4"]);
  assert.deepEqual(rig.addresses("b.dubbo"), ["10.0.0.3"]);
  mock.timers.tick(30 * second);
  assert.deepEqual(rig.relisted, ["zk"]);
  rig.list("zk", service("a", [2, 4]));
  assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.2", "10.0.0.4"]);
  assert.equal(rig.service("b.dubbo"), undefined);
  assert.deepEqual(holds(rig), []);
});

it("holds what an open hold held: a kill in the middle of it shrinks nothing", () => {
  const first = rigWith();
  first.list("zk", service("a", [1, 2]), service("b", [3]));
  first.status("zk");
  first.status("zk", { phase: "stale", epoch: 1 });
  first.list("zk", service("a", [1]));
  const rig = restarted(first);
  assert.deepEqual(rig.everything(), first.everything());
  assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1", "10.0.0.2"]);
});

it("is what a drained registry had before it drained", () => {
  const first = rigWith({ unreachable: "drain", drainAfter: 60 * second });
  first.list("zk", service("a", [1, 2]));
  first.status("zk");
  first.status("zk", { phase: "stale", epoch: 1 });
  mock.timers.tick(60 * second);
  assert.deepEqual(first.addresses("a.dubbo"), []);
  const rig = restarted(first, { unreachable: "drain", drainAfter: 60 * second });
  assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.1", "10.0.0.2"], "our own absence is not the registry's");
  mock.timers.tick(60 * second);
  assert.deepEqual(rig.addresses("a.dubbo"), []);
});

it("goes on counting for how long a service is empty", () => {
  const first = rigWith({ emptyServiceFor: 24 * hour });
  first.list("zk", service("a", [1]), service("never", []));
  first.status("zk");
  first.put("zk", service("a", []));
  mock.timers.tick(20 * hour);
  const rig = restarted(first);
  rig.list("zk", service("a", []), service("never", []));
  rig.status("zk");
  mock.timers.tick(4 * hour - 1);
  assert.deepEqual(rig.addresses("a.dubbo"), []);
  mock.timers.tick(1);
  assert.equal(rig.service("a.dubbo"), undefined);

  const third = restarted(rig);
  third.list("zk", service("a", []));
  third.status("zk");
  assert.equal(third.service("a.dubbo"), undefined, "it expired before, and the registry still lists it");
  third.list("zk");
  third.put("zk", service("a", []));
  assert.ok(third.catalog.kept("zk")?.entry(itemId(service("a"))).what === "kept", "the registry forgot it and made it anew");
});

it("gives way to what the registry itself said before", () => {
  const first = rigWith();
  first.list("zk", service("a", [1]));
  first.status("zk");
  const kept = first.catalog.kept("zk")?.entry(itemId(service("a")));
  const rig = rigWith();
  rig.put("zk", service("a", [7]));
  if (kept?.what === "kept") rig.catalog.restore("zk", kept.id, kept.item);
  assert.deepEqual(rig.addresses("a.dubbo"), ["10.0.0.7"]);
});

it("costs only itself where it is not understood", () => {
  const rig = rigWith();
  const rest = { ports: "no json", emptySince: Number.NaN, firstSeen: 0, lastSeen: 0 };
  rig.catalog.restore("zk", "service/||a|", { ...rest, text: "{}" });
  rig.catalog.restore("zk", "fact/x", { ...rest, text: JSON.stringify(service("a", [1])) });
  rig.catalog.restore("zk", itemId(service("b")), { ...rest, text: JSON.stringify(service("b", [1])) });
  rig.catalog.restored("zk", []);
  assert.deepEqual(rig.addresses("b.dubbo"), ["10.0.0.1"]);
  assert.equal(rig.catalog.reports()[0]?.skipped.malformed, 2);
});
