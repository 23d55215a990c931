import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { op } from "../../../support/fake-zookeeper/protocol.ts";
import type { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import { ids, nodeOf, open, orders, providers, register, startFake, users } from "./root-rig.ts";

/** How often children were asked for, by path, from here on. */
function readingsFrom(fake: FakeZooKeeper): () => Record<string, number> {
  const begin = fake.requests.length;
  return () => {
    const counts: Record<string, number> = {};
    for (const { type, path } of fake.requests.slice(begin)) if (type === op.getChildren) counts[path] = (counts[path] ?? 0) + 1;
    return counts;
  };
}

const countOf = (fake: FakeZooKeeper, wanted: number) => fake.requests.filter(({ type }) => type === wanted).length;

suite("watches on a Dubbo root", { concurrency: true }, () => {
  test("are one a tree where the server has recursive ones, whatever is read and whether it is there or not", async (context) => {
    const fake = await startFake(context, true);
    for (let at = 0; at < 20; at++) register(fake, `com.acme.S${at}`, 1);
    fake.nodes.ensure("/dubbo/order-center/835cd30b");
    const recorded = open(context, fake, { consumers: true, sessionTimeout: "900ms" });
    await recorded.synced();
    await recorded.until("consumers are read", () => fake.requests.filter(({ path }) => path.endsWith("/consumers")).length >= 20);
    recorded.session.relist();
    await recorded.synced(2);
    assert.equal(fake.watches, 2);
    assert.equal(countOf(fake, op.addWatch), 2);
    assert.equal(countOf(fake, op.exists), 0, "nothing is asked only to be watched");
  });

  test("lie before the first reading", async (context) => {
    const fake = await startFake(context, true);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    assert.equal(fake.requests[0]?.type, op.sync);
    for (const root of ["/dubbo", "/services"]) {
      const types = fake.requests.filter(({ path }) => path === root).map(({ type }) => type);
      assert.deepEqual(types, [op.addWatch, op.getChildren], root);
    }
  });

  test("are left on every node where the server has no others, which it is asked once", async (context) => {
    const fake = await startFake(context, false);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    assert.equal(recorded.count("unreachable") + recorded.count("abandon"), 0, "an older server is no failure");
    assert.match(recorded.told.find(({ what, text }) => what === "log" && /recursive/.test(text))?.text ?? "", /^info: /);
    fake.disconnectAll();
    await recorded.synced(2);
    assert.equal(countOf(fake, op.addWatch), 1);
    assert.equal(fake.watches, 3);
  });

  test("are left on every node where the settings say so", async (context) => {
    const fake = await startFake(context, true);
    register(fake, orders, 1);
    const recorded = open(context, fake, { watches: "one-shot" });
    await recorded.synced();
    assert.equal(countOf(fake, op.addWatch), 0);
    assert.equal(fake.watches, 3);
  });

  for (const recursive of [true, false]) {
    const how = recursive ? "one watch" : "a watch on every node";
    test(`with ${how}, 2,000 changes in a few interfaces cost few readings, and none of the root`, async (context) => {
      const fake = await startFake(context, recursive);
      const names = Array.from({ length: 8 }, (_, at) => `com.acme.S${at}`);
      for (const name of [...names, orders]) register(fake, name, 0);
      const recorded = open(context, fake, { maxInFlight: 2 });
      await recorded.synced();
      const readings = readingsFrom(fake);
      for (let host = 1; host <= 250; host++) for (const name of names) register(fake, name, host);
      await recorded.until("all of them", () => names.every((name) => recorded.instances(name)?.length === 251));
      // Behind whatever is still due.
      register(fake, orders, 1);
      await recorded.until("a later change", () => recorded.instances(orders)?.length === 2);
      const counts = readings();
      assert.deepEqual(Object.keys(counts).sort(), [...names, orders].map(providers).sort());
      for (const [path, count] of Object.entries(counts)) assert.ok(count <= 5, `${count} readings of ${path}`);
    });

    test(`with ${how}, an interface that comes is read, and no other`, async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      const recorded = open(context, fake);
      await recorded.synced();
      const readings = readingsFrom(fake);
      register(fake, users, 1, 2);
      await recorded.until("the new interface", () => recorded.instances(users)?.length === 2);
      assert.deepEqual(Object.keys(readings()).sort(), ["/dubbo", providers(users)]);
    });

    test(`with ${how}, folders that a server clears away by itself take one service with them, and come back`, async (context) => {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1);
      register(fake, users, 2);
      const recorded = open(context, fake);
      await recorded.synced();
      for (const path of [nodeOf(orders, 1), providers(orders)]) fake.nodes.delete(path);
      await recorded.until("the empty service", () => recorded.instances(orders)?.length === 0);
      fake.nodes.delete(`/dubbo/${orders}`);
      await recorded.until("the removal", () => recorded.instances(orders) === undefined);
      register(fake, orders, 3);
      await recorded.until("its return", () => recorded.instances(orders)?.[0] === ids(3)[0]);
      assert.deepEqual(recorded.instances(users), ids(2));
      assert.equal(recorded.count("suspicious"), 0);
    });
  }

  test("that see the whole tree cause no reading of what is not followed", async (context) => {
    const fake = await startFake(context, true);
    register(fake, orders, 1);
    for (const path of [providers("com.acme.internal.Jobs"), "/dubbo/config/dubbo", "/dubbo/metadata/com.acme.Orders"])
      fake.nodes.ensure(path);
    const recorded = open(context, fake, { exclude: ["*.internal.*"] });
    await recorded.synced();
    const readings = readingsFrom(fake);
    register(fake, "com.acme.internal.Jobs", 1);
    fake.nodes.setData("/dubbo/config/dubbo", Buffer.from("rules"));
    fake.nodes.create("/dubbo/metadata/com.acme.Orders/provider");
    fake.nodes.ensure(`/dubbo/${orders}/configurators/override`);
    fake.nodes.ensure(`/dubbo/${orders}/consumers/consumer`);
    register(fake, orders, 2);
    await recorded.until("the last change", () => recorded.instances(orders)?.length === 2);
    assert.deepEqual(readings(), { [providers(orders)]: 1 });
  });

  test("that tell of a removal let it be read once, those on every node twice", async (context) => {
    for (const [recursive, count] of [
      [true, 1],
      [false, 2],
    ] as const) {
      const fake = await startFake(context, recursive);
      register(fake, orders, 1, 2);
      const recorded = open(context, fake);
      await recorded.synced();
      const readings = readingsFrom(fake);
      fake.nodes.delete(nodeOf(orders, 1));
      await recorded.until("the removal", () => recorded.instances(orders)?.length === 1);
      assert.equal(readings()[providers(orders)], count);
    }
  });

  test("that keep quiet about nodes which may not be read are given up for others, without a word of removal", async (context) => {
    const fake = await startFake(context, true);
    register(fake, orders, 1);
    // Their names may be read with the folder, they themselves not: so ZooKeeper tells nothing of them (3.9.3, observed).
    for (const host of [2, 3]) fake.protect(nodeOf(orders, host), "somebody:else");
    const recorded = open(context, fake);
    await recorded.synced();
    register(fake, orders, 2);
    assert.deepEqual(recorded.instances(orders), ids(1));
    recorded.session.relist();
    await recorded.until("a new listing", () => recorded.instances(orders)?.length === 2);
    assert.match(recorded.told.find(({ text }) => /^warn/.test(text))?.text ?? "", /recursive watch does not tell/);
    await recorded.until("watches on every node", () => fake.watches === 3);
    register(fake, orders, 3);
    await recorded.until("a change in them", () => recorded.instances(orders)?.length === 3);
    assert.equal(recorded.count("unreachable") + recorded.count("removed"), 0);
  });
});
