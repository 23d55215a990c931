import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { FakeIstiod, meshConfigType, requestedTypes } from "../support/fake-istiod.ts";
import { serviceEntries, serviceEntry, startXds } from "../support/xds-rig.ts";

for (const generation of ["1.18", "1.24", "1.30"] as const) {
  test(`istiod ${generation} is answered for every type and holds the snapshot`, async () => {
    await using rig = await startXds();
    rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
    const istiod = new FakeIstiod({ target: rig.target, generation }).start();
    try {
      await istiod.waitFor((fake) => fake.hasSynced);
      assert.deepEqual([...istiod.store("ServiceEntry").keys()].sort(), ["tributary/a", "tributary/b"]);
      assert.equal(istiod.pushes("WasmPlugin"), 1);
      assert.equal(istiod.counts.pushes.get(meshConfigType), 1);
      assert.deepEqual([...istiod.counts.pushes.keys()].sort(), requestedTypes(generation).sort());
    } finally {
      istiod.stop();
    }
  });
}

test("additions, changes and removals are pushed, and only to the type they are of", async () => {
  await using rig = await startXds();
  const istiod = new FakeIstiod({ target: rig.target }).start();
  try {
    await istiod.waitFor((fake) => fake.hasSynced);
    rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
    await istiod.waitFor((fake) => fake.store("ServiceEntry").size === 2);
    const changed = serviceEntry("a", 2);
    rig.store.publish({ upserts: [changed] });
    await istiod.waitFor((fake) => fake.store("ServiceEntry").get("tributary/a")?.version === changed.version);
    assert.deepEqual(Buffer.from(istiod.store("ServiceEntry").get("tributary/a")!.body), Buffer.from(changed.body));
    rig.store.publish({ removals: [{ type: serviceEntries, name: "tributary/b" }] });
    await istiod.waitFor((fake) => fake.store("ServiceEntry").size === 1);
    assert.equal(istiod.counts.updated, 1);
    assert.equal(istiod.counts.deleted, 1);
    assert.equal(istiod.pushes("ServiceEntry"), 4);
    assert.equal(istiod.pushes("WorkloadEntry"), 1);
  } finally {
    istiod.stop();
  }
});

test("a publication that changes nothing pushes nothing", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const istiod = new FakeIstiod({ target: rig.target }).start();
  try {
    await istiod.waitFor((fake) => fake.hasSynced);
    rig.store.publish({ upserts: [serviceEntry("a")] });
    rig.store.publish({ upserts: [serviceEntry("b")] }); // pushed, so the wait below ends
    await istiod.waitFor((fake) => fake.store("ServiceEntry").size === 2);
    assert.equal(istiod.pushes("ServiceEntry"), 2);
  } finally {
    istiod.stop();
  }
});

test("a restarted server deletes and updates nothing in an istiod that reconnects", async () => {
  const first = await startXds();
  first.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
  const istiod = new FakeIstiod({ target: first.target }).start();
  try {
    await istiod.waitFor((fake) => fake.hasSynced);
    const disconnected = once(istiod.events, "disconnected");
    await first.server.close();
    await disconnected;
    assert.equal(istiod.store("ServiceEntry").size, 2);
    await using second = await startXds({ store: first.store, settings: { port: first.port } });
    await istiod.waitFor((fake) => fake.pushes("ServiceEntry") === 2);
    assert.equal(second.observer.pushes.filter((push) => push.type === serviceEntries).length, 1);
    const { created, updated, deleted, skipped } = istiod.counts;
    assert.deepEqual({ created, updated, deleted, skipped }, { created: 2, updated: 0, deleted: 0, skipped: 2 });
  } finally {
    istiod.stop();
  }
});
