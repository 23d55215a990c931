import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import type { FakeZooKeeper } from "../../../../support/fake-zookeeper/server.ts";
import { nodeOf, open, orders, providers, register, startFake, users } from "../root-rig.ts";
import { history, instanceContent, instanceNode, join, leave, now, publish } from "./application-rig.ts";

const both = `service/||${orders}|`;

/** As Java registers by default: interfaces first, then the application, which keeps its metadata to itself. */
function start(fake: FakeZooKeeper, host: number): void {
  register(fake, orders, host);
  join(fake, "shop", host);
}

/** Registers another interface and waits for it: whatever came before was read by then. */
async function settled(fake: FakeZooKeeper, recorded: ReturnType<typeof open>, marker: string): Promise<void> {
  register(fake, marker, 1);
  await recorded.until(marker, () => now(recorded, marker) === "1");
}

function rule(fake: FakeZooKeeper, node: string, scope: string, parameters: string): void {
  const path = `/dubbo/config/dubbo/${node}`;
  fake.nodes.ensure(path);
  const key = node.replace(/:*\.configurators$/, "");
  const yaml = `configVersion: v3.0\nscope: ${scope}\nkey: ${key}\nconfigs:\n- side: provider\n  parameters: {${parameters}}\n`;
  fake.nodes.setData(path, Buffer.from(yaml));
}

for (const recursive of [true, false]) {
  suite(`both levels, ${recursive ? "with one watch on each tree" : "with a watch on every node"}`, { concurrency: true }, () => {
    const fakeServer = (context: TestContext) => startFake(context, recursive);

    test("give each instance once, and none of its application", async (context) => {
      const fake = await fakeServer(context);
      start(fake, 1);
      const recorded = open(context, fake);
      await recorded.synced();
      assert.deepEqual([...recorded.view.keys()], [both]);
      assert.equal(now(recorded, orders), "1");
      start(fake, 2);
      await recorded.until("the second one", () => now(recorded, orders) === "1 2");
      assert.deepEqual([...recorded.view.keys()], [both]);
    });

    test("that meet for the first time in a running session find each other, too", async (context) => {
      const fake = await fakeServer(context);
      register(fake, orders, 1);
      const recorded = open(context, fake);
      await recorded.synced();
      join(fake, "shop", 1);
      // Interfaces are read for their addresses only where somebody asks for them, so everything is listed again.
      await recorded.synced(2);
      assert.deepEqual([...recorded.view.keys()], [both]);
    });

    for (const [phase, moment] of [
      ["applications", "/dubbo/metadata/shop0/r1"],
      ["interfaces", providers("com.acme.S0")],
    ] as const) {
      test(`find each other, too, where applications come while ${phase} are being listed`, async (context) => {
        const fake = await fakeServer(context);
        for (let at = 0; at < 20; at++) {
          register(fake, `com.acme.S${at}`, 1);
          publish(fake, `shop${at}`, "r1", [`com.acme.T${at}`]);
          join(fake, `shop${at}`, 1);
        }
        fake.answer = ({ path }) => {
          if (path !== moment || fake.nodes.has("/services/late")) return undefined;
          publish(fake, "told", "r1", [users]);
          join(fake, "told", 3);
          register(fake, orders, 2);
          join(fake, "late", 2);
          return undefined;
        };
        // One request after the other, so that there is time to come in between.
        const recorded = open(context, fake, { maxInFlight: 1 });
        await recorded.until("both", () => now(recorded, users) === "3" && now(recorded, orders) === "2");
        await settled(fake, recorded, "com.acme.Later");
        assert.deepEqual([history(recorded, "late"), history(recorded, "told")], [[], []]);
      });
    }

    test("complete each other, and what the interface level says of an instance counts", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [{ name: orders, params: { weight: "7", zone: "metadata" } }, users]);
      register(fake, orders, 1);
      for (const host of [1, 2]) join(fake, "shop", host);
      const recorded = open(context, fake);
      await recorded.synced();
      const instances = recorded.view.get(both)?.instances ?? [];
      assert.deepEqual(
        instances.map(({ id, weight, labels }) => [id, weight, labels]),
        [
          ["dubbo://10.0.0.1:20880", undefined, { application: "rig" }],
          ["dubbo://10.0.0.2:20880", 7, { application: "shop", zone: "metadata" }],
        ],
      );
      assert.equal(now(recorded, users), "1 2");
    });

    for (const order of ["the interface level first", "the application level first"]) {
      test(`lose an instance when both have lost it: ${order}`, async (context) => {
        const fake = await fakeServer(context);
        publish(fake, "shop", "r1", [orders]);
        for (const host of [1, 2]) start(fake, host);
        const recorded = open(context, fake);
        await recorded.synced();
        const deaths = [() => fake.nodes.delete(nodeOf(orders, 1)), () => leave(fake, "shop", 1)];
        if (order === "the application level first") deaths.reverse();
        deaths[0]!();
        await settled(fake, recorded, "com.acme.First");
        recorded.session.relist();
        await recorded.synced(2);
        assert.deepEqual(new Set(history(recorded, orders)), new Set(["1 2"]));
        deaths[1]!();
        await recorded.until("its death", () => now(recorded, orders) === "2");
        assert.deepEqual(new Set(history(recorded, orders)), new Set(["1 2", "2"]));
      });
    }

    test("do not take an application for a service whose interface nodes die a moment earlier", async (context) => {
      const fake = await fakeServer(context);
      start(fake, 1);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.nodes.delete(nodeOf(orders, 1));
      await recorded.until("the death of the nodes", () => now(recorded, orders) === "");
      recorded.session.relist();
      await recorded.synced(2);
      leave(fake, "shop", 1);
      await settled(fake, recorded, "com.acme.Last");
      assert.deepEqual(history(recorded, "shop"), []);
    });

    test("stay quiet while a provider registers anew", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      start(fake, 1);
      const recorded = open(context, fake);
      await recorded.synced();
      for (const path of [nodeOf(orders, 1), instanceNode("shop", 1)]) fake.nodes.delete(path);
      start(fake, 1);
      await settled(fake, recorded, "com.acme.Later");
      assert.deepEqual(new Set(history(recorded, orders)), new Set(["1"]));
    });

    test("keep an interface whose folder is deleted as long as an application offers it, and the other way round", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders, users]);
      register(fake, orders, 1, 2);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.nodes.deleteTree(`/dubbo/${orders}`);
      await recorded.until("the folder's death", () => now(recorded, orders) === "1");
      register(fake, orders, 3);
      await recorded.until("its return", () => now(recorded, orders) === "1 3");
      leave(fake, "shop", 1);
      fake.nodes.delete("/services/shop");
      await recorded.until("the application's death", () => now(recorded, orders) === "3" && now(recorded, users) === undefined);
      assert.equal(recorded.told.filter(({ what, text }) => what === "removed" && text === both).length, 0);
      fake.nodes.deleteTree(`/dubbo/${orders}`);
      await recorded.until("the end", () => now(recorded, orders) === undefined);
    });

    test("keep a service that lost its last instance at both levels, as an empty one", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [users]);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      leave(fake, "shop", 1);
      await recorded.until("the empty service", () => now(recorded, users) === "");
      recorded.session.relist();
      await recorded.synced(2);
      assert.equal(now(recorded, users), "");
      fake.nodes.delete("/services/shop");
      await recorded.until("its removal with the folder", () => now(recorded, users) === undefined);
    });

    test("tell an interface of one group from another application by its own name", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [{ name: orders, group: "g1" }]);
      publish(fake, "stock", "r1", [{ name: orders, group: "g2" }]);
      join(fake, "shop", 1);
      join(fake, "stock", 2);
      register(fake, orders, 3);
      const recorded = open(context, fake);
      await recorded.synced();
      const view = [...recorded.view].map(([id, { instances }]) => `${id} ${instances.map(({ address }) => address).join(" ")}`);
      assert.deepEqual(view.sort(), [`service/|g1|${orders}| 10.0.0.1`, `service/|g2|${orders}| 10.0.0.2`, `${both} 10.0.0.3`]);
      fake.nodes.deleteTree("/services/shop");
      await recorded.until("the end of one", () => recorded.view.get(`service/|g1|${orders}|`)?.instances.length === 0);
      assert.equal(recorded.view.get(`service/|g2|${orders}|`)?.instances.length, 1);
    });

    test("are forbidden in part: what one level may not read, the other one still tells", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      start(fake, 1);
      fake.answer = ({ path }) => (path.startsWith(providers(orders)) ? -102 : undefined);
      const recorded = open(context, fake);
      await recorded.synced();
      assert.equal(now(recorded, orders), "1");
      join(fake, "shop", 2);
      await recorded.until("a change", () => now(recorded, orders) === "1 2");
      assert.equal(recorded.count("unreachable"), 0);
      assert.ok(recorded.problems.every(({ code }) => code === "no-permission"));
    });

    test("are both under Dubbo's rules, and so is an application that is one service", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [users]);
      join(fake, "shop", 1);
      join(fake, "plain", 2);
      register(fake, orders, 3);
      rule(fake, "shop.configurators", "application", "weight: 7");
      rule(fake, "plain.configurators", "application", "weight: 8");
      rule(fake, `${orders}::.configurators`, "service", "weight: 9");
      const recorded = open(context, fake, { rules: true });
      await recorded.synced();
      const weights = () => [users, "plain", orders].map((name) => recorded.view.get(`service/||${name}|`)?.instances[0]?.weight);
      assert.deepEqual(weights(), [7, 8, 9]);
      rule(fake, "shop.configurators", "application", "weight: 17");
      rule(fake, "plain.configurators", "application", "weight: 18");
      await recorded.until("the changed rules", () => weights().join() === "17,18,9");
    });

    test("name the callers of what applications alone offer", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [users]);
      join(fake, "shop", 1);
      const consumer = `consumer://10.1.0.1/${users}?application=web&side=consumer`;
      fake.nodes.ensure(`/dubbo/${users}/consumers/${encodeURIComponent(consumer)}`);
      const recorded = open(context, fake, { consumers: true });
      const callers = () => recorded.view.get(`service/||${users}|`)?.consumers?.map(({ application }) => application);
      await recorded.until("the callers", () => callers()?.join() === "web");
      await recorded.until("the fact", () => recorded.facts.size === 1);
      join(fake, "shop", 2);
      await recorded.until("another instance", () => now(recorded, users) === "1 2");
      assert.deepEqual(callers(), ["web"]);
      recorded.session.relist();
      await recorded.synced(2);
      assert.deepEqual([now(recorded, users), callers()], ["1 2", ["web"]]);
    });

    test("are both remembered by the next session", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders, users]);
      start(fake, 1);
      join(fake, "shop", 2);
      join(fake, "plain", 3);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.disconnectAll();
      fake.nodes.delete(nodeOf(orders, 1));
      leave(fake, "shop", 2);
      leave(fake, "plain", 3);
      await recorded.synced(2);
      assert.deepEqual(
        [orders, users, "plain"].map((name) => now(recorded, name)),
        ["1", "1", ""],
      );
    });
  });
}

suite("what an earlier worker told", { concurrency: true }, () => {
  const item = (name: string, group = "") => `service/|${group}|${name}|`;

  test("stays, empty, while the folder of an application is there that is known to offer it", async (context) => {
    const fake = await startFake(context, true);
    fake.nodes.ensure("/services/shop");
    fake.nodes.ensure(`/dubbo/mapping/${orders}`);
    fake.nodes.setData(`/dubbo/mapping/${orders}`, Buffer.from("other,shop"));
    fake.nodes.ensure(`/dubbo/mapping/${users}`);
    fake.nodes.setData(`/dubbo/mapping/${users}`, Buffer.from("other"));
    const recorded = open(context, fake, {}, [item(orders), item(orders, "blue"), item(users), item("com.acme.Unmapped")]);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()].sort(), [item(orders), item(orders, "blue")].sort());
    assert.equal(now(recorded, orders), "");
    fake.nodes.delete("/services/shop");
    await recorded.until("the end", () => recorded.view.size === 0);
  });

  test("of an application as a service goes on, at once also where its metadata are said to come", async (context) => {
    const fake = await startFake(context, true);
    join(fake, "shop", 1, { storage: "remote" });
    fake.nodes.ensure("/services/empty");
    const recorded = open(context, fake, {}, [item("shop"), item("empty"), item("gone")]);
    await recorded.synced();
    assert.deepEqual(
      ["shop", "empty", "gone"].map((name) => now(recorded, name)),
      ["1", "", undefined],
    );
  });

  test("goes on with the instances that applications give", async (context) => {
    const fake = await startFake(context, true);
    publish(fake, "shop", "r1", [orders]);
    join(fake, "shop", 1);
    const recorded = open(context, fake, {}, [item(orders), item(orders, "blue")]);
    await recorded.synced();
    assert.deepEqual([now(recorded, orders), recorded.view.get(item(orders, "blue"))?.instances], ["1", []]);
    fake.nodes.setData(instanceNode("shop", 1), instanceContent(1, { revision: "0" }));
    await recorded.until("an instance that offers nothing any more", () => now(recorded, orders) === "");
  });

  test("costs nothing where no application registers", async (context) => {
    const fake = await startFake(context, true);
    register(fake, orders, 1);
    const recorded = open(context, fake, {}, [item(users), item("shop")]);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], [item(orders)]);
    assert.ok(!fake.requests.some(({ path }) => path.startsWith("/dubbo/mapping")));
  });
});
