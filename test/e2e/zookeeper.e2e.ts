/**
 * The registries that lie in ZooKeeper against a real ZooKeeper: first the conformance rig, then what an
 * istiod sees through the whole program while the server is killed, suspended and restarted.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryConformance } from "../conformance/registry-rig.ts";
import { FakeIstiod } from "../support/fake-istiod.ts";
import { dubboApplicationDriver, springZookeeperDriver, type ZookeeperInstance, zookeeperDriver } from "../support/zookeeper-driver.ts";
import { DubboWriter, type Provider, providerPath } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { HangUp } from "./servers/hang-up.ts";
import { freeIstiodPorts } from "./servers/istiod.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";
import { ZooKeeperClient } from "./servers/zookeeper-client.ts";
import { full, onlyInFull } from "./tier.ts";

registryConformance("zookeeper (real server)", zookeeperDriver(startInstance));
registryConformance("zookeeper, application level (real server)", dubboApplicationDriver(startInstance));
registryConformance("spring-cloud-zookeeper (real server)", springZookeeperDriver(startInstance));

const outage = full ? 60_000 : 15_000;
const orders: Provider = { interface: "com.acme.order.api.OrderFacade", host: "10.20.1.15", port: 20880 };
const users: Provider = { interface: "com.acme.user.api.UserFacade", host: "10.20.2.1", port: 20880, application: "user-center" };
const ordersName = "tributary/com.acme.order.api.orderfacade.dubbo";

suite("a real ZooKeeper, as istiod sees it", { concurrency: false }, () => {
  let zookeeper: ZooKeeper;
  let providers: DubboWriter;
  let tributary: Tributary;
  let istiod: FakeIstiod;

  before(async () => {
    zookeeper = await ZooKeeper.start();
    providers = await DubboWriter.connect(zookeeper.address, 120_000);
    for (const provider of [orders, users]) await providers.register(provider);
    tributary = await Tributary.start({
      registries: [{ id: "zk", type: "zookeeper", servers: zookeeper.address }],
      istiod: await freeIstiodPorts(),
    });
    istiod = new FakeIstiod({ target: tributary.address }).start();
    await istiod.waitFor(() => istiod.store("ServiceEntry").size === 2);
  });

  beforeEach(() => eventually("the registry is live", () => isIn(tributary, "live")));

  after(async () => {
    istiod?.stop();
    await tributary?.stop();
    await providers?.close();
    await zookeeper?.stop();
  });

  test("a provider comes and goes within a second", async (t) => {
    const another = { ...orders, host: "10.20.1.16" };
    const begun = performance.now();
    await providers.register(another);
    await istiod.waitFor(() => holds(istiod, ordersName, "10.20.1.16"), 1_000);
    t.diagnostic(`came in ${Math.round(performance.now() - begun)} ms`);
    await providers.unregister(another);
    await istiod.waitFor(() => !holds(istiod, ordersName, "10.20.1.16"), 1_000);
  });

  for (const { how, host, begin, end } of [
    { how: "killed and restarted", host: "10.20.1.97", begin: () => zookeeper.kill(), end: () => zookeeper.restart() },
    { how: "suspended and resumed", host: "10.20.1.98", begin: () => zookeeper.suspend(), end: () => zookeeper.resume() },
  ]) {
    test(`${how} after ${outage / 1_000} s, it costs istiod no push, and the next change arrives within 2 s`, async (t) => {
      let away = false;
      t.after(() => away && end());
      const pushes = istiod.pushes("ServiceEntry");
      const over = sleep(outage);
      await begin();
      away = true;
      await eventually("the loss is noticed", () => isIn(tributary, "stale"), { within: outage });
      await over;
      await end();
      away = false;
      const writer = await DubboWriter.connect(zookeeper.address);
      t.after(() => writer.close());
      assert.equal(istiod.pushes("ServiceEntry"), pushes, "nothing was pushed meanwhile");
      const begun = performance.now();
      await writer.register({ ...orders, host, parameters: { dynamic: "false" } });
      await istiod.waitFor(() => holds(istiod, ordersName, host), 2_000);
      t.diagnostic(`came in ${Math.round(performance.now() - begun)} ms`);
      assert.ok(holds(istiod, ordersName, "10.20.1.15"));
      assert.equal(istiod.counts.deleted, 0);
    });
  }

  test("providers whose sessions expired meanwhile stay until they are back", onlyInFull, async (t) => {
    const shortLived = await DubboWriter.connect(zookeeper.address, 8_000);
    t.after(() => shortLived.close());
    const expiring: Provider = { interface: "com.acme.short.ShortFacade", host: "10.20.4.1", port: 20880 };
    const name = "tributary/com.acme.short.shortfacade.dubbo";
    await shortLived.register(expiring);
    await istiod.waitFor(() => holds(istiod, name, "10.20.4.1"));
    zookeeper.suspend();
    t.after(() => zookeeper.resume());
    await sleep(20_000);
    zookeeper.resume();
    const observer = await DubboWriter.connect(zookeeper.address);
    t.after(() => observer.close());
    const folder = providerPath(expiring).slice(0, providerPath(expiring).lastIndexOf("/"));
    await eventually("ZooKeeper dropped the session", async () => (await observer.client.children(folder)).length === 0);
    await sleep(5_000);
    assert.ok(holds(istiod, name, "10.20.4.1"), "held");
    const updates = istiod.counts.updated;
    await providers.register(expiring);
    await sleep(2_000);
    assert.ok(holds(istiod, name, "10.20.4.1"));
    assert.equal(istiod.counts.updated, updates, "its return is no change");
  });

  test("killed with -9 and restarted, we send the same versions", async () => {
    const { streams, created, updated, deleted } = istiod.counts;
    const pushes = istiod.pushes("ServiceEntry");
    await tributary.kill();
    await tributary.restart();
    await eventually("a new stream is answered", () => istiod.counts.streams > streams && istiod.pushes("ServiceEntry") > pushes);
    const after = istiod.counts;
    assert.deepEqual([after.created, after.updated, after.deleted], [created, updated, deleted]);
  });
});

suite("a ZooKeeper as operators set it up", { concurrency: false }, () => {
  test("a chroot, a digest-protected tree, and a dead first server", async (t) => {
    const zookeeper = await ZooKeeper.start();
    t.after(() => zookeeper.stop());
    const owner = await ZooKeeperClient.connect(zookeeper.address);
    t.after(() => owner.close());
    owner.authenticate("mesh", "secret:with:colons");
    await owner.create(`/prod/east${providerPath(orders)}`, orders.host, "persistent");
    await owner.setPrivate("/prod/east/dubbo");
    await owner.setPrivate(`/prod/east/dubbo/${orders.interface}/providers`);
    const away = await HangUp.start();
    t.after(() => away.stop());
    const auth = { user: "mesh", password: "secret:with:colons" };
    const common = { type: "zookeeper", servers: [away.address, zookeeper.address], chroot: "/prod/east" };
    const tributary = await Tributary.start({
      registries: [
        { id: "with-password", ...common, auth },
        { id: "without", ...common, required: false },
      ],
      istiod: await freeIstiodPorts(),
    });
    t.after(() => tributary.stop());
    const istiod = new FakeIstiod({ target: tributary.address }).start();
    t.after(() => istiod.stop());
    await istiod.waitFor(() => holds(istiod, ordersName, orders.host), 20_000);
    const metrics = await tributary.metrics();
    assert.equal(metrics.sum("tributary_registry_synced", { registry: "with-password" }), 1);
    assert.equal(metrics.sum("tributary_registry_synced", { registry: "without" }), 0, "what may not be read is not an empty registry");
    assert.ok(!tributary.output().includes("secret:with:colons"));
  });
});

/** A real server for the conformance rig. */
async function startInstance(): Promise<ZookeeperInstance> {
  const server = await ZooKeeper.start();
  return {
    address: server.address,
    stop: () => server.stop(),
    kill: () => server.kill(),
    revive: () => server.restart(),
    freeze: async () => server.suspend(),
    thaw: async () => server.resume(),
    async breakReads() {
      // One of the services may not be read any more; the others may.
      const client = await ZooKeeperClient.connect(server.address);
      const isDubbo = (await client.children("/")).includes("dubbo");
      const [name] = await client.children(isDubbo ? "/dubbo" : "/services");
      const path = isDubbo ? `/dubbo/${name}/providers` : `/services/${name}`;
      await client.setReadable(path, false);
      return async () => {
        await client.setReadable(path, true);
        await client.close();
      };
    },
  };
}

/** Whether the entry's encoded body mentions the address. */
function holds(istiod: FakeIstiod, name: string, address: string): boolean {
  const body = istiod.store("ServiceEntry").get(name)?.body;
  return body !== undefined && Buffer.from(body).includes(address);
}

async function isIn(tributary: Tributary, phase: "live" | "stale"): Promise<boolean> {
  return (await tributary.metrics()).sum("tributary_registry_phase", { registry: "zk", phase }) === 1;
}
