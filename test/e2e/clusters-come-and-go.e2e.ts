/**
 * Clusters from remote secrets, while Tributary runs: what comes is served, what is rotated does not blink, what is
 * removed is withdrawn at once, and what is bad costs only itself.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type SliceEndpoint, serviceObject, sliceObject } from "../support/kubernetes-objects.ts";
import { eventually } from "./servers/eventually.ts";
import { KubernetesApi } from "./servers/kubernetes-api.ts";
import { Tributary } from "./servers/tributary.ts";
import { type Observer, observeDelta } from "./zookeeper-faults/observers.ts";

const orders = "tributary/orders.shop.svc.cluster.local";
const items = "tributary/items.shop.svc.cluster.local";
const reader = [
  { apiGroups: [""], resources: ["services", "nodes"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
];

interface DebugClusters {
  readonly clusters: readonly {
    readonly id: string;
    readonly state: string;
    readonly reason?: string;
    readonly owner: string;
    readonly rejected: readonly string[];
    readonly renewals: number;
  }[];
}

suite("Clusters that come and go", { concurrency: false }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "clusters-"));
  let [a, b, c]: KubernetesApi[] = [];
  let stopClusters: () => Promise<void>;
  let tributary: Tributary;
  let observer: Observer;

  before(async () => {
    const clusters = await KubernetesApi.start("a", "b", "c");
    [a, b, c] = clusters.apis;
    stopClusters = clusters.stop;
    await a!.namespace("istio-system");
    for (const api of [b!, c!]) await api.namespace("shop");
    await put(b!, "orders", "10.2.0.1", "10.2.0.2");
    await put(c!, "orders", "10.3.0.1");
    await put(c!, "items", "10.3.0.2");
    const kubeconfig = path.join(folder, "a.yaml");
    writeFileSync(kubeconfig, a!.kubeconfig());
    tributary = await Tributary.start({
      registries: [{ id: "k8s", type: "kubernetes", heartbeat: "1s" }],
      clusters: {
        list: [{ id: "a", kubeconfig, local: true }],
        remoteSecrets: {},
        health: { interval: "1s", timeout: "1s", unhealthyThreshold: 2, healthyThreshold: 1 },
      },
      lastKnownGood: path.join(folder, "state"),
    });
    observer = observeDelta(tributary.address);
  });

  after(async () => {
    observer?.stop();
    await tributary?.stop();
    await stopClusters?.();
    rmSync(folder, { recursive: true, force: true });
  });

  test("without any remote secret the view is complete, and empty", async () => {
    await eventually("complete", async () => (await tributary.metrics()).sum("tributary_complete") === 1);
    assert.deepEqual(await stateOf("b"), undefined);
  });

  test("a cluster that is added by a remote secret appears, and another joins it", async () => {
    await giveSecret("b", { b: b!.kubeconfig(await b!.account("one", reader)) });
    await observer.view.until("b's endpoints", () => addresses(orders) === "10.2.0.1,10.2.0.2", 5_000);
    await eventually("b is synced", async () => (await stateOf("b"))?.state === "synced");
    await giveSecret("c", { c: c!.kubeconfig() });
    await observer.view.until("c's endpoints", () => addresses(orders) === "10.2.0.1,10.2.0.2,10.3.0.1", 5_000);
  });

  test("a credential that is rotated is in use at once, and not one endpoint blinks", async () => {
    const mark = observer.view.removals.length;
    const sequence = (await tributary.metrics()).sum("tributary_snapshot_sequence");
    await giveSecret("b", { b: b!.kubeconfig(await b!.account("two", reader)) });
    await eventually("b is renewed", async () => (await stateOf("b"))?.renewals === 1);
    // Whoever still used the old one would be out of contact from now on.
    await b!.remove("/api/v1/namespaces/default/serviceaccounts/one");
    await sleep(3_000);
    assert.deepEqual([(await stateOf("b"))?.state, observer.view.removals.length], ["synced", mark]);
    assert.equal((await tributary.metrics()).sum("tributary_snapshot_sequence"), sequence, "nothing was published");
    await put(b!, "orders", "10.2.0.1", "10.2.0.2", "10.2.0.3");
    await observer.view.until("the new one", () => addresses(orders).includes("10.2.0.3"), 5_000);
  });

  test("what is bad is refused and named: a command, no kubeconfig, an id that has an owner; the others live on", async () => {
    const mark = observer.view.removals.length;
    const user = { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/touch", args: [path.join(folder, "owned")] } };
    const withCommand = { ...JSON.parse(b!.kubeconfig()), users: [{ name: "admin", user }] };
    await giveSecret("b", { b: JSON.stringify(withCommand) });
    await eventually("b's new one is refused", async () => /`exec`/.test((await stateOf("b"))?.reason ?? ""));
    await giveSecret("bad", { d: "kubeconfig: none", c: c!.kubeconfig() });
    await eventually("d is refused", async () => (await stateOf("d"))?.state === "refused");
    assert.deepEqual((await stateOf("c"))?.rejected, ["secret istio-system/bad"]);
    await put(b!, "orders", "10.2.0.1", "10.2.0.2", "10.2.0.3", "10.2.0.4");
    await observer.view.until("b lives on", () => addresses(orders).includes("10.2.0.4"), 5_000);
    assert.equal(observer.view.removals.length, mark);
    assert.throws(() => rmSync(path.join(folder, "owned")), /ENOENT/, "no command was run");
    await a!.remove("/api/v1/namespaces/istio-system/secrets/bad");
    await eventually("d is gone", async () => (await stateOf("d")) === undefined);
  });

  test("restarted while the cluster with the secrets is out of reach, what an earlier process knew is served", async () => {
    await giveSecret("b", { b: b!.kubeconfig(await b!.account("two", reader)) });
    await eventually("b is well again", async () => (await stateOf("b"))?.reason === undefined);
    a!.suspend();
    try {
      const mark = observer.view.removals.length;
      await tributary.restart();
      await eventually("complete", async () => (await tributary.metrics()).sum("tributary_complete") === 1);
      assert.equal((await tributary.metrics()).sum("tributary_registry_restored", { registry: "k8s/b" }), 1);
      await sleep(2_000);
      assert.equal(observer.view.removals.length, mark);
    } finally {
      a!.resume();
    }
    await eventually("b is live", async () => (await stateOf("b"))?.state === "synced", { within: 60_000 });
    await put(b!, "orders", "10.2.0.1", "10.2.0.2", "10.2.0.3", "10.2.0.4", "10.2.0.5");
    await observer.view.until("b's change", () => addresses(orders).includes("10.2.0.5"), 10_000);
  });

  test("a cluster whose secret is removed is withdrawn at once, also if it is out of reach", async (t) => {
    c!.suspend();
    t.after(() => c!.resume());
    await eventually("c is out of reach", async () => (await stateOf("c"))?.state === "unreachable", { within: 10_000 });
    assert.match(addresses(orders), /10\.3\.0\.1/, "being out of reach takes nothing away");
    await a!.remove("/api/v1/namespaces/istio-system/secrets/c");
    await observer.view.until("c's endpoints go", () => !addresses(orders).includes("10.3.0.1"), 2_000);
    await observer.view.until("c's own service goes", () => ![...observer.view.services].includes(items), 1_000);
    await a!.remove("/api/v1/namespaces/istio-system/secrets/b");
    await observer.view.until("b goes, too", () => ![...observer.view.services].includes(orders), 2_000);
    assert.deepEqual(
      (await clusters()).map(({ id }) => id),
      ["a"],
    );
  });

  async function put(api: KubernetesApi, service: string, ...addresses: string[]): Promise<void> {
    const endpoints = addresses.map((address): SliceEndpoint => ({ address }));
    await api.apply(`/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/${service}-1`, sliceObject(service, { endpoints }));
    await api.apply(`/api/v1/namespaces/shop/services/${service}`, serviceObject(service));
  }

  async function giveSecret(name: string, clusters: Record<string, string>): Promise<void> {
    const data = Object.fromEntries(Object.entries(clusters).map(([id, text]) => [id, Buffer.from(text).toString("base64")]));
    await a!.apply(`/api/v1/namespaces/istio-system/secrets/${name}`, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "istio-system", labels: { "istio/multiCluster": "true" } },
      data,
    });
  }

  function addresses(service: string): string {
    const mine = observer.view.all.filter((one) => one.startsWith(`${service} `));
    return mine
      .map((one) => one.slice(service.length + 1).replace(/:\d+$/, ""))
      .sort()
      .join();
  }

  async function clusters(): Promise<DebugClusters["clusters"]> {
    const response = await fetch(`http://127.0.0.1:${tributary.adminPort}/debug/clusters?format=json`);
    return ((await response.json()) as DebugClusters).clusters;
  }

  async function stateOf(id: string) {
    return (await clusters()).find((cluster) => cluster.id === id);
  }
});
