import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { instanceJson } from "../../support/eureka-writer.ts";
import { minute, ReaderRig, second, serviceId } from "./rig.ts";

suite("a delta", () => {
  test("is all that is asked for after the first full copy, also while instances are down or starting", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1, 2);
    rig.peer.instances.register(instanceJson({ app: "order", id: "3", address: "10.0.0.3", port: 8080, further: { status: "DOWN" } }));
    await rig.after(0);
    rig.peer.instances.register(instanceJson({ app: "pay", id: "4", address: "10.0.0.4", port: 8080, further: { status: "STARTING" } }));
    await rig.polls(5);
    assert.deepEqual(rig.peer.asked, ["full", "delta", "delta", "delta", "delta", "delta"]);
    assert.deepEqual(rig.problems, []);
  });

  test("repeats the changes of some minutes: each counts once, and what is deleted goes although it says UP", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1, 2);
    await rig.after(0);
    rig.peer.cancel("order", 2);
    rig.peer.register("order", 3);
    await rig.polls(4);
    assert.equal(rig.ids("order"), "1 3");
    rig.peer.register("order", 2);
    await rig.polls(4);
    assert.equal(rig.ids("order"), "1 2 3");
    assert.equal(rig.peer.count("full"), 1);
  });

  test("may hold what is gone beside what came, in an application that is new: instance by instance, it leads to the count", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1);
    await rig.after(0);
    rig.peer.register("pay", 4, 5);
    rig.peer.cancel("pay", 4);
    await rig.polls(1);
    assert.equal(rig.ids("pay"), "5");
    assert.deepEqual(rig.peer.asked, ["full", "delta"]);
  });

  test("that takes an application's last instance leaves an empty service, in later copies, too", async () => {
    const rig = new ReaderRig(1, { fullInterval: "1m" });
    rig.peer.register("order", 1);
    rig.peer.register("pay", 2);
    await rig.after(0);
    rig.peer.cancel("pay", 2);
    await rig.polls(12);
    assert.equal(rig.ids("pay"), "");
    assert.ok(rig.listings >= 2);
    assert.deepEqual(rig.suspicions, []);
  });

  test("that tells of what went before we came says nothing of services", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1);
    rig.peer.register("pay", 2);
    rig.peer.cancel("pay", 2);
    await rig.after(0);
    await rig.polls(2);
    assert.deepEqual([...rig.view.keys()], [serviceId("order")]);
  });

  test("that the server does not tell (403, 404) is replaced by full copies, until it does", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1);
    await rig.after(0);
    rig.peer.deltas = false;
    rig.peer.register("order", 2);
    await rig.polls(2);
    assert.equal(rig.ids("order"), "1 2");
    rig.peer.deltas = true;
    await rig.polls(2);
    assert.deepEqual(rig.peer.asked, ["full", "delta", "full", "delta", "full", "delta", "delta"]);
  });
});

suite("a full copy", () => {
  test("is asked for when a delta does not lead to the server's count", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1);
    await rig.after(0);
    // As after a pause of ours that was longer than the server's memory.
    rig.peer.instances.retention = -1;
    rig.peer.register("order", 2);
    await rig.polls(1);
    assert.equal(rig.ids("order"), "1 2");
    assert.deepEqual(rig.peer.asked, ["full", "delta", "full"]);
  });

  test("is asked for now and then: the count does not show an instance in place of another", async () => {
    const rig = new ReaderRig(1, { missingHold: "0s" });
    rig.peer.register("order", 1, 2, 3);
    await rig.after(0);
    rig.peer.instances.retention = -1;
    rig.peer.instances.lose("order", "3");
    rig.peer.register("order", 4);
    await rig.polls(59);
    assert.equal(rig.ids("order"), "1 2 3");
    await rig.polls(2);
    assert.equal(rig.ids("order"), "1 2 4");
  });

  test("is asked for when the last delta is so long ago that the server has forgotten changes", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1);
    await rig.after(0);
    await rig.after(149 * second);
    assert.deepEqual(rig.peer.asked, ["full", "delta"]);
    await rig.after(151 * second);
    assert.deepEqual(rig.peer.asked, ["full", "delta", "full"]);
  });

  test("is asked for less and less often where the count never fits, and the deltas count all the same", async () => {
    const rig = new ReaderRig(1, { fullInterval: "1h" });
    rig.peer.register("order", 1);
    await rig.after(0);
    rig.peer.hashCode = "UP_99_";
    for (let poll = 0; poll < 60; poll++) {
      const fulls = rig.peer.count("full");
      if (poll === 40) rig.peer.register("order", 2);
      await rig.polls(1);
      assert.ok(rig.peer.count("full") - fulls <= 1, "at most one with every poll");
      if (poll === 40) assert.equal(rig.ids("order"), "1 2");
    }
    assert.ok(rig.peer.count("full") <= 7, `${rig.peer.count("full")} full copies in 60 polls`);
    assert.ok(rig.problems.some(({ code }) => code === "hash-mismatch"));
    rig.peer.hashCode = undefined;
    await rig.polls(1);
    const problems = rig.problems.length;
    await rig.polls(3);
    assert.equal(rig.problems.length, problems);
  });

  test("that is older than the delta before it takes nothing back", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1, 2);
    await rig.after(0);
    // Observed: `/apps` and `/apps/delta` are copies of their own, and the first may be 30 s older.
    rig.peer.copy = structuredClone(rig.peer.instances.full());
    rig.peer.cancel("order", 2);
    rig.peer.register("order", 3);
    rig.peer.instances.change("order", "1", (instance) => ({ ...instance, status: "DOWN" }));
    rig.reader.owesFull();
    await rig.polls(1);
    assert.equal(rig.ids("order"), "1 3");
    assert.equal(rig.view.get(serviceId("order"))?.instances[0]?.health, "unhealthy");
    assert.deepEqual(rig.peer.asked, ["full", "delta", "full"]);
  });

  test("in which only renewals differ changes nothing", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1);
    await rig.after(0);
    const before = structuredClone(rig.view);
    const copy = structuredClone(rig.peer.instances.full()) as { applications: { application: { instance: { leaseInfo: object }[] }[] } };
    for (const { instance } of copy.applications.application)
      for (const one of instance) Object.assign(one.leaseInfo, { lastRenewalTimestamp: 5 });
    rig.peer.copy = copy;
    rig.reader.owesFull();
    await rig.polls(1);
    assert.deepEqual(rig.view, before);
  });

  test("says which instances are kept beyond their leases", async () => {
    const rig = new ReaderRig(1);
    const hour = 60 * minute;
    const start = Date.now();
    rig.peer.register("order", 1, 2);
    rig.peer.instances.change("order", "2", (instance) => ({ ...instance, leaseInfo: { durationInSecs: 3_600 } }));
    rig.peer.date = start + minute;
    await rig.after(0);
    assert.deepEqual(rig.problems, []);
    rig.peer.date = start + hour;
    rig.reader.owesFull();
    await rig.polls(1);
    assert.deepEqual(
      rig.problems.map(({ code, message }) => `${code}: ${message}`),
      ["self-preservation: 1 of 2 instances are kept beyond their leases, such as ORDER/1"],
    );
  });
});

suite("what is missing without a word", () => {
  test("from a server that answers with nothing at all is kept, and goes when nobody has named it for long", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1, 2);
    rig.peer.register("pay", 3);
    await rig.after(0);
    rig.peer.instances.clear();
    await rig.polls(1);
    assert.match(rig.suspicions.join(), /lacks 3 of 3 instances without a word/);
    rig.peer.register("order", 1);
    await rig.polls(11);
    assert.equal(rig.ids("order"), "1 2");
    assert.equal(rig.ids("pay"), "3");
    assert.deepEqual(rig.shrunk, []);
    const fulls = rig.peer.count("full");
    await rig.polls(2);
    assert.ok(rig.peer.count("full") > fulls, "it was read again before");
    assert.equal(rig.ids("order"), "1");
    assert.equal(rig.ids("pay"), "");
    assert.equal(rig.suspicions.length, 1);
  });

  test("comes back without having been away, also under another id, and can go by a delta again", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1, 2, 3);
    await rig.after(0);
    rig.peer.instances.clear();
    await rig.polls(1);
    rig.peer.register("order", 1);
    rig.peer.instances.register(instanceJson({ app: "order", id: "random", address: "10.0.0.2", port: 8080 }));
    await rig.polls(1);
    assert.equal(rig.ids("order"), "1 3 random");
    rig.peer.register("order", 3);
    rig.peer.cancel("order", 3);
    await rig.polls(1);
    assert.equal(rig.ids("order"), "1 random");
    await rig.polls(20);
    assert.equal(rig.ids("order"), "1 random");
    assert.deepEqual(rig.shrunk, [`${serviceId("order")} 10.0.0.3`]);
  });

  test("has its time once more when the server was away once more", async () => {
    const rig = new ReaderRig(1, {}, [serviceId("stock")]);
    rig.peer.register("order", 1, 2);
    await rig.after(0);
    rig.peer.instances.clear();
    rig.peer.register("order", 1);
    await rig.polls(2);
    rig.peer.failure = new Error("away");
    await assert.rejects(rig.after(10 * minute));
    rig.peer.failure = undefined;
    await rig.polls(12);
    assert.equal(rig.ids("order"), "1 2");
    assert.deepEqual(rig.shrunk, []);
    await rig.polls(2);
    assert.equal(rig.ids("order"), "1");
    assert.equal(rig.ids("stock"), "");
  });

  test("is asked for at the other servers, and the one that knows it is followed", async () => {
    const rig = new ReaderRig(3);
    for (const peer of rig.peers) peer.register("order", 1, 2, 3);
    await rig.after(0);
    rig.peers[0]?.instances.clear();
    rig.peers[1]?.instances.lose("order", "2");
    await rig.polls(1);
    assert.equal(rig.cluster.current, rig.peers[2]);
    await rig.polls(30);
    assert.equal(rig.ids("order"), "1 2 3");
    assert.deepEqual(rig.shrunk, []);
    assert.equal(rig.cluster.current, rig.peers[2], "it stays");
  });

  test("goes only after every other server was asked, too", async () => {
    const rig = new ReaderRig(2);
    for (const peer of rig.peers) peer.register("order", 1, 2, 3);
    await rig.after(0);
    // Less than half: nothing to be alarmed about.
    for (const { instances } of rig.peers) {
      instances.lose("order", "3");
      instances.retention = -1;
    }
    rig.reader.owesFull();
    await rig.polls(1);
    assert.equal(rig.peers[1]?.asked.length, 0);
    await rig.polls(13);
    assert.equal(rig.ids("order"), "1 2");
    assert.equal(rig.peers[1]?.count("full"), 1);
  });

  test("and was known to an earlier process only is kept likewise", async () => {
    const rig = new ReaderRig(1, {}, [serviceId("order"), serviceId("pay"), serviceId("stock")]);
    rig.peer.register("order", 1);
    await rig.after(0);
    assert.match(rig.suspicions.join(), /lacks 2 services that were known to an earlier process/);
    await rig.polls(11);
    assert.deepEqual([...rig.view.keys()].sort(), ["order", "pay", "stock"].map(serviceId));
    assert.deepEqual(rig.shrunk, []);
    rig.peer.register("stock", 2);
    await rig.polls(2);
    assert.equal(rig.ids("pay"), "", "told as a service without instances");
    assert.equal(rig.ids("stock"), "2");
  });

  test("of a registry that was never anything else is nothing to suspect", async () => {
    const rig = new ReaderRig(1);
    await rig.after(0);
    assert.equal(rig.listings, 1);
    assert.deepEqual(rig.suspicions, []);
  });
});

suite("a server that deletes", () => {
  test("more than half at once is suspected, and read again", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1, 2, 3, 4, 5);
    await rig.after(0);
    rig.peer.cancel("order", 1, 2, 3);
    await rig.polls(1);
    assert.match(rig.suspicions.join(), /deletes 3 of 5 instances at once/);
    assert.deepEqual(rig.peer.asked, ["full", "delta", "full"]);
  });

  test("one of one, or as many as came, is not", async () => {
    const rig = new ReaderRig(1);
    rig.peer.register("order", 1);
    await rig.after(0);
    rig.peer.cancel("order", 1);
    await rig.polls(1);
    rig.peer.register("order", 1, 2, 3);
    await rig.polls(1);
    rig.peer.cancel("order", 1, 2, 3);
    rig.peer.register("order", 4, 5, 6);
    await rig.polls(1);
    assert.deepEqual(rig.suspicions, []);
    assert.equal(rig.ids("order"), "4 5 6");
  });
});

suite("a cluster", () => {
  test("is followed through one server: the deltas of another are none to what is known", async () => {
    const rig = new ReaderRig(2);
    for (const peer of rig.peers) peer.register("order", 1);
    await rig.after(0);
    await rig.polls(20);
    assert.equal(rig.peers[1]?.asked.length, 0);
    rig.peer.failure = new Error("away");
    await assert.rejects(rig.polls(1));
    rig.cluster.next();
    await rig.polls(1);
    assert.deepEqual(rig.peers[1]?.asked, ["full"]);
    rig.peer.failure = undefined;
    await rig.polls(3);
    assert.deepEqual(rig.peers[1]?.asked, ["full", "delta", "delta", "delta"]);
  });

  test("whose servers lag behind each other loses nothing by a change of the server", async () => {
    const rig = new ReaderRig(2);
    for (const peer of rig.peers) peer.register("order", 1);
    rig.peer.register("order", 2);
    await rig.after(0);
    rig.peer.failure = new Error("away");
    await assert.rejects(rig.polls(1));
    rig.cluster.next();
    await rig.polls(1);
    assert.equal(rig.ids("order"), "1 2");
    rig.peers[1]?.register("order", 2);
    await rig.polls(30);
    assert.equal(rig.ids("order"), "1 2");
    assert.deepEqual(rig.shrunk, []);
  });
});

test("filters hold whatever the case, and what is left out is not known from before either", async () => {
  const rig = new ReaderRig(1, { include: ["Order*", "pay"], exclude: ["*-OLD"] }, [serviceId("stock")]);
  for (const app of ["order", "order-old", "pay", "stock"]) rig.peer.register(app, 1);
  await rig.after(0);
  assert.deepEqual([...rig.view.keys()].sort(), [serviceId("order"), serviceId("pay")]);
});

test("whatever is registered, cancelled and changed, deltas lead to what a full copy says", async () => {
  const operation = fc.record({
    app: fc.constantFrom("a", "b", "c"),
    number: fc.integer({ min: 1, max: 4 }),
    act: fc.constantFrom("register", "register", "cancel", "down", "up"),
    poll: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
      const rig = new ReaderRig(1);
      await rig.after(0);
      for (const { app, number, act, poll } of operations) {
        if (act === "register") rig.peer.register(app, number);
        else if (act === "cancel") rig.peer.cancel(app, number);
        else rig.peer.instances.change(app, String(number), (instance) => ({ ...instance, status: act.toUpperCase() }));
        if (poll) await rig.polls(1);
      }
      await rig.polls(1);
      // But for those that were suspected, one copy was enough.
      assert.ok(rig.peer.count("full") <= 1 + rig.suspicions.length);
      const fresh = new ReaderRig(1);
      fresh.peer.copy = rig.peer.instances.full();
      await fresh.after(0);
      const lived = [...rig.view].filter(([, { instances }]) => instances.length > 0);
      assert.deepEqual(new Map(lived.sort()), new Map([...fresh.view].sort()));
    }),
    { numRuns: 100 },
  );
});
