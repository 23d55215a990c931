import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { springZookeeperKind } from "../../../../src/registries/zookeeper/spring/kind.ts";
import { start } from "../../../../src/registries/zookeeper/spring/session.ts";
import { instanceNode } from "../../../support/curator-layout.ts";
import { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import { RecordedSession } from "../../../support/recorded-session.ts";

const kind = { schema: springZookeeperKind.schema, start };

async function startFake(context: TestContext, recursiveWatches: boolean): Promise<FakeZooKeeper> {
  const fake = await FakeZooKeeper.start();
  fake.recursiveWatches = recursiveWatches;
  context.after(() => fake.shutDown());
  return fake;
}

function open(context: TestContext, fake: FakeZooKeeper, settings = {}, known: readonly string[] = []): RecordedSession {
  const recorded = new RecordedSession({ servers: `127.0.0.1:${fake.port}`, ...settings }, known, kind);
  context.after(() => recorded.session.close());
  return recorded;
}

function content(host: number, metadata?: Record<string, string>): Buffer {
  return Buffer.from(instanceNode("any", { address: `10.0.0.${host}`, port: 8080 }, metadata));
}

function register(fake: FakeZooKeeper, name: string, ...hosts: number[]): void {
  fake.nodes.ensure(`/services/${name}`);
  for (const host of hosts) fake.nodes.create(`/services/${name}/${host}`, content(host));
}

function ids(...hosts: number[]): string[] {
  return hosts.map((host) => `10.0.0.${host}:8080`);
}

suite("a services tree with one watch on all of it", { concurrency: true }, () => isFollowed(true));
suite("a services tree with a watch on every node", { concurrency: true }, () => isFollowed(false));

function isFollowed(recursiveWatches: boolean): void {
  const fakeServer = (context: TestContext) => startFake(context, recursiveWatches);

  test("that does not exist yet is empty, and is followed once it is created", async (context) => {
    const fake = await fakeServer(context);
    const recorded = open(context, fake);
    await recorded.synced();
    assert.equal(recorded.view.size, 0);
    assert.equal(recorded.count("unreachable") + recorded.count("suspicious"), 0);
    register(fake, "orders", 1);
    await recorded.until("the first service", () => recorded.instances("orders")?.length === 1);
  });

  test("tells instances as they come, go and change in place", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "orders", 1);
    register(fake, "team-a/pay", 2);
    const recorded = open(context, fake);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()].sort(), ["service/||orders|", "service/||team-a/pay|"]);
    register(fake, "orders", 3);
    await recorded.until("a new instance", () => recorded.instances("orders")?.length === 2);
    fake.nodes.setData("/services/team-a/pay/2", content(2, { instance_status: "OUT_OF_SERVICE" }));
    const health = () => recorded.view.get("service/||team-a/pay|")?.instances[0]?.health;
    await recorded.until("the new state", () => health() === "disabled");
    fake.nodes.setData("/services/team-a/pay/2", content(2, { instance_status: "UP" }));
    await recorded.until("the state after it", () => health() === "healthy");
    fake.nodes.delete("/services/orders/1");
    await recorded.until("the removal", () => recorded.instances("orders")?.length === 1);
    assert.deepEqual(recorded.instances("orders"), ids(3));
  });

  test("keeps a service whose folder the server removed behind its last instance, until it has instances again", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "orders", 1);
    register(fake, "users", 2);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.delete("/services/orders/1");
    await recorded.until("the last instance's removal", () => recorded.instances("orders")?.length === 0);
    fake.nodes.delete("/services/orders");
    for (const listings of [2, 3]) {
      recorded.session.relist();
      await recorded.synced(listings);
      assert.deepEqual(recorded.instances("orders"), []);
    }
    assert.equal(recorded.count("removed"), 0);
    register(fake, "orders", 3);
    await recorded.until("a new instance", () => recorded.instances("orders")?.length === 1);
  });

  test("survives the removal and the return of its root", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "orders", 1);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.nodes.delete("/services/orders/1");
    await recorded.until("the last instance's removal", () => recorded.instances("orders")?.length === 0);
    fake.nodes.deleteTree("/services");
    await recorded.synced(2);
    assert.deepEqual(recorded.instances("orders"), []);
    assert.equal(recorded.count("suspicious"), 0);
    register(fake, "orders", 2);
    await recorded.until("the return", () => recorded.instances("orders")?.length === 1);
  });

  test("goes on with what earlier workers told, empty where nothing is left of it", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "users", 1);
    const recorded = open(context, fake, {}, ["service/||orders|", "service/||users|"]);
    await recorded.synced();
    assert.deepEqual(recorded.instances("orders"), []);
    assert.deepEqual(recorded.instances("users"), ids(1));
  });

  test("holds Dubbo's applications, too, which are no services here", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "orders", 1);
    const dubbo = content(2, { "dubbo.metadata.revision": "1", "dubbo.endpoints": '[{"port":20880,"protocol":"dubbo"}]' });
    for (const path of ["/services/orders/2", "/services/order-center/2"]) {
      fake.nodes.ensure(path);
      fake.nodes.setData(path, dubbo);
    }
    const recorded = open(context, fake);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], ["service/||orders|"]);
    assert.deepEqual(recorded.instances("orders"), ids(1));
    assert.deepEqual(recorded.problems, []);
  });

  test("is read by include and exclude", async (context) => {
    const fake = await fakeServer(context);
    for (const name of ["orders", "team-a/pay", "team-a/jobs"]) register(fake, name, 1);
    const recorded = open(context, fake, { include: ["team-a/*"], exclude: ["*jobs"] }, ["service/||orders|"]);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], ["service/||team-a/pay|"]);
  });

  test("lies where root and chroot say", async (context) => {
    const fake = await fakeServer(context);
    fake.nodes.ensure("/prod/apps/orders");
    fake.nodes.create("/prod/apps/orders/1", content(1));
    const recorded = open(context, fake, { chroot: "/prod", root: "/apps" });
    await recorded.synced();
    assert.deepEqual(recorded.instances("orders"), ids(1));
  });

  test("may not be read: that is said, and nothing is taken away", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "orders", 1);
    fake.protect("/services", "mesh:secret");
    const recorded = open(context, fake, {}, ["service/||orders|"]);
    await recorded.until("a refusal", () => recorded.count("unreachable") > 0);
    assert.match(recorded.last("unreachable")?.text ?? "", /NO_AUTH/);
    assert.equal(recorded.count("commit"), 0);
  });

  test("is listed anew after a lost connection, and what went meanwhile goes with the listing", async (context) => {
    const fake = await fakeServer(context);
    register(fake, "orders", 1, 2);
    const recorded = open(context, fake);
    await recorded.synced();
    fake.disconnectAll();
    fake.nodes.delete("/services/orders/1");
    await recorded.synced(2);
    await recorded.until("the removal", () => recorded.instances("orders")?.length === 1);
  });
}
