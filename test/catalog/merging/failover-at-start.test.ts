/** At a start, registries are heard one after the other: which comes first must not decide who serves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mergingSchema } from "../../../src/config/sections/merging-schema.ts";
import { CatalogRig, registryConfig, service } from "../../support/catalog-rig.ts";

function rig(): CatalogRig {
  const made = new CatalogRig(registryConfig("first"), registryConfig("second"));
  made.catalog.setMerging(mergingSchema.parse({ policy: "priority", failAfter: "30s", returnAfter: "5m" }));
  return made;
}

for (const order of [
  ["first", "second"],
  ["second", "first"],
] as const) {
  test(`heard in the order ${order.join(", ")}, the first of the configuration serves at once, and fails over only after a while`, (t) => {
    t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_800_000_000_000 });
    const subject = rig();
    const addresses = () => subject.addresses("shop.dubbo");
    for (const registry of order) {
      subject.put(registry, service("shop", [registry === "first" ? 1 : 2]));
      assert.deepEqual(addresses()?.length, 1);
      subject.status(registry);
    }
    assert.deepEqual(addresses(), ["10.0.0.1"]);
    const unhealthy = service("shop", [], {
      instances: [{ id: "10.0.0.1:20880", address: "10.0.0.1", ports: [{ number: 20880, protocol: "dubbo" }], health: "unhealthy" }],
    });
    subject.put("first", unhealthy);
    assert.deepEqual(addresses(), ["10.0.0.1"]);
    t.mock.timers.tick(30_000);
    assert.deepEqual(addresses(), ["10.0.0.2"]);
    subject.put("first", service("shop", [1]));
    assert.deepEqual(addresses(), ["10.0.0.2"], "a return takes its time once all are known");
    t.mock.timers.tick(300_000);
    assert.deepEqual(addresses(), ["10.0.0.1"]);
  });
}
