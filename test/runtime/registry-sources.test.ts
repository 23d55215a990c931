/** A registry that reads clusters is a source in each of them, and the sources follow the clusters. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { BroadcastChannel } from "node:worker_threads";
import { z } from "zod";
import { Catalog } from "../../src/catalog/catalog.ts";
import { type ClusterSet, noClusters } from "../../src/clusters/cluster-set.ts";
import type { ClusterCredential } from "../../src/clusters/credential.ts";
import type { ClusterPolicy, KnownCluster } from "../../src/clusters/known-cluster.ts";
import { mergingSchema } from "../../src/config/sections/merging-schema.ts";
import { silentLogger } from "../../src/log/logger.ts";
import type { RegistryKind } from "../../src/registries/contract.ts";
import type { Feed } from "../../src/registries/feed.ts";
import { Supervisor } from "../../src/registries/supervision/supervisor.ts";
import { expand } from "../../src/runtime/expansion.ts";
import { OperatorWords } from "../../src/runtime/operator/operator-words.ts";
import { RegistrySources } from "../../src/runtime/registry-sources.ts";
import { registryConfig } from "../support/catalog-rig.ts";
import { scriptedClusterSession } from "../support/scripted-cluster-session.ts";
import { type Command, type ScriptedSettings, serviceItem } from "../support/scripted-session.ts";

const kind: RegistryKind = {
  id: "scripted",
  summary: "Says what a test tells it.",
  schema: z.object({}),
  naming: { suffix: "scripted", template: "{name}", usualProtocols: ["http"] },
  session: scriptedClusterSession,
  sharesWorker: true,
  needsClusters: true,
};

function cluster(id: string, more: Partial<ClusterCredential> = {}, policy: Partial<ClusterPolicy> = {}): KnownCluster {
  return { credential: { id, server: `https://${id}`, priority: 0, ...more }, policy: { optional: false, ...policy } };
}

function all(...clusters: KnownCluster[]): ClusterSet {
  return { ...noClusters, clusters };
}

const registry = (more = {}) => registryConfig("k8s", { type: "scripted", network: "everywhere", ...more });
const expanded = (set: ClusterSet, remembered: readonly string[] = []) => expand(registry(), kind, set, remembered);

test("a source has its cluster's network, locality and protection, else its registry's", () => {
  const near = { network: "net-b", region: "cn-hangzhou", zone: "h" };
  const [b, c] = expanded(all(cluster("b", near, { unreachable: "drain", drainAfter: 5, optional: true }), cluster("c")));
  assert.deepEqual([b?.config.id, b?.config.network, b?.config.locality], ["k8s/b", "net-b", { region: "cn-hangzhou", zone: "h" }]);
  assert.deepEqual([b?.config.protection.unreachable, b?.config.protection.drainAfter, b?.config.required], ["drain", 5, false]);
  assert.deepEqual([c?.config.network, c?.config.locality, c?.config.protection.unreachable], ["everywhere", undefined, "keep"]);
  assert.equal(c?.config.cluster?.server, "https://c");
});

test("a registry may name its clusters; istiod's own is read for its names all the same", () => {
  const set = all(cluster("a", { local: true }), cluster("b"), cluster("c"));
  const ids = (more: object) => expand(registry(more), kind, set, []).map(({ config }) => config.id);
  assert.deepEqual(ids({}), ["k8s/a", "k8s/b", "k8s/c"]);
  assert.deepEqual(ids({ clusters: ["c"] }), ["k8s/c"]);
  assert.deepEqual(ids({ clusters: ["c"], ownCluster: false }), ["k8s/a", "k8s/c"]);
});

test("a cluster that is there, but cannot be used, goes on as an earlier process knew it; one that is gone does not", () => {
  const set: ClusterSet = { ...all(cluster("b")), unusable: ["broken"] };
  const told = expanded(set, ["b", "broken", "gone"]).map(({ config, isRunning }) => [config.id, isRunning]);
  assert.deepEqual(told, [
    ["k8s/b", true],
    ["k8s/broken", false],
  ]);
});

test("of istiod's own cluster a registry that does not serve it gives names, for which no answer waits", () => {
  const required = (ownCluster: boolean | undefined) =>
    expand(registry({ ...(ownCluster !== undefined && { ownCluster }) }), kind, all(cluster("a", { local: true }), cluster("b")), []).map(
      ({ config, isRunning }) => [config.id, config.required, isRunning],
    );
  assert.deepEqual(required(false), [
    ["k8s/a", false, true],
    ["k8s/b", true, true],
  ]);
  assert.deepEqual(required(true)[0], ["k8s/a", true, true]);
  assert.deepEqual(required(undefined)[0], ["k8s/a", true, true], "a kind without that setting");
});

test("clusters of higher priority go first, equal ones by id", () => {
  const sources = expanded(all(cluster("c"), cluster("a", { priority: 1 }), cluster("b")));
  assert.deepEqual(
    sources.map(({ config }) => config.id),
    ["k8s/a", "k8s/b", "k8s/c"],
  );
});

test("as long as not every cluster is known, the view waits, or an earlier process's clusters are served", () => {
  const set: ClusterSet = { ...all(cluster("b")), isComplete: false };
  const told = (remembered: string[]) => expanded(set, remembered).map(({ config, isRunning }) => [config.id, isRunning, config.required]);
  assert.deepEqual(told([]), [
    ["k8s/b", true, true],
    ["k8s", false, true],
  ]);
  assert.deepEqual(told(["a", "b"]), [
    ["k8s/a", false, true],
    ["k8s/b", true, true],
    ["k8s", false, false],
  ]);
});

/** Sources with a real supervisor and catalog behind them. Their sessions share a worker, and list one service each. */
function rig(t: TestContext) {
  let catalog: Catalog | undefined;
  let look = () => {};
  const feed: Feed = {
    upsert: (...word) => catalog?.upsert(...word),
    remove: (...word) => catalog?.remove(...word),
    listed: (...word) => catalog?.listed(...word),
    status(...word) {
      catalog?.status(...word);
      look();
    },
    problem: (...word) => catalog?.problem(...word),
  };
  const supervisor = new Supervisor(feed, silentLogger);
  const waiting: ClusterSet = { ...noClusters, isComplete: false };
  const operator = new OperatorWords();
  const sources = new RegistrySources([registry()], waiting, { kinds: [kind], supervisor, kept: undefined, operator });
  const mesh = { namespace: "tributary", clusterDomain: "cluster.local" };
  const served = new Catalog({ kinds: [kind], mesh, merging: mergingSchema.parse({}), log: silentLogger, relist() {} });
  catalog = served;
  sources.follow((configs) => served.setRegistries(configs));
  const channel = new BroadcastChannel(randomUUID());
  t.after(async () => {
    channel.close();
    served.close();
    await supervisor.stop();
  });
  return {
    sources,
    operator,
    catalog: served,
    supervisor,
    tell: (command: Command) => channel.postMessage(command),
    listing(id: string, service: string, weight = 1, more: Partial<ClusterCredential> = {}): KnownCluster {
      const script: ScriptedSettings = { channel: channel.name, items: [serviceItem(service, weight)], takenOver: true };
      return cluster(id, { ...script, ...more } as Partial<ClusterCredential>);
    },
    hosts: () => [...served.keys()].map((key) => key.replace("service:tributary/", "")).sort(),
    phases: () => served.reports().map(({ id, status }) => `${id} ${status.phase}`),
    /** Resolves as soon as the condition holds, looking again after every status. */
    until: (holds: () => boolean) =>
      new Promise<void>((resolve) => {
        look = () => holds() && resolve();
        look();
      }),
  };
}

test("a cluster that is added appears, and one that is removed is withdrawn at once, even if it is out of reach", async (t) => {
  const { sources, catalog, listing, hosts, phases, tell, until, supervisor } = rig(t);
  assert.deepEqual([catalog.isComplete(), phases()], [false, ["k8s starting"]]);
  sources.setClusters(all(listing("b", "orders")));
  await until(() => phases().join() === "k8s/b live");
  assert.equal(catalog.isComplete(), true);
  sources.setClusters(all(listing("b", "orders"), listing("c", "items")));
  await until(() => phases().join() === "k8s/b live,k8s/c live");
  assert.deepEqual(hosts(), ["items.scripted", "orders.scripted"]);
  tell({ do: "unreachable", text: "no route" });
  await until(() => phases().join() === "k8s/b stale,k8s/c stale");
  assert.deepEqual(hosts(), ["items.scripted", "orders.scripted"]);
  sources.setClusters(all(listing("c", "items")));
  assert.deepEqual([hosts(), phases()], [["items.scripted"], ["k8s/c stale"]]);
  assert.equal(supervisor.status("k8s/b"), undefined);
});

test("a renewed credential reaches the session without anything being withdrawn, added anew or stale", async (t) => {
  const { sources, listing, hosts, phases, until, catalog, supervisor } = rig(t);
  sources.setClusters(all(listing("b", "orders"), listing("c", "items")));
  await until(() => phases().join() === "k8s/b live,k8s/c live");
  const seen: string[] = [];
  catalog.drain();
  catalog.onDirty(() => seen.push(...catalog.drain().keys));
  const renewed = listing("b", "orders");
  sources.setClusters(all({ ...renewed, credential: { ...renewed.credential, token: "new" } }, listing("c", "items")));
  const listings = () => catalog.reports()[0]?.events.listing;
  await until(() => listings() === 2);
  assert.deepEqual([hosts(), seen, supervisor.status("k8s/b")?.epoch], [["items.scripted", "orders.scripted"], [], 0]);
});

test("where clusters disagree, the one of higher priority has the word, also if it gets that later", async (t) => {
  const { sources, catalog, listing, phases, until } = rig(t);
  const told = () => {
    const entry = catalog.get("service:tributary/orders.scripted");
    return entry?.kind === "service"
      ? entry.service.endpoints.map(({ weight, locality, registries }) => ({ weight, locality, registries }))
      : [];
  };
  const registries = ["k8s/b", "k8s/c"];
  sources.setClusters(all(listing("b", "orders", 1), listing("c", "orders", 2, { priority: 5, region: "south" })));
  await until(() => phases().join() === "k8s/c live,k8s/b live");
  assert.deepEqual(told(), [{ weight: 2, locality: { region: "south" }, registries }]);
  sources.setClusters(all(listing("b", "orders", 1, { priority: 9 }), listing("c", "orders", 2, { priority: 5, region: "south" })));
  assert.deepEqual(told(), [{ weight: 1, locality: undefined, registries }]);
});

test("a source without a credential has no session, gets one with the first, and loses it with the last", async (t) => {
  const { sources, listing, until, phases, supervisor } = rig(t);
  const spec = { id: "k8s/z", session: scriptedClusterSession };
  supervisor.add({ ...spec, settings: {}, isDormant: true });
  supervisor.replace({ ...spec, settings: { network: "other" }, isDormant: true });
  const { credential } = listing("z", "orders");
  const settings = { cluster: credential };
  supervisor.replace({ ...spec, settings });
  sources.setClusters(all());
  await until(() => supervisor.status("k8s/z")?.phase === "live");
  supervisor.replace({ ...spec, settings, isDormant: true });
  assert.equal(supervisor.status("k8s/z")?.phase, "stale");
  supervisor.replace({ ...spec, settings });
  await until(() => supervisor.status("k8s/z")?.phase === "live");
  assert.deepEqual([supervisor.status("k8s/z")?.restarts, phases()], [0, []]);
});

test("one cluster of a registry can be paused: the others go on, and its own comes back as after any reconnect", async (t) => {
  const { sources, operator, catalog, listing, hosts, phases, until, supervisor } = rig(t);
  sources.setClusters(all(listing("b", "orders"), listing("c", "items")));
  await until(() => phases().join() === "k8s/b live,k8s/c live");
  operator.set("paused", "k8s/b", { by: "somebody", since: 0 });
  sources.applyWords();
  assert.deepEqual(
    [phases(), hosts()],
    [
      ["k8s/b stale", "k8s/c live"],
      ["items.scripted", "orders.scripted"],
    ],
  );
  assert.match(supervisor.status("k8s/b")?.reason ?? "", /^paused by somebody/);
  // New settings, and another cluster, do not wake it.
  sources.setClusters(all(listing("b", "carts"), listing("c", "items"), listing("d", "users")));
  await until(() => phases().join() === "k8s/b stale,k8s/c live,k8s/d live");
  assert.equal(supervisor.status("k8s/c")?.epoch, 0);
  operator.set("paused", "k8s/b", undefined);
  sources.applyWords();
  await until(() => phases().join() === "k8s/b live,k8s/c live,k8s/d live");
  assert.deepEqual(hosts(), ["carts.scripted", "items.scripted", "orders.scripted", "users.scripted"]);
  assert.deepEqual(
    catalog.reports()[0]?.protection.holds.map(({ why }) => why),
    ["reconnect"],
  );
  assert.equal(supervisor.status("k8s/b")?.restarts, 0);
});

test("settings that only the catalog reads do not reach a session", async (t) => {
  const { sources, listing, phases, until, supervisor, catalog } = rig(t);
  sources.setClusters(all(listing("b", "orders")));
  await until(() => phases().join() === "k8s/b live");
  const { protection } = registry();
  const replaced = t.mock.method(supervisor, "replace");
  sources.setRegistries([registry({ required: false, frozen: true, protection: { ...protection, hold: 1 } })], false);
  assert.deepEqual([replaced.mock.callCount(), phases()], [0, ["k8s/b live"]]);
  assert.equal(catalog.reports()[0]?.protection.operator.frozen, "by `frozen` in the configuration");
});
