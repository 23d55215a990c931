import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { op } from "../../../../support/fake-zookeeper/protocol.ts";
import { open, orders, providers, register, startFake, users } from "../root-rig.ts";
import { history, instanceContent, instanceNode, join, leave, now, publish } from "./application-rig.ts";

for (const recursive of [true, false]) {
  suite(`applications, ${recursive ? "with one watch on the tree" : "with a watch on every node"}`, { concurrency: true }, () => {
    const fakeServer = (context: TestContext) => startFake(context, recursive);

    test("provide the interfaces that their metadata name, and come and go", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders, { name: users, group: "g1", version: "1.0", params: { weight: "50", zone: "a" } }]);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      assert.deepEqual([...recorded.view.keys()].sort(), [`service/|g1|${users}|1.0`, `service/||${orders}|`]);
      const [instance] = recorded.view.get(`service/|g1|${users}|1.0`)?.instances ?? [];
      assert.deepEqual(instance, {
        id: "dubbo://10.0.0.1:20880",
        address: "10.0.0.1",
        ports: [{ number: 20880, protocol: "dubbo" }],
        weight: 50,
        labels: { application: "shop", group: "g1", version: "1.0", zone: "a" },
      });
      join(fake, "shop", 2);
      await recorded.until("the second one", () => now(recorded, orders) === "1 2");
      leave(fake, "shop", 1);
      await recorded.until("the first one's leaving", () => now(recorded, orders) === "2");
      assert.deepEqual(recorded.problems, []);
    });

    test("are told with the first listing, or as soon as their root is created", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      const recorded = open(context, fake);
      await recorded.synced();
      assert.equal(recorded.view.size, 0);
      join(fake, "shop", 1);
      await recorded.until("the application", () => now(recorded, orders) === "1");
      assert.equal(recorded.count("suspicious"), 0);
    });

    test("may offer something else from one moment to the next, in place", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      publish(fake, "shop", "r2", [users]);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.nodes.setData(instanceNode("shop", 1), instanceContent(1, { revision: "r2" }));
      await recorded.until("the new revision", () => now(recorded, users) === "1" && now(recorded, orders) === "");
    });

    test("whose metadata come later, or change, are told then", async (context) => {
      const fake = await fakeServer(context);
      join(fake, "shop", 1, { storage: "remote" });
      const recorded = open(context, fake);
      await recorded.synced();
      assert.equal(recorded.view.size, 0);
      publish(fake, "shop", "r1", [orders]);
      await recorded.until("the metadata", () => now(recorded, orders) === "1");
      publish(fake, "shop", "r1", [orders, users]);
      await recorded.until("what is new in them", () => now(recorded, users) === "1");
      assert.equal(now(recorded, "shop"), undefined);
    });

    test("of dubbo-go have their metadata elsewhere", async (context) => {
      const fake = await fakeServer(context);
      join(fake, "go-shop", 1, { revision: "15495362232", storage: "remote" });
      fake.nodes.ensure(providers(orders));
      const recorded = open(context, fake);
      await recorded.synced();
      publish(fake, "go-shop", "15495362232", [orders], "/dubbo");
      await recorded.until("the metadata", () => now(recorded, orders) === "1");
    });

    test("keep what they offer while a new revision cannot be read, and when metadata are cleared away", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.nodes.deleteTree("/dubbo/metadata");
      fake.nodes.setData(instanceNode("shop", 1), instanceContent(1, { revision: "r2" }));
      recorded.session.relist();
      await recorded.synced(2);
      assert.equal(now(recorded, orders), "1");
      assert.equal(now(recorded, "shop"), undefined);
      publish(fake, "shop", "r2", [users]);
      await recorded.until("the new revision", () => now(recorded, users) === "1" && now(recorded, orders) === "");
    });

    test("keep what they offer when metadata are written that nobody understands", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.nodes.setData("/dubbo/metadata/shop/r1", Buffer.from("{"));
      await recorded.until("the problem", () => recorded.problems.some(({ code }) => code === "bad-metadata"));
      recorded.session.relist();
      await recorded.synced(2);
      assert.equal(now(recorded, orders), "1");
    });

    test("that offer nothing, or are Spring's, are passed over", async (context) => {
      const fake = await fakeServer(context);
      register(fake, orders, 9);
      join(fake, "shop", 1, { revision: "0" });
      join(fake, "spring", 1, { payloadClass: "org.springframework.cloud.zookeeper.discovery.ZookeeperInstance" });
      const recorded = open(context, fake);
      await recorded.synced();
      assert.deepEqual([...recorded.view.keys()], [`service/||${orders}|`]);
      assert.deepEqual(recorded.problems, []);
    });

    test("of which nothing tells the services are each one service, kept while its folder is there", async (context) => {
      const fake = await fakeServer(context);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      assert.deepEqual(
        [...recorded.view.values()],
        [
          {
            key: { name: "shop" },
            instances: [
              {
                id: "dubbo://10.0.0.1:20880",
                address: "10.0.0.1",
                ports: [{ number: 20880, protocol: "dubbo" }],
                labels: { application: "shop" },
              },
            ],
            annotations: { "dubbo.application": "shop" },
          },
        ],
      );
      join(fake, "shop", 2);
      await recorded.until("one that joins, at once", () => now(recorded, "shop") === "1 2", 1_500);
      for (const host of [1, 2]) leave(fake, "shop", host);
      await recorded.until("the empty service", () => now(recorded, "shop") === "");
      recorded.session.relist();
      await recorded.synced(2);
      assert.equal(now(recorded, "shop"), "");
      fake.nodes.delete("/services/shop");
      await recorded.until("its removal", () => now(recorded, "shop") === undefined);
    });

    test("move to their interfaces as soon as those are known", async (context) => {
      const fake = await fakeServer(context);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      publish(fake, "shop", "r1", [orders]);
      await recorded.until("the interface", () => now(recorded, orders) === "1" && now(recorded, "shop") === "");
    });

    test("can be found by name mapping, without group and version", async (context) => {
      const fake = await fakeServer(context);
      for (const name of [orders, users]) fake.nodes.ensure(`/dubbo/mapping/${name}`);
      fake.nodes.setData(`/dubbo/mapping/${orders}`, Buffer.from("other, shop"));
      join(fake, "shop", 1);
      join(fake, "unmapped", 2);
      const recorded = open(context, fake, { applications: { fallback: "mapping" } });
      await recorded.synced();
      assert.equal(now(recorded, orders), "1");
      assert.equal(now(recorded, "unmapped"), "2");
      assert.equal(now(recorded, "shop"), undefined);
      fake.nodes.setData(`/dubbo/mapping/${users}`, Buffer.from("shop,unmapped"));
      await recorded.until("a change of the mapping", () => now(recorded, users) === "1 2" && now(recorded, "unmapped") === "");
      leave(fake, "shop", 1);
      await recorded.until("the leaving", () => now(recorded, users) === "2" && now(recorded, orders) === "");
    });

    test("can be left out where nothing tells their services, which is said", async (context) => {
      const fake = await fakeServer(context);
      join(fake, "shop", 1);
      const recorded = open(context, fake, { applications: { fallback: "none" } });
      await recorded.synced();
      assert.equal(recorded.view.size, 0);
      assert.deepEqual(
        recorded.problems.map(({ code, where }) => [code, where]),
        [["unknown-services", "/services/shop"]],
      );
    });

    test("are chosen by include and exclude like interfaces", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders, users, "org.other.Items"]);
      join(fake, "shop", 1);
      join(fake, "com.acme.plain", 2);
      join(fake, "plain", 3);
      const recorded = open(context, fake, { include: ["com.acme.*"], exclude: ["*.Users"] });
      await recorded.synced();
      assert.deepEqual([...recorded.view.keys()].sort(), [`service/||${orders}|`, "service/||com.acme.plain|"].sort());
    });

    test("are not looked for where the settings say so", async (context) => {
      const fake = await fakeServer(context);
      register(fake, orders, 1);
      join(fake, "shop", 1);
      const recorded = open(context, fake, { applications: { enabled: false } });
      await recorded.synced();
      assert.deepEqual([...recorded.view.keys()], [`service/||${orders}|`]);
      assert.ok(!fake.requests.some(({ path }) => path.startsWith("/services")));
    });

    test("cost two requests where there are none, and none of them again", async (context) => {
      const fake = await fakeServer(context);
      register(fake, orders, 1);
      const recorded = open(context, fake);
      await recorded.synced();
      register(fake, orders, 2);
      await recorded.until("a change", () => recorded.instances(orders)?.length === 2);
      const asked = fake.requests.filter(
        ({ type, path }) => (recursive || type !== op.addWatch) && !path.startsWith("/dubbo/com.acme") && path !== "/dubbo" && path !== "/",
      );
      assert.deepEqual(
        asked.map(({ type, path }) => [type, path]),
        (recursive ? [op.addWatch, op.getChildren] : [op.getChildren, op.exists]).map((type) => [type, "/services"]),
      );
    });

    test("that may not be read are skipped, which is said; metadata likewise", async (context) => {
      const fake = await fakeServer(context);
      register(fake, orders, 1);
      publish(fake, "shop", "r1", [users]);
      join(fake, "shop", 1);
      let forbidden = "/services";
      fake.answer = ({ path }) => (path.startsWith(forbidden) ? -102 : undefined);
      const recorded = open(context, fake);
      await recorded.synced();
      assert.deepEqual([...recorded.view.keys()], [`service/||${orders}|`]);
      assert.deepEqual(
        recorded.problems.map(({ code, where }) => `${code} ${where}`),
        ["no-permission /services"],
      );
      forbidden = "/dubbo/metadata/shop";
      recorded.session.relist();
      await recorded.until("the application", () => recorded.view.size === 2 || recorded.count("commit") === 2);
      assert.ok(recorded.problems.some(({ code, where }) => code === "no-permission" && where === "/dubbo/metadata/shop/r1"));
      assert.equal(recorded.count("unreachable"), 0);
    });

    test("that were read and may not be any more make the listing fail: nothing is lost", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      join(fake, "shop", 1);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.answer = ({ path }) => (path.startsWith("/services") ? -102 : undefined);
      recorded.session.relist();
      await recorded.until("the failure", () => recorded.count("unreachable") > 0);
      assert.deepEqual(new Set(history(recorded, orders)), new Set(["1"]));
      assert.equal(recorded.count("commit"), 1);
    });

    test("with bad data lose only that", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      join(fake, "shop", 1);
      join(fake, "shop", 2, { revision: ".." });
      fake.nodes.create("/services/shop/bad", Buffer.from("{"));
      const recorded = open(context, fake);
      await recorded.synced();
      assert.equal(now(recorded, orders), "1");
      assert.deepEqual(recorded.problems.map(({ code, where }) => `${code} ${where}`).sort(), [
        "bad-instance /services/shop/10.0.0.2:20880",
        "bad-instance /services/shop/bad",
      ]);
    });

    test("whose tree vanishes for a moment lose nothing", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      join(fake, "shop", 1);
      join(fake, "plain", 2);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.nodes.deleteTree("/services");
      await recorded.until("the doubt", () => recorded.count("suspicious") === 1);
      setTimeout(() => {
        join(fake, "shop", 1);
        join(fake, "plain", 2);
      }, 200);
      await recorded.synced(2);
      assert.deepEqual(new Set(history(recorded, orders)), new Set(["1"]));
      assert.deepEqual(new Set(history(recorded, "plain")), new Set(["2"]));
    });

    test("whose tree vanishes for good are gone, and come back with it", async (context) => {
      const fake = await fakeServer(context);
      publish(fake, "shop", "r1", [orders]);
      register(fake, users, 9);
      join(fake, "shop", 1);
      join(fake, "plain", 2);
      const recorded = open(context, fake);
      await recorded.synced();
      fake.nodes.deleteTree("/services");
      await recorded.synced(2);
      assert.deepEqual([...recorded.view.keys()], [`service/||${users}|`]);
      assert.equal(recorded.count("suspicious"), 1);
      join(fake, "shop", 3);
      await recorded.until("its return", () => now(recorded, orders) === "3");
    });
  });
}
