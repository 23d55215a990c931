/**
 * A registry's change reaches a real istiod and the sidecars it serves; and no failure, neither
 * of the registry nor of ours, takes anything away from them.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { DubboWriter, type Provider } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { HangUp } from "./servers/hang-up.ts";
import { type AcceptedConfig, Istiod } from "./servers/istiod.ts";
import { SidecarClient } from "./servers/sidecar-client.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";
import { full, onlyInFull } from "./tier.ts";

const orders: Provider = { interface: "com.acme.order.api.OrderFacade", version: "1.2.0", group: "g1", host: "10.20.1.15", port: 20880 };
const ordersAgain: Provider = { ...orders, host: "10.20.1.16", parameters: { weight: "150", "dubbo.tag": "gray" } };
const ordersTriple: Provider = { ...orders, protocol: "tri", port: 50051 };
const users: Provider = { interface: "com.acme.user.api.UserFacade", host: "10.20.2.1", port: 20880, application: "user-center" };
const ordersHost = "com.acme.order.api.orderfacade.v-1-2-0.g-g1.dubbo";
const ordersTripleHost = "tri.com.acme.order.api.orderfacade.v-1-2-0.g-g1.dubbo";
const usersHost = "com.acme.user.api.userfacade.dubbo";

/** How long a registry is away, ms; longer than it takes to notice (two thirds of the session time-out of 15 s). */
const outage = full ? 60_000 : 15_000;
/** A change must be in istiod within this time, ms. */
const soon = 2_000;

suite("istiod, fed from ZooKeeper", { concurrency: false }, () => {
  let zookeeper: ZooKeeper;
  let providers: DubboWriter;
  let tributary: Tributary;
  let istiod: Istiod;
  let sidecar: SidecarClient;

  before(async () => {
    zookeeper = await ZooKeeper.start();
    // Sessions that outlive every outage here: whether providers stay is not ZooKeeper's to decide in these tests.
    providers = await DubboWriter.connect(zookeeper.address, 120_000);
    for (const provider of [orders, ordersAgain, ordersTriple, users]) await providers.register(provider);
    istiod = await Istiod.prepare();
    tributary = await Tributary.start({
      registries: [{ id: "zk", type: "zookeeper", servers: zookeeper.address }],
      istiod: istiod.ports,
    });
  });

  after(async () => {
    sidecar?.close();
    await istiod?.stop();
    await tributary?.stop();
    await providers?.close();
    await zookeeper?.stop();
  });

  test("istiod becomes synced and holds exactly the registry's services", async () => {
    await istiod.start(tributary.address);
    assert.deepEqual(hostsOf(await istiod.serviceEntries()), [ordersHost, usersHost, ordersTripleHost].sort());
    assert.deepEqual(await istiod.endpoints(), endpointsByHost());
    await holdsWhatDumpSays(istiod, tributary);
  });

  test("a sidecar gets the cluster, a listener of its own, the endpoints and the name", async () => {
    sidecar = new SidecarClient(`127.0.0.1:${istiod.ports.grpc}`);
    const vip = addressOf(await istiod.serviceEntries(), ordersHost);
    assert.match(vip, /^241\./);
    const cluster = `outbound|20880||${ordersHost}`;
    await sidecar.until("the endpoints", ({ endpoints }) => (endpoints.get(cluster)?.length ?? 0) === 2);
    assert.deepEqual(sidecar.endpoints.get(cluster), ["10.20.1.15:20880", "10.20.1.16:20880"]);
    await sidecar.until("the listener", ({ listeners }) => listeners.has(`${vip}_20880`));
    assert.equal(sidecar.listeners.get(`${vip}_20880`), `${vip}:20880`);
    await sidecar.until("the name", ({ names }) => names.has(ordersHost));
    assert.deepEqual(sidecar.names.get(ordersHost), [vip]);
    assert.ok(sidecar.clusters.includes(`outbound|50051||${ordersTripleHost}`));
  });

  test("a provider of a new interface appears, in istiod and in the sidecar", async () => {
    await providers.register({ interface: "com.acme.stock.api.StockFacade", host: "10.20.3.1", port: 20890 });
    const host = "com.acme.stock.api.stockfacade.dubbo";
    await eventually("the new service", async () => (await istiod.endpoints()).get(host)?.length === 1, { within: soon });
    assert.deepEqual((await istiod.endpoints()).get(host), ["10.20.3.1:20890"]);
    await sidecar.until("the new cluster", ({ endpoints }) => endpoints.get(`outbound|20890||${host}`)?.[0] === "10.20.3.1:20890");
  });

  test("a changed provider changes its service and no other", async () => {
    const earlier = versionsOf(await istiod.serviceEntries());
    await providers.register({ ...users, parameters: { weight: "150", "dubbo.tag": "gray", timestamp: "1795234569999" } });
    await providers.unregister(users);
    const changed = await eventually(
      "the change",
      async () => {
        const now = await istiod.serviceEntries();
        const endpoints = entryOf(now, usersHost).spec.endpoints as { labels?: Record<string, string> }[];
        return endpoints.length === 1 && JSON.stringify(endpoints[0]?.labels ?? {}).includes("gray") && now;
      },
      { within: soon },
    );
    const touched = [...versionsOf(changed)].filter(([name, version]) => earlier.get(name) !== version).map(([name]) => name);
    assert.deepEqual(touched, [nameOf(changed, usersHost)]);
  });

  test("a removed provider leaves; the last one leaves an empty service", async () => {
    await providers.unregister(ordersAgain);
    await eventually("one is left", async () => (await istiod.endpoints()).get(ordersHost)?.length === 1, { within: soon });
    const cluster = `outbound|20880||${ordersHost}`;
    await sidecar.until("one is left", ({ endpoints }) => endpoints.get(cluster)?.length === 1);
    await providers.unregister(orders);
    await eventually("none is left", async () => ((await istiod.endpoints()).get(ordersHost) ?? []).length === 0, { within: soon });
    assert.ok(hostsOf(await istiod.serviceEntries()).includes(ordersHost), "the service itself stays");
    await sidecar.until("none is left", ({ endpoints }) => endpoints.get(cluster)?.length === 0);
    for (const provider of [orders, ordersAgain]) await providers.register(provider);
    await sidecar.until("both are back", ({ endpoints }) => endpoints.get(cluster)?.length === 2);
  });

  test("killed with -9 and restarted, we change nothing in istiod, and it pushes nothing", async () => {
    const earlier = await settled(istiod, sidecar);
    await tributary.kill();
    await tributary.restart();
    await reconnected(tributary);
    // istiod gathers changes for 100 ms before it pushes; this leaves it ten times as much.
    await sleep(1_000);
    assert.deepEqual(await stateOf(istiod, sidecar), earlier);
  });

  test("restarted while ZooKeeper says nothing, we say nothing rather than less", async (t) => {
    t.after(() => zookeeper.resume());
    const earlier = await settled(istiod, sidecar);
    await tributary.kill();
    zookeeper.suspend();
    await tributary.restart();
    await eventually("istiod is connected again", async () => (await tributary.metrics()).sum("tributary_xds_streams") === 1);
    await sleep(3_000);
    assert.deepEqual(await stateOf(istiod, sidecar), earlier);
    assert.ok(await tributary.ready(), "ready: istiod keeps what it has");
    zookeeper.resume();
    await reconnected(tributary);
    await sleep(1_000);
    assert.deepEqual(await stateOf(istiod, sidecar), earlier);
  });

  for (const { how, begin, end } of [
    { how: "killed", begin: () => zookeeper.kill(), end: () => zookeeper.restart() },
    { how: "suspended", begin: () => zookeeper.suspend(), end: () => zookeeper.resume() },
  ]) {
    test(`ZooKeeper ${how} for ${outage / 1_000} s: nothing disappears, and what comes after arrives`, async (t) => {
      let away = false;
      t.after(() => away && end());
      const earlier = await settled(istiod, sidecar);
      await begin();
      away = true;
      const until = performance.now() + outage;
      while (performance.now() < until) {
        await sleep(1_000);
        assert.deepEqual(await stateOf(istiod, sidecar), earlier);
        assert.ok(await tributary.ready(), "readiness stays");
      }
      const metrics = await tributary.metrics();
      assert.equal(metrics.sum("tributary_registry_phase", { registry: "zk", phase: "stale" }), 1);
      assert.ok(metrics.sum("tributary_registry_stale_seconds", { registry: "zk" }) > 0);
      await end();
      away = false;
      const writer = await DubboWriter.connect(zookeeper.address);
      const host = `com.acme.after.${how}facade.dubbo`;
      // A static one: it outlives its writer, so that the shrinkage hold is not what keeps it.
      const parameters = { dynamic: "false" };
      const begun = performance.now();
      await writer.register({ interface: `com.acme.after.${how}Facade`, host: "10.20.9.1", port: 20880, parameters });
      await eventually("the addition", async () => (await istiod.endpoints()).get(host)?.length === 1, { within: soon, every: 20 });
      t.diagnostic(`the addition was in istiod after ${Math.round(performance.now() - begun)} ms`);
      for (const [service, endpoints] of earlier.endpoints) assert.deepEqual((await istiod.endpoints()).get(service), endpoints);
      await eventually("live again", async () => {
        return (await tributary.metrics()).sum("tributary_registry_phase", { registry: "zk", phase: "live" }) === 1;
      });
      await writer.close();
    });
  }

  test("a provider that left while ZooKeeper was away is held for 30 s, then gone", onlyInFull, async (t) => {
    await zookeeper.kill();
    await zookeeper.restart();
    await eventually("live again", async () => {
      return (await tributary.metrics()).sum("tributary_registry_phase", { registry: "zk", phase: "live" }) === 1;
    });
    // Any connection may remove the node; its owner may need longer to come back.
    const writer = await DubboWriter.connect(zookeeper.address);
    t.after(() => writer.close());
    await writer.unregister(ordersAgain);
    await sleep(10_000);
    assert.equal((await istiod.endpoints()).get(ordersHost)?.length, 2);
    await eventually("gone", async () => (await istiod.endpoints()).get(ordersHost)?.length === 1, { within: 40_000 });
  });

  test("in the end it still holds exactly what dump says", async () => {
    await holdsWhatDumpSays(istiod, tributary);
  });
});

suite("istiod, fed from files", { concurrency: false }, () => {
  let tributary: Tributary;
  let istiod: Istiod;

  before(async () => {
    istiod = await Istiod.prepare();
    tributary = await Tributary.start({
      registries: [
        { id: "files", type: "file", path: path.join(import.meta.dirname, "catalogs/mixed") },
        { id: "names", type: "file", path: path.join(import.meta.dirname, "catalogs/host-names"), hostNames: "dns" },
      ],
      istiod: istiod.ports,
    });
    await istiod.start(tributary.address);
  });

  after(async () => {
    await istiod?.stop();
    await tributary?.stop();
  });

  test("every object of a mixed catalog is accepted", async () => {
    const served = await tributary.dump();
    assert.ok(served.length >= 17, `only ${served.length} objects`);
    await holdsWhatDumpSays(istiod, tributary);
  });

  test("istiod complains about none", () => {
    const complaints = istiod
      .output()
      .split("\n")
      .filter((line) => /\t(warn|error)\t/.test(line) && /adsc|validation|invalid|ServiceEntry/i.test(line));
    assert.deepEqual(complaints, []);
  });
});

suite("istiod, when the registry is away from the start", { concurrency: false }, () => {
  test("a cold istiod waits for it, then starts without it", async (t) => {
    const away = await HangUp.start();
    t.after(() => away.stop());
    const istiod = await Istiod.prepare();
    t.after(() => istiod.stop());
    const tributary = await Tributary.start({
      registries: [{ id: "zk", type: "zookeeper", servers: away.address }],
      istiod: istiod.ports,
      initialSyncTimeout: "6s",
    });
    t.after(() => tributary.stop());
    istiod.launch(tributary.address);
    await eventually("its stream", async () => (await tributary.metrics()).sum("tributary_xds_streams") === 1);
    await sleep(2_000);
    assert.equal(await istiod.isSynced(), false);
    await istiod.synced(15_000);
    assert.equal((await istiod.serviceEntries()).size, 0);
  });
});

suite("istiod, which does not take everything", { concurrency: false }, () => {
  let tributary: Tributary;
  let istiod: Istiod;

  before(async () => {
    istiod = await Istiod.prepare();
    istiod.putServiceEntry("shop", "payments", {
      hosts: ["payments.example.com"],
      resolution: "DNS",
      ports: [{ number: 443, name: "tls", protocol: "TLS" }],
    });
    tributary = await Tributary.start({
      registries: [{ id: "files", type: "file", path: path.join(import.meta.dirname, "catalogs/not-taken") }],
      istiod: istiod.ports,
      readBackAfter: "1s",
    });
    await istiod.start(tributary.address);
  });

  after(async () => {
    await istiod?.stop();
    await tributary?.stop();
  });

  test("the read-back counts what it took and what it did not", async () => {
    const metrics = await eventually("the read-back", async () => {
      const now = await tributary.metrics();
      return now.sum("tributary_readback_successes_total") === 1 && now;
    });
    const resources = metrics.find("tributary_readback_resources").filter(({ value }) => value > 0);
    const counts = resources.map(({ labels, value }) => `${labels.type?.split("/")[1]} ${labels.state} ${value}`);
    assert.deepEqual(counts.sort(), [
      "ServiceEntry accepted 1",
      "ServiceEntry missing 1",
      "ServiceEntry shadowed 1",
      "WorkloadEntry accepted 1",
    ]);
    assert.ok(metrics.sum("tributary_readback_dump_bytes") > 500);
    assert.equal(metrics.sum("tributary_readback_failures_total"), 0);
  });

  test("and says of each that it did not take, why", () => {
    const lines = tributary
      .output()
      .split("\n")
      .filter((line) => line.includes('"guess"'))
      .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as { name: string; guess: string });
    assert.deepEqual(lines.map(({ name, guess }) => `${name} ${guess}`).sort(), ["shop/canary revision", "shop/payments shadowed"]);
  });
});

type Entries = ReadonlyMap<string, AcceptedConfig>;

function endpointsByHost(): Map<string, string[]> {
  return new Map([
    [ordersHost, ["10.20.1.15:20880", "10.20.1.16:20880"]],
    [ordersTripleHost, ["10.20.1.15:50051"]],
    [usersHost, ["10.20.2.1:20880"]],
  ]);
}

function hostsOf(entries: Entries): string[] {
  return [...entries.values()].flatMap(({ spec }) => spec.hosts as string[]).sort();
}

function entryOf(entries: Entries, host: string): AcceptedConfig {
  const entry = [...entries.values()].find(({ spec }) => (spec.hosts as string[]).includes(host));
  assert.ok(entry, `istiod has no ${host}`);
  return entry;
}

function nameOf(entries: Entries, host: string): string {
  const { namespace, name } = entryOf(entries, host).metadata;
  return `${namespace}/${name}`;
}

function addressOf(entries: Entries, host: string): string {
  return (entryOf(entries, host).spec.addresses as string[])[0] ?? "";
}

function versionsOf(entries: Entries): Map<string, string> {
  return new Map([...entries].map(([name, { metadata }]) => [name, metadata.resourceVersion]));
}

/** Everything that must stay as it is while nothing changes in the registry. */
async function stateOf(istiod: Istiod, sidecar: SidecarClient) {
  return {
    versions: versionsOf(await istiod.serviceEntries()),
    endpoints: await istiod.endpoints(),
    pushes: await istiod.metric("pilot_xds_pushes"),
    answersToTheSidecar: sidecar.answerCount,
    endpointsOfTheSidecar: sidecar.endpoints,
  };
}

/** The state once nothing has moved for a second. */
async function settled(istiod: Istiod, sidecar: SidecarClient) {
  return eventually("quiet", async () => {
    const first = await stateOf(istiod, sidecar);
    await sleep(1_000);
    return isDeepStrictEqual(await stateOf(istiod, sidecar), first) && first;
  });
}

/** istiod has opened its stream again and acknowledged the ServiceEntries of the restarted process. */
async function reconnected(tributary: Tributary): Promise<void> {
  await eventually("istiod acknowledged", async () => {
    const versions = (await tributary.metrics()).find("tributary_xds_client_version");
    return versions.some(({ labels }) => labels.type?.includes("ServiceEntry"));
  });
}

/** Names and specs: everything that is served was accepted as it is, and nothing else is there. */
async function holdsWhatDumpSays(istiod: Istiod, tributary: Tributary): Promise<void> {
  const served = (await tributary.dump()).map(({ kind, metadata, spec }) => [`${kind} ${metadata.namespace}/${metadata.name}`, spec]);
  const accepted = (await istiod.configz()).map(({ kind, metadata, spec }) => [`${kind} ${metadata.namespace}/${metadata.name}`, spec]);
  assert.deepEqual(Object.fromEntries(accepted), Object.fromEntries(served));
}
