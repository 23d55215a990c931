import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { op } from "../../../support/fake-zookeeper/protocol.ts";
import { providerNode } from "../../../support/zookeeper-writer.ts";
import { ids, nodeOf, open, orders, providers, register, startFake, users } from "./root-rig.ts";

suite("a Dubbo root with one watch on all of it", { concurrency: true }, () => isFollowed(true));
suite("a Dubbo root with a watch on every node", { concurrency: true }, () => isFollowed(false));

function isFollowed(recursiveWatches: boolean): void {
  const fakeServer = (context: TestContext) => startFake(context, recursiveWatches);

  test("that does not exist yet is empty, and is followed once it is created", async (context) => {
    const fake = await fakeServer(context);
    const recorded = open(context, fake);
    await recorded.synced();
    assert.equal(recorded.view.size, 0);
    assert.equal(recorded.count("unreachable") + recorded.count("suspicious"), 0);
    register(fake, orders, 1);
    await recorded.until("the first service", () => recorded.instances(orders)?.length === 1);
  });

  test("keeps the empty services that an earlier worker told, as long as their interface is there", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders);
    register(fake, users, 1);
    const [blue, plain] = [`service/|blue|${users}|1.0`, `service/||${users}|`];
    const recorded = open(context, fake, {}, [`service/||${orders}|`, blue, plain, "service/||com.acme.Gone|"]);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()].sort(), [`service/||${orders}|`, plain, blue].sort());
    assert.deepEqual(recorded.instances(orders), []);
    assert.deepEqual(recorded.instances(users), ids(1));
    assert.deepEqual(recorded.view.get(blue)?.key, { group: "blue", name: users, version: "1.0" });
    register(fake, orders, 2);
    await recorded.until("a provider", () => recorded.instances(orders)?.length === 1);
  });

  test("may not be read in part: what an earlier worker told of a forbidden interface is not lost", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    register(fake, users, 1);
    fake.answer = ({ path }) => (path.startsWith(providers(orders)) ? -102 : undefined);
    const recorded = open(context, fake, {}, [`service/||${orders}|`]);
    await recorded.until("a refusal", () => recorded.count("unreachable") > 0);
    assert.equal(recorded.count("commit"), 0);
  });

  test("lies where root and chroot say", async (context) => {
    const fake = await fakeServer(context);
    fake.nodes.ensure(`/prod/registry/${orders}/providers`);
    fake.nodes.create(`/prod/registry/${orders}/providers/${providerNode(orders, { address: "10.0.0.1", port: 20880 })}`);
    const recorded = open(context, fake, { chroot: "/prod", root: "/registry" });
    await recorded.synced();
    assert.deepEqual(recorded.instances(orders), ids(1));
    fake.nodes.create(`/prod/registry/${orders}/providers/${providerNode(orders, { address: "10.0.0.2", port: 20880 })}`);
    await recorded.until("a change", () => recorded.instances(orders)?.length === 2);
  });

  test("holds other things than interfaces", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    for (const path of [
      "config/dubbo",
      "config/providers",
      "metadata/com.acme.Orders/provider",
      "mapping/com.acme.Orders",
      "order-center/835cd30b",
    ]) {
      fake.nodes.ensure(`/dubbo/${path}`);
    }
    const recorded = open(context, fake);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], [`service/||${orders}|`]);
    assert.deepEqual(recorded.problems, []);
    assert.ok(!fake.requests.some(({ path }) => path.startsWith("/dubbo/config")));
  });

  test("is read by include and exclude", async (context) => {
    const fake = await fakeServer(context);
    for (const name of [orders, users, "com.other.Items", "com.acme.internal.Jobs"]) register(fake, name, 1);
    const recorded = open(context, fake, { include: ["com.acme.*"], exclude: ["*.internal.*", "com.acme.User?"] });
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], [`service/||${orders}|`]);
  });

  test("with an interface spelt twice follows one, and says so", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "com.acme.Outer$Inner", 1);
    fake.nodes.ensure("/dubbo/com.acme.Outer%24Inner/providers");
    fake.nodes.ensure("/dubbo/%ZZ/providers");
    const recorded = open(context, fake);
    await recorded.synced();
    assert.equal(recorded.view.size, 1);
    assert.deepEqual(recorded.problems.map(({ code }) => code).sort(), ["bad-escape", "duplicate-interface"]);
  });

  test("is read again every relistInterval, though nothing says that it changed", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const recorded = open(context, fake, { relistInterval: "1s" });
    await recorded.synced(2);
    assert.equal(recorded.count("unreachable"), 0);
  });

  test("that is to be read again while it is being read is read once more", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    for (let asked = 0; asked < 3; asked++) recorded.session.relist();
    await recorded.synced(3);
  });

  test("tells a change of one interface and touches no other", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    register(fake, users, 2);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.create(nodeOf(orders, 3));
    await recorded.until("the new provider", () => recorded.instances(orders)?.length === 2);
    assert.deepEqual(
      recorded.told.filter(({ what }) => what === "changed").map(({ text }) => text),
      [`service/||${orders}|`],
    );
  });

  test("finds an interface whose providers come later", async (context) => {
    const fake = await fakeServer(context);
    fake.nodes.ensure(`/dubbo/${orders}/consumers`);
    fake.nodes.ensure(providers(users));
    const recorded = open(context, fake);
    await recorded.synced();
    assert.equal(recorded.view.size, 0, "consumers alone, or an empty folder, make no service");
    register(fake, orders, 1);
    register(fake, users, 2);
    await recorded.until("both", () => recorded.view.size === 2);
  });

  test("keeps a service that lost its last provider, as an empty one", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.delete(nodeOf(orders, 1));
    await recorded.until("the empty service", () => recorded.instances(orders)?.length === 0);
    recorded.session.relist();
    await recorded.synced(2);
    assert.deepEqual(recorded.instances(orders), []);
    assert.equal(recorded.count("removed"), 0);
    fake.nodes.create(nodeOf(orders, 2));
    await recorded.until("the next provider", () => recorded.instances(orders)?.length === 1);
  });

  test("removes an interface whose node was deleted, and takes it back when it is there again", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    register(fake, users, 2);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.deleteTree(`/dubbo/${orders}`);
    await recorded.until("the removal", () => recorded.instances(orders) === undefined);
    assert.deepEqual(recorded.instances(users), ids(2));
    register(fake, orders, 3);
    await recorded.until("its return", () => recorded.instances(orders)?.[0] === ids(3)[0]);
  });

  test("follows a providers node that was deleted alone and created again", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.deleteTree(providers(orders));
    await recorded.until("the empty service", () => recorded.instances(orders)?.length === 0);
    register(fake, orders, 2);
    await recorded.until("its return", () => recorded.instances(orders)?.[0] === ids(2)[0]);
    fake.nodes.create(nodeOf(orders, 3));
    await recorded.until("a change after it", () => recorded.instances(orders)?.length === 2);
    assert.equal(recorded.count("removed"), 0);
  });

  test("misses nothing that changes while it is listed", async (context) => {
    const fake = await fakeServer(context);
    for (let at = 0; at < 20; at++) register(fake, `com.acme.S${at}`, 1);
    let readings = 0;
    fake.answer = ({ type, path }) => {
      // Right behind the answer, which does not show it any more.
      if (type === op.getChildren && readings++ < 30) queueMicrotask(() => change(path));
      return undefined;
    };
    const change = (path: string): void => {
      if (path === "/dubbo") register(fake, `com.acme.New${readings}`, 1);
      else if (fake.nodes.has(path) && fake.nodes.get(path).children.size < 3) register(fake, path.split("/")[2] as string, readings + 2);
    };
    const recorded = open(context, fake, { maxInFlight: 3 });
    await recorded.synced();
    const wanted = () => {
      for (const name of fake.nodes.get("/dubbo").children) {
        if (recorded.instances(name)?.length !== fake.nodes.get(providers(name)).children.size) return false;
      }
      return readings >= 30;
    };
    await recorded.until("what is registered", wanted);
  });

  test("says nothing of a provider that registers anew within milliseconds", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    // The node is back just before the reading that would tell its absence, which must not come too soon. With a watch
    // on every node, one that sees the gap comes first.
    const before = recursiveWatches ? 0 : 1;
    const readings: number[] = [];
    fake.answer = ({ type, path }) => {
      if (type !== op.getChildren || path !== providers(orders)) return undefined;
      readings.push(performance.now());
      if (readings.length === before + 1) fake.nodes.create(nodeOf(orders, 1));
      return undefined;
    };
    const gone = performance.now();
    fake.nodes.delete(nodeOf(orders, 1));
    await recorded.until("the reading", () => recorded.count("changed") > 0);
    register(fake, users, 2);
    await recorded.until("a later change", () => recorded.view.size === 2);
    assert.ok(readings[before]! - gone >= 10, "real providers take up to 9 ms");
    const sizes = recorded.told.filter(({ text }) => text === `service/||${orders}|`).map(({ service }) => service?.instances.length);
    assert.deepEqual(new Set(sizes), new Set([1]));
  });

  test("tells at once that one of many providers went", async (context) => {
    const fake = await fakeServer(context);
    for (let at = 1; at <= 6; at++) register(fake, orders, at);
    const recorded = open(context, fake);
    await recorded.synced();
    let readings = 0;
    fake.answer = ({ type, path }) => {
      if (type === op.getChildren && path === providers(orders)) readings++;
      return undefined;
    };
    fake.nodes.delete(nodeOf(orders, 3));
    await recorded.until("its absence", () => recorded.instances(orders)?.length === 5);
    assert.equal(readings, 1);
  });

  test("that vanishes is doubted first, then believed, and followed again when it returns", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.deleteTree("/dubbo");
    await recorded.until("the doubt", () => recorded.count("suspicious") === 1);
    assert.equal(recorded.count("removed"), 0);
    await recorded.synced(2);
    assert.equal(recorded.view.size, 0);
    register(fake, orders, 2);
    await recorded.until("its return", () => recorded.instances(orders)?.length === 1);
  });

  test("that vanishes for a moment loses nothing", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.deleteTree("/dubbo");
    await recorded.until("the doubt", () => recorded.count("suspicious") === 1);
    setTimeout(() => register(fake, orders, 1), 300);
    await recorded.synced(2);
    assert.deepEqual(recorded.instances(orders), ids(1));
    assert.ok(!recorded.told.some(({ service }) => service?.instances.length === 0));
  });

  test("loses no change while many come at once", async (context) => {
    const fake = await fakeServer(context);
    for (let at = 0; at < 50; at++) register(fake, `com.acme.S${at}`, 1);
    const recorded = open(context, fake, { maxInFlight: 4 });
    await recorded.synced();
    for (let host = 2; host <= 20; host++) for (let at = 0; at < 60; at++) register(fake, `com.acme.S${at}`, host);
    for (let at = 0; at < 60; at += 2) fake.nodes.delete(nodeOf(`com.acme.S${at}`, 20));
    const expected = (at: number) => (at < 50 ? 20 : 19) - (at % 2 === 0 ? 1 : 0);
    await recorded.until("every service", () =>
      Array.from({ length: 60 }, (_, at) => at).every((at) => recorded.instances(`com.acme.S${at}`)?.length === expected(at)),
    );
  });

  test("gives consumers after the services, and keeps them through a listing", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    const consumer = (host: number) =>
      `/dubbo/${orders}/consumers/${encodeURIComponent(`consumer://10.1.0.${host}/${orders}?application=shop&side=consumer&timestamp=${host}`)}`;
    const recorded = open(context, fake, { consumers: true });
    await recorded.synced();
    assert.equal(recorded.view.get(`service/||${orders}|`)?.consumers, undefined);
    fake.nodes.ensure(`/dubbo/${orders}/consumers`);
    fake.nodes.create(consumer(1));
    const seen = () => recorded.view.get(`service/||${orders}|`)?.consumers?.map(({ application, address }) => `${application}@${address}`);
    await recorded.until("the consumer", () => seen()?.join() === "shop@10.1.0.1");
    recorded.session.relist();
    await recorded.synced(2);
    assert.deepEqual(seen(), ["shop@10.1.0.1"]);
    fake.nodes.create(consumer(2));
    await recorded.until("the second consumer", () => seen()?.length === 2);
  });

  test("tells what an application calls, until its last consumer left", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, 1);
    register(fake, users, 2);
    const consumer = (name: string, host: number) =>
      `/dubbo/${name}/consumers/${encodeURIComponent(`consumer://10.1.0.${host}/${name}?application=shop&group=*&side=consumer`)}`;
    for (const name of [orders, users]) {
      fake.nodes.ensure(`/dubbo/${name}/consumers`);
      for (const host of [1, 2]) fake.nodes.create(consumer(name, host));
    }
    const shop = "fact///application/shop";
    const recorded = open(context, fake, { consumers: true }, ["fact///application/gone", shop]);
    await recorded.synced();
    const calls = () => recorded.facts.get(shop)?.calls?.map(({ name, group }) => `${group ?? ""}/${name}`);
    await recorded.until("the calls", () => calls()?.length === 2);
    assert.deepEqual(calls(), [`/${orders}`, `/${users}`]);
    assert.deepEqual(
      recorded.told.filter(({ what }) => what === "removed").map(({ text }) => text),
      ["fact///application/gone"],
    );
    const grouped = providerNode(orders, { address: "10.0.0.9", port: 20880 }).replace("application%3D", "group%3Dblue%26application%3D");
    fake.nodes.create(`${providers(orders)}/${grouped}`);
    await recorded.until("a call of the new group", () => calls()?.length === 3);
    recorded.session.relist();
    await recorded.synced(2);
    assert.equal(calls()?.length, 3);
    fake.nodes.delete(consumer(users, 1));
    fake.nodes.delete(consumer(users, 2));
    await recorded.until("the calls that are left", () => calls()?.length === 2);
    fake.nodes.deleteTree(`/dubbo/${orders}`);
    await recorded.until("the end of the last call", () => recorded.facts.size === 0);
  });
}
