/**
 * Services of three real clusters on one etcd, as a real istiod and the sidecars behind it see them. istiod runs in the
 * first; the faults are the API servers' and their credentials'.
 */
import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type SliceEndpoint, serviceObject, sliceObject } from "../support/kubernetes-objects.ts";
import type { Etcd } from "./servers/etcd.ts";
import { eventually } from "./servers/eventually.ts";
import { Istiod } from "./servers/istiod.ts";
import { KubernetesApi } from "./servers/kubernetes-api.ts";
import { SidecarClient } from "./servers/sidecar-client.ts";
import { Tributary } from "./servers/tributary.ts";
import { full } from "./tier.ts";
import { type Observer, observeDelta, observeSidecar } from "./zookeeper-faults/observers.ts";

/** Of an API server that stands still. ms */
const outage = full ? 90_000 : 15_000;
const host = "orders.shop.svc.cluster.local";
const name = `tributary/${host}`;
const cluster = `outbound|80||${host}`;
const reader = [
  { apiGroups: [""], resources: ["services", "nodes"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
];

suite("Services of several clusters", { concurrency: false }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "clusters-"));
  let etcd: Etcd;
  let [a, b, c]: KubernetesApi[] = [];
  let stopClusters: () => Promise<void>;
  let istiod: Istiod;
  let tributary: Tributary;
  let sidecar: SidecarClient;
  let observers: Observer[] = [];

  before(async () => {
    const clusters = await KubernetesApi.start("a", "b", "c");
    etcd = clusters.etcd;
    [a, b, c] = clusters.apis;
    stopClusters = clusters.stop;
    for (const namespace of ["istio-system", "tributary"]) await a!.namespace(namespace);
    await fill();
    giveKubeconfig(b!, await b!.account("reader", reader));
    for (const api of [a!, c!]) giveKubeconfig(api);
    istiod = await Istiod.prepareIn(a!);
    const file = (api: KubernetesApi) => ({ id: api.id, kubeconfig: path.join(folder, `${api.id}.yaml`) });
    tributary = await Tributary.start({
      registries: [{ id: "k8s", type: "kubernetes", heartbeat: "1s" }],
      clusters: { list: [{ ...file(a!), local: true }, { ...file(b!), network: "net-b", region: "north" }, file(c!)] },
      istiod: istiod.ports,
    });
    await istiod.start(tributary.address);
    sidecar = new SidecarClient(`127.0.0.1:${istiod.ports.grpc}`);
    await sidecar.until("both endpoints", ({ endpoints }) => endpoints.get(cluster)?.length === 2);
    observers = [observeDelta(tributary.address), observeSidecar(sidecar)];
    await observers[0]!.view.until("the services", ({ all }) => all.length >= 3, 10_000);
  });

  beforeEach(() => eventually("all clusters are live", async () => (await isLive("a")) && (await isLive("b")) && (await isLive("c"))));

  after(async () => {
    for (const observer of observers) observer.stop();
    await istiod?.stop();
    await tributary?.stop();
    await stopClusters?.();
    rmSync(folder, { recursive: true, force: true });
  });

  test("of one name are one ServiceEntry, whose endpoints tell their cluster, network and locality", async () => {
    const entry = (await istiod.serviceEntries()).get(name);
    assert.deepEqual(entry?.spec.endpoints, [
      {
        address: "10.2.0.1",
        labels: { "tributary.dev/cluster": "b", "tributary.dev/registry": "k8s" },
        locality: "north/z1",
        network: "net-b",
        ports: { http: 8080 },
      },
      {
        address: "10.3.0.1",
        labels: { "tributary.dev/cluster": "c", "tributary.dev/registry": "k8s" },
        ports: { http: 8080 },
      },
    ]);
    assert.deepEqual(sidecar.endpoints.get(cluster)?.at(-1), "10.3.0.1:8080");
  });

  test("of istiod's own cluster keep their proxies, and the ServiceEntry of the same host is said to be out of use", async () => {
    const twin = "home.shop.svc.cluster.local";
    const twinCluster = `outbound|80||${twin}`;
    await sidecar.until("the Service", ({ endpoints }) => (endpoints.get(twinCluster)?.length ?? 0) > 0);
    assert.ok((await istiod.serviceEntries()).has(`tributary/${twin}`));
    assert.deepEqual(sidecar.endpoints.get(twinCluster), ["10.1.0.9:8080"], "the endpoints of its own cluster alone");
    assert.match(sidecar.names.get(twin)?.[0] ?? "", /^10\.0\./, "the Service's own address");
    assert.match(await tributary.why(twin), /host-in-own-cluster/);
    assert.match(await tributary.check(), /home\.shop\.svc\.cluster\.local: .*proxies get that one alone.*\[host-in-own-cluster\]/);
    assert.doesNotMatch(await tributary.why(host), /host-in-own-cluster/);
  });

  test("in the namespace of istiod's own Service, the endpoints of both are joined", async (t) => {
    const other = await Tributary.start({
      registries: [{ id: "shop", type: "kubernetes", namespaces: ["shop"], naming: { namespace: "shop" } }],
      clusters: { list: [{ id: "b", kubeconfig: path.join(folder, "b.yaml") }] },
    });
    t.after(() => other.stop());
    const second = await Istiod.prepareIn(a!);
    t.after(() => second.stop());
    await second.start(other.address);
    const proxy = new SidecarClient(`127.0.0.1:${second.ports.grpc}`);
    t.after(() => proxy.close());
    const wanted = ["10.1.0.9:8080", "10.2.0.9:8080"].join();
    await proxy.until("both", ({ endpoints }) => endpoints.get("outbound|80||home.shop.svc.cluster.local")?.join() === wanted);
  });

  test("an endpoint comes and goes within a second", async () => {
    await endpoints(b!, "10.2.0.1", "10.2.0.2");
    await sees("10.2.0.2", true);
    await endpoints(b!, "10.2.0.1");
    await sees("10.2.0.2", false);
  });

  test(`an API server that stands still for ${outage / 1_000} s costs no endpoint, and is noticed`, async (t) => {
    const mark = removals();
    b!.suspend();
    t.after(() => b!.resume());
    await eventually("b is stale", async () => !(await isLive("b")), { within: 10_000 });
    assert.ok(await isLive("c"));
    await endpoints(c!, "10.3.0.1", "10.3.0.2");
    await sees("10.3.0.2", true);
    await sleep(outage);
    b!.resume();
    await endpoints(b!, "10.2.0.1", "10.2.0.3");
    await sees("10.2.0.3", true, 15_000);
    assert.deepEqual(removals().slice(mark.length), []);
  });

  test("killed with -9 and restarted behind a compaction (410), it costs none", async () => {
    const mark = removals();
    await b!.kill();
    await eventually("b is stale", async () => !(await isLive("b")), { within: 10_000 });
    await etcd.compact();
    await b!.restart();
    await endpoints(b!, "10.2.0.1", "10.2.0.3", "10.2.0.4");
    await sees("10.2.0.4", true, 15_000);
    assert.deepEqual(removals().slice(mark.length), []);
  });

  test("a token that is revoked costs none, and a new one is taken over while running", async () => {
    const mark = removals();
    await b!.remove("/api/v1/namespaces/default/serviceaccounts/reader");
    await eventually("b is stale", async () => !(await isLive("b")), { within: 60_000 });
    await eventually("the reason is said", () => /cluster b .*401/.test(tributary.output()));
    giveKubeconfig(b!, await b!.account("reader", reader));
    await eventually("b is live", () => isLive("b"));
    await endpoints(b!, "10.2.0.1", "10.2.0.3", "10.2.0.4", "10.2.0.5");
    await sees("10.2.0.5", true, 15_000);
    assert.deepEqual(removals().slice(mark.length), []);
  });

  test("a permission that is missing for one resource is named, and the rest works", async () => {
    const token = await b!.account(
      "half",
      reader.map((rule) => ({ ...rule, resources: rule.resources.filter((one) => one !== "nodes") })),
    );
    giveKubeconfig(b!, token);
    await eventually("the new credential is in use", () => /may not (list|watch) nodes/.test(tributary.output()), { within: 45_000 });
    await endpoints(b!, "10.2.0.1", "10.2.0.3", "10.2.0.4", "10.2.0.5", "10.2.0.6");
    await sees("10.2.0.6", true, 5_000);
    giveKubeconfig(b!, await b!.account("reader", reader));
  });

  test("an etcd that is set up anew costs none: what it lacks is held until it is there again", async () => {
    await endpoints(b!, "10.2.0.1");
    await endpoints(c!, "10.3.0.1");
    await sees("10.2.0.6", false, 45_000);
    await sees("10.3.0.2", false, 45_000);
    const mark = removals();
    for (const api of [a!, b!, c!]) await api.kill();
    await etcd.reset();
    await Promise.all([a!, b!, c!].map((api) => api.restart()));
    await fill();
    giveKubeconfig(b!, await b!.account("reader", reader));
    await eventually("all are live", async () => (await isLive("b")) && (await isLive("c")));
    await endpoints(b!, "10.2.0.1", "10.2.0.7");
    await sees("10.2.0.7", true, 15_000);
    assert.deepEqual(
      removals()
        .slice(mark.length)
        .filter(({ service }) => service.includes("orders")),
      [],
    );
  });

  /** What there is at the beginning. */
  async function fill(): Promise<void> {
    for (const api of [a!, b!, c!]) await api.namespace("shop");
    await put(a!, "home", [{ address: "10.1.0.9" }]);
    await put(b!, "home", [{ address: "10.2.0.9" }]);
    await endpoints(b!, "10.2.0.1");
    await endpoints(c!, "10.3.0.1");
  }

  /** Written beside it and moved, as a mounted Secret changes. */
  function giveKubeconfig(api: KubernetesApi, token?: string): void {
    const file = path.join(folder, `${api.id}.yaml`);
    writeFileSync(`${file}.new`, api.kubeconfig(token));
    renameSync(`${file}.new`, file);
  }

  function endpoints(api: KubernetesApi, ...addresses: string[]): Promise<void> {
    const zone = api === b ? { zone: "z1" } : {};
    return put(
      api,
      "orders",
      addresses.map((address) => ({ address, ...zone })),
    );
  }

  async function put(api: KubernetesApi, service: string, of: readonly SliceEndpoint[]): Promise<void> {
    await api.apply(`/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/${service}-1`, sliceObject(service, { endpoints: of }));
    await api.apply(`/api/v1/namespaces/shop/services/${service}`, serviceObject(service));
  }

  function sees(address: string, there: boolean, within = 2_000): Promise<void> {
    const what = `${address} ${there ? "comes" : "goes"}`;
    return sidecar.until(what, ({ endpoints: all }) => (all.get(cluster)?.includes(`${address}:8080`) ?? false) === there, within);
  }

  function removals() {
    return observers.flatMap(({ view }) => view.removals);
  }

  async function isLive(id: string): Promise<boolean> {
    return (await tributary.metrics()).sum("tributary_registry_phase", { registry: `k8s/${id}`, phase: "live" }) === 1;
  }
});
