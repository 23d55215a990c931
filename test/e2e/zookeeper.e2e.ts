/**
 * The registries that lie in ZooKeeper against a real ZooKeeper: first the conformance rig, then what an
 * istiod sees through the whole program while the server is killed, suspended and restarted.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryConformance } from "../conformance/registry-rig.ts";
import { certificateFile } from "../support/certificates.ts";
import { FakeIstiod } from "../support/fake-istiod.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { dubboApplicationDriver, springZookeeperDriver, type ZookeeperInstance, zookeeperDriver } from "../support/zookeeper-driver.ts";
import { DubboWriter, type Provider, providerPath } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { HangUp } from "./servers/hang-up.ts";
import { freeIstiodPorts } from "./servers/istiod.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";
import { ZooKeeperClient } from "./servers/zookeeper-client.ts";
import { saslLogins, tlsPort } from "./servers/zookeeper-security.ts";
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

  beforeEach(() => eventually("the registry is live", () => tributary.isIn("live", "zk")));

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
      await eventually("the loss is noticed", () => tributary.isIn("stale", "zk"), { within: outage });
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

suite("a ZooKeeper that trusts nobody", { concurrency: false }, () => {
  const ca = certificateFile("authority.pem");
  const own = { certificate: certificateFile("client.pem"), key: certificateFile("client.key") };

  test("by TLS with certificates on both sides: whoever does not fit is told why, the others are served through its death", async (t) => {
    const { port, options } = await tlsPort(tempFolder(t).path, "need");
    const zookeeper = await ZooKeeper.start(options);
    t.after(() => zookeeper.stop());
    const providers = await DubboWriter.connect(zookeeper.address, 120_000);
    t.after(() => providers.close());
    await providers.register(orders);
    const common = { type: "zookeeper", required: false };
    const [byName, byAddress] = [`localhost:${port}`, `127.0.0.1:${port}`];
    const tributary = await Tributary.start({
      registries: [
        { ...common, id: "zk", required: true, servers: byName, tls: { ca, ...own } },
        { ...common, id: "by-address", servers: byAddress, tls: { ca, ...own } },
        { ...common, id: "any-name", servers: byAddress, tls: { ca, ...own, serverName: "zk-0.zk", verifyServerName: false } },
        { ...common, id: "other-authority", servers: byName, tls: { ca: certificateFile("stranger-authority.pem"), ...own } },
        { ...common, id: "other-name", servers: byName, tls: { ca, ...own, serverName: "zk-0.zk" } },
        { ...common, id: "nameless", servers: byName, tls: { ca } },
        { ...common, id: "plain-client", servers: byName },
        { ...common, id: "plain-server", servers: zookeeper.address, tls: { ca, ...own } },
      ],
      istiod: await freeIstiodPorts(),
    });
    t.after(() => tributary.stop());
    const istiod = new FakeIstiod({ target: tributary.address }).start();
    t.after(() => istiod.stop());
    await istiod.waitFor(() => holds(istiod, ordersName, orders.host), 20_000);
    for (const registry of ["by-address", "any-name"]) await eventually(`${registry} is read`, () => tributary.isIn("live", registry));
    for (const [registry, reason] of [
      ["other-authority", /the server's certificate is not trusted: /],
      ["other-name", /the server's certificate is for another name: .*zk-0\.zk/],
      ["nameless", /no TLS: .* \(ERR_SSL_|connection failed: |closed the connection/],
      ["plain-client", /closed the connection without a greeting|connection failed: /],
      ["plain-server", /the connection ended within the TLS handshake: |no TLS: /],
    ] as const) {
      await eventually(`${registry} says why`, async () => warningsOf(tributary, registry).some((text) => reason.test(text)));
      assert.equal((await tributary.metrics()).sum("tributary_registry_synced", { registry }), 0, registry);
    }
    await zookeeper.kill();
    await eventually("the loss is noticed", () => tributary.isIn("stale", "zk"));
    await zookeeper.restart();
    await eventually("it is back", () => tributary.isIn("live", "zk"));
    const writer = await DubboWriter.connect(zookeeper.address);
    t.after(() => writer.close());
    await writer.register({ ...orders, host: "10.20.1.16" });
    await istiod.waitFor(() => holds(istiod, ordersName, "10.20.1.16"), 2_000);
    assert.equal(istiod.counts.deleted, 0);
  });

  test("by SASL: only the one user reads, and a wrong password is told", async (t) => {
    const user = { user: "tributary", password: "secret:with,colons" };
    const zookeeper = await ZooKeeper.start(saslLogins(tempFolder(t).path, user, false));
    t.after(() => zookeeper.stop());
    const guarded = await ZooKeeper.start(saslLogins(tempFolder(t).path, user, true));
    t.after(() => guarded.stop());
    const providers = await DubboWriter.connect(zookeeper.address);
    t.after(() => providers.close());
    await providers.register(orders);
    const folder = `/dubbo/${orders.interface}/providers`;
    for (const path of ["/dubbo", folder]) await providers.client.setReader(path, "sasl", user.user);
    const common = { type: "zookeeper", required: false };
    const auth = { scheme: "sasl", ...user };
    const tributary = await Tributary.start({
      registries: [
        { ...common, id: "zk", required: true, servers: zookeeper.address, auth },
        { ...common, id: "wrong", servers: zookeeper.address, auth: { ...auth, password: "wrong" } },
        { ...common, id: "without", servers: zookeeper.address },
        { ...common, id: "guarded", servers: guarded.address, auth },
        { ...common, id: "guarded-without", servers: guarded.address },
      ],
      istiod: await freeIstiodPorts(),
    });
    t.after(() => tributary.stop());
    const istiod = new FakeIstiod({ target: tributary.address }).start();
    t.after(() => istiod.stop());
    await istiod.waitFor(() => holds(istiod, ordersName, orders.host), 20_000);
    await providers.register({ ...orders, host: "10.20.1.16" });
    await istiod.waitFor(() => holds(istiod, ordersName, "10.20.1.16"), 2_000);
    await eventually("the guarded one is read", () => tributary.isIn("live", "guarded"));
    for (const [registry, reason] of [
      ["wrong", /the server refused the login of tributary: AUTH_FAILED/],
      ["without", /NO_AUTH \(-102\) at \/dubbo/],
      ["guarded-without", /SESSION_CLOSED_REQUIRE_SASL_AUTH/],
    ] as const) {
      await eventually(`${registry} says why`, async () => warningsOf(tributary, registry).some((text) => reason.test(text)));
      assert.equal((await tributary.metrics()).sum("tributary_registry_synced", { registry }), 0, registry);
    }
    assert.ok(!tributary.output().includes(user.password));
  });

  test("by nodes whose names may be listed but which may not be read: they come and go all the same", async (t) => {
    const zookeeper = await ZooKeeper.start();
    t.after(() => zookeeper.stop());
    const providers = await DubboWriter.connect(zookeeper.address);
    t.after(() => providers.close());
    await providers.register(orders);
    const tributary = await Tributary.start({
      registries: [{ id: "zk", type: "zookeeper", servers: zookeeper.address, relistInterval: "2s" }],
      istiod: await freeIstiodPorts(),
    });
    t.after(() => tributary.stop());
    const istiod = new FakeIstiod({ target: tributary.address }).start();
    t.after(() => istiod.stop());
    await istiod.waitFor(() => holds(istiod, ordersName, orders.host), 20_000);
    const [second, third] = ["10.20.1.16", "10.20.1.17"].map((host) => ({ ...orders, host }));
    providers.client.authenticate("shop", "secret");
    await providers.registerPrivately(second!);
    await istiod.waitFor(() => holds(istiod, ordersName, second!.host), 5_000);
    await eventually("the watches are others", async () => warningsOf(tributary, "zk").some((text) => /recursive watch/.test(text)));
    await eventually("the registry is live", () => tributary.isIn("live", "zk"));
    await providers.registerPrivately(third!);
    await istiod.waitFor(() => holds(istiod, ordersName, third!.host), 1_000);
    assert.equal(istiod.counts.deleted, 0);
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
      const areApplications = (await client.children("/")).includes("services");
      const [name] = await client.children(areApplications ? "/services" : "/dubbo");
      const path = areApplications ? `/services/${name}` : `/dubbo/${name}/providers`;
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

/** What was warned of in the log about one registry. */
function warningsOf(tributary: Tributary, registry: string): string[] {
  const lines = tributary
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  const said = lines.map((line) => JSON.parse(line) as { level: string | number; registry?: string; msg?: string });
  return said.flatMap(({ level, registry: of, msg }) => ((level === 40 || level === "warn") && of === registry ? [msg ?? ""] : []));
}
