/** The cluster manager with real workers, against API servers that are played. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { ClusterManager } from "../../src/clusters/cluster-manager.ts";
import type { ClusterSet } from "../../src/clusters/cluster-set.ts";
import type { ClustersConfig } from "../../src/config/schema.ts";
import { clustersSchema } from "../../src/config/sections/clusters-schema.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { authority, certificate } from "../support/certificates.ts";
import { FakeKubernetes } from "../support/fake-kubernetes/server.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

function kubeconfig(name: string, server: string, user: object = { token: `token-of-${name}` }): string {
  return JSON.stringify({
    kind: "Config",
    "current-context": "the-context",
    clusters: [{ name, cluster: { server, "certificate-authority-data": authority.toString("base64") } }],
    users: [{ name: "the-user", user }],
    contexts: [{ name: "the-context", context: { cluster: name, user: "the-user" } }],
  });
}

function configured(config: object): ClustersConfig {
  const health = { interval: "50ms", timeout: "2s", unhealthyThreshold: 2, healthyThreshold: 1 };
  return clustersSchema.parse({ health, ...config });
}

interface Rig {
  readonly manager: ClusterManager;
  readonly sets: readonly ClusterSet[];
  readonly recovered: readonly string[];
  /** Looks again whenever the manager told something, and every few ms. */
  until(what: string, holds: () => boolean): Promise<void>;
  tokens(): (string | undefined)[];
}

function managed(t: TestContext, config: ClustersConfig): Rig {
  const sets: ClusterSet[] = [];
  const recovered: string[] = [];
  const manager = new ClusterManager(config, silentLogger, { changed: (set) => sets.push(set), recovered: (id) => recovered.push(id) });
  t.after(() => manager.stop());
  return {
    manager,
    sets,
    recovered,
    async until(what, holds) {
      const end = performance.now() + 10_000;
      while (!holds()) {
        if (performance.now() > end)
          assert.fail(`not in time: ${what}; ${JSON.stringify(manager.list())} ${JSON.stringify(manager.places())}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    tokens: () => manager.set.clusters.map(({ credential }) => credential.token),
  };
}

const api = async (t: TestContext): Promise<FakeKubernetes> => {
  const fake = await FakeKubernetes.start(certificate("server"));
  t.after(() => fake.shutDown());
  return fake;
};

function secret(name: string, clusters: Record<string, string>, creationTimestamp = "2026-01-01T00:00:00Z") {
  const data = Object.fromEntries(Object.entries(clusters).map(([id, text]) => [id, Buffer.from(text).toString("base64")]));
  return {
    metadata: { name, namespace: "istio-system", labels: { "istio/multiCluster": "true" }, creationTimestamp },
    data,
  };
}

async function withFolder(t: TestContext, folder: TempFolder, config: object = {}): Promise<Rig> {
  const rig = managed(t, configured({ folder: folder.path, ...config }));
  await rig.until("the folder is read", () => rig.manager.set.isComplete);
  return rig;
}

test("a folder of kubeconfigs is followed: clusters come, are rotated and go; a broken one keeps what it was", async (t) => {
  const fake = await api(t);
  const folder = tempFolder(t);
  folder.write("b.yaml", kubeconfig("b", fake.url));
  const settled = {
    id: "b",
    network: "net-b",
    region: "r",
    zone: "z",
    priority: 7,
    optional: true,
    unreachable: "drain",
    drainAfter: "5m",
  };
  const { manager, until, tokens } = await withFolder(t, folder, { list: [settled, { id: "off", enabled: false }] });
  const [{ credential, policy } = assert.fail()] = manager.set.clusters;
  assert.deepEqual([credential.network, credential.region, credential.zone, credential.priority], ["net-b", "r", "z", 7]);
  assert.deepEqual(policy, { optional: true, unreachable: "drain", drainAfter: 300_000 });
  folder.write("c.yaml", kubeconfig("c", fake.url));
  folder.write("off.yaml", kubeconfig("off", fake.url));
  await until("c comes", () => tokens().join() === "token-of-b,token-of-c");
  await until("off is there, and closed", () => manager.get("off") !== undefined);
  folder.write("b.yaml", kubeconfig("b", fake.url, { token: "renewed" }));
  await until("b is rotated", () => tokens().join() === "renewed,token-of-c");
  assert.equal(manager.get("b")?.renewals, 1);
  folder.write("b.yaml", kubeconfig("b", fake.url, { exec: { command: "/bin/steal", apiVersion: "client.authentication.k8s.io/v1" } }));
  await until("it is refused", () => manager.get("b")?.refused !== undefined);
  assert.match(manager.get("b")?.refused ?? "", /`exec`/);
  assert.deepEqual(tokens(), ["renewed", "token-of-c"]);
  folder.write("d.yaml", "{ broken");
  await until("it is told", () => manager.places()[0]?.problems.some(({ where }) => where.endsWith("d.yaml")) === true);
  rmSync(`${folder.path}/c.yaml`);
  await until("c goes", () => tokens().join() === "renewed");
  rmSync(folder.path, { recursive: true });
  await until("the folder is out of reach", () => manager.places()[0]?.status.phase === "stale");
  assert.deepEqual(tokens(), ["renewed"]);
});

test("remote secrets of the default cluster are followed, one bad key costs only itself", async (t) => {
  const [local, far] = [await api(t), await api(t)];
  const folder = tempFolder(t);
  const path = folder.write("a.kubeconfig", kubeconfig("a", local.url));
  local.objects.put("secrets", secret("two", { b: kubeconfig("b", far.url), c: "no kubeconfig", "no id!": kubeconfig("x", far.url) }));
  local.objects.put("secrets", secret("late", { b: kubeconfig("b", far.url, { token: "stolen" }) }, "2026-06-01T00:00:00Z"));
  const config = { list: [{ id: "a", kubeconfig: path, local: true }], remoteSecrets: {} };
  const { manager, until, tokens, sets } = managed(t, configured(config));
  assert.equal(manager.set.isComplete, false, "nobody knows so far");
  await until("complete", () => manager.set.isComplete);
  assert.deepEqual(tokens(), ["token-of-a", "token-of-b"]);
  assert.deepEqual(manager.set.unusable, ["c"]);
  assert.deepEqual(manager.get("b")?.rejected, ["secret istio-system/late"]);
  assert.equal(manager.get("a")?.known?.credential.local, true);
  const problems = manager.places().find(({ name }) => name === "remote-secrets")?.problems ?? [];
  assert.deepEqual(problems.map(({ where }) => where).sort(), [
    "cluster c, secret istio-system/two",
    "secret istio-system/two, key no id!",
  ]);
  const before = sets.length;
  local.objects.put("secrets", secret("two", { b: kubeconfig("b", far.url, { token: "renewed" }), d: kubeconfig("d", far.url) }));
  await until("rotated and added", () => tokens().join() === "token-of-a,renewed,token-of-d");
  assert.ok(!sets.slice(before).some(({ clusters }) => clusters.length < 2), "nothing was away meanwhile");
  local.objects.remove("secrets", "istio-system/two");
  await until("the second owner takes over, d goes", () => tokens().join() === "token-of-a,stolen");
  await local.shutDown();
  await until("out of reach", () => manager.places().find(({ name }) => name === "remote-secrets")?.status.phase === "stale");
  assert.deepEqual(tokens(), ["token-of-a", "stolen"], "what cannot be read goes on as it was");
});

test("probes find out that an API server stands still, and that it is back, and take nothing away", async (t) => {
  const fake = await api(t);
  const folder = tempFolder(t);
  folder.write("b.yaml", kubeconfig("b", fake.url));
  const { manager, until, recovered, sets } = await withFolder(t, folder, { health: { interval: "20ms", timeout: "100ms" } });
  const phase = () => manager.get("b")?.health?.phase;
  await until("healthy", () => phase() === "live");
  const before = sets.length;
  fake.behaviour = "mute";
  await until("unhealthy", () => phase() === "stale");
  assert.match(manager.get("b")?.health?.reason ?? "", /no complete answer/);
  fake.behaviour = "normal";
  await until("healthy again", () => phase() === "live");
  assert.deepEqual([recovered, sets.length, manager.get("b")?.renewals], [["b"], before, 1]);
});

test("the default cluster is the named one, else the local one, else the first with a credential", async (t) => {
  const list = [{ id: "none" }, { id: "first", kubeconfig: "/nowhere/first" }, { id: "own", inCluster: true }];
  const { manager } = managed(t, configured({ list }));
  assert.equal(manager.default, "own");
  manager.configure(configured({ list: list.slice(0, 2) }));
  assert.equal(manager.default, "first");
  manager.configure(configured({ list, default: "elsewhere" }));
  assert.equal(manager.default, "elsewhere");
});

test("a configured cluster whose kubeconfig is missing is known as one that cannot be used, and comes with the file", async (t) => {
  const fake = await api(t);
  const folder = tempFolder(t);
  const { manager, until, tokens } = managed(t, configured({ list: [{ id: "b", kubeconfig: `${folder.path}/late` }] }));
  await until("it is refused", () => manager.set.isComplete && manager.set.unusable.join() === "b");
  assert.match(manager.get("b")?.refused ?? "", /cannot be read/);
  folder.write("late", kubeconfig("whatever", fake.url));
  await until("it comes", () => tokens().join() === "token-of-whatever");
  manager.configure(configured({}));
  await until("it goes with its entry", () => manager.set.clusters.length === 0 && manager.list().length === 0);
});
