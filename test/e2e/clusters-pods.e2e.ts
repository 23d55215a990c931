/**
 * Pods that describe themselves, at a real API server: what `tributary register` writes is found by the pod registries of
 * another Tributary and served; the shipped policy lets it write nothing else; facts about pods reach other registries' endpoints.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { parse, parseAllDocuments } from "yaml";
import { type ServiceEntry, ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import type { ApiFailure } from "../../src/registries/kubernetes/connection/api-failure.ts";
import { ClusterConnection } from "../../src/registries/kubernetes/connection/cluster-connection.ts";
import { recordsPayload } from "../../src/registries/pod-records/records.ts";
import { certificateFile } from "../support/certificates.ts";
import { DeltaClient } from "../support/delta-client.ts";
import { type PodOptions, podObject, podStatus, providerKey } from "../support/pod-objects.ts";
import { repository } from "./install/cache.ts";
import { Child } from "./servers/child.ts";
import { eventually } from "./servers/eventually.ts";
import { freePorts } from "./servers/free-port.ts";
import { KubernetesApi } from "./servers/kubernetes-api.ts";
import { Tributary } from "./servers/tributary.ts";
import { type Observer, observeDelta } from "./zookeeper-faults/observers.ts";

const pods = "/api/v1/namespaces/shop/pods";
const orders = "tributary/orders.shop.pods";
const address = "10.4.0.1";
const annotation = "tributary.dev/services";

suite("Pods that describe themselves", { concurrency: false }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "pods-"));
  let api: KubernetesApi;
  let other: KubernetesApi;
  let stopCluster: () => Promise<void>;
  let tributary: Tributary;
  let observer: Observer;
  let client: DeltaClient;
  const told = new Map<string, ServiceEntry>();
  let token: string;
  let registrar: Child;

  before(async () => {
    const clusters = await KubernetesApi.start("a", "b");
    api = clusters.apis[0]!;
    other = clusters.apis[1]!;
    stopCluster = clusters.stop;
    const labels = { "tributary.dev/register": "true" };
    await api.apply("/api/v1/namespaces/shop", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels } });
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "order", namespace: "shop" } };
    await api.apply("/api/v1/namespaces/shop/serviceaccounts/order", account);
    for (const file of ["role.yaml", "policy.yaml"]) await applyManifest(file);
    await api.apply("/api/v1/nodes/node-1", {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-1", labels: { "topology.kubernetes.io/region": "r1", "topology.kubernetes.io/zone": "z1" } },
    });
    const described = { labels: { app: "order", version: "v1" }, annotations: { mine: "kept" }, node: "node-1", serviceAccount: "order" };
    await putPod(api, "order-1", address, described);
    await putPod(api, "order-2", "10.4.0.2", described);
    token = await boundToken("order-1");
    writeFileSync(path.join(folder, "token"), token);
    await other.namespace("shop");
    for (const one of [api, other]) writeFileSync(path.join(folder, `${one.id}.yaml`), one.kubeconfig());
    for (const name of ["near", "far"]) {
      const services = `services: [{ name: ${name}, instances: [{ address: ${address}, ports: [{ number: 7, protocol: http }] }] }]`;
      writeFileSync(path.join(folder, `services-${name}.yaml`), services);
    }
    tributary = await Tributary.start({
      registries: [
        { id: "pods", type: "annotated-pods" },
        { id: "dubbo", type: "dubbo-pods", heartbeat: "1s" },
        { id: "facts", type: "pod-facts" },
        { id: "near", type: "file", path: path.join(folder, "services-near.yaml"), enrich: { labels: ["version"] } },
        { id: "far", type: "file", path: path.join(folder, "services-far.yaml"), network: "n2", enrich: { labels: ["version"] } },
      ],
      clusters: {
        list: [
          { id: "a", kubeconfig: path.join(folder, "a.yaml") },
          { id: "b", kubeconfig: path.join(folder, "b.yaml"), network: "n2" },
        ],
      },
    });
    observer = observeDelta(tributary.address);
    client = new DeltaClient({ target: tributary.address });
    client.events.on("response", ({ resources }) => {
      for (const { name, resource } of resources) {
        const entry = resource && anyUnpack(resource, ServiceEntrySchema);
        if (entry) told.set(name, entry);
      }
    });
    client.subscribe("type.googleapis.com/istio.networking.v1alpha3.ServiceEntry");
    await eventually("complete", async () => (await tributary.metrics()).sum("tributary_complete") === 1);
  });

  after(async () => {
    observer?.stop();
    client?.stop();
    await registrar?.kill();
    await tributary?.stop();
    await stopCluster?.();
    rmSync(folder, { recursive: true, force: true });
  });

  test("what `tributary register` writes is found and served", async () => {
    registrar = register("--service", "orders=http:8080");
    await observer.view.until("the endpoint", () => endpoints(orders) === `${address}:8080`, 20_000);
    assert.equal((await metadata()).labels?.[annotation], "json-services");
  });

  test("killed and started again with other services, it leaves nothing of the old ones", async () => {
    await registrar.kill();
    registrar = register("--service", "orders=http:8081", "--service", "items=grpc:9090");
    await observer.view.until("the new port", () => endpoints(orders) === `${address}:8081`, 20_000);
    await observer.view.until("the new service", () => [...observer.view.services].some((name) => name.includes("items.shop.pods")), 5_000);
    assert.equal(JSON.parse((await metadata()).annotations?.[annotation] ?? "").services.length, 2);
  });

  test("a pod that is not ready is not served; ready again, it is", async () => {
    await setStatus(api, "order-1", { addresses: [address], ready: false });
    await observer.view.until("no endpoint", () => endpoints(orders) === "", 5_000);
    await setStatus(api, "order-1", { addresses: [address] });
    await observer.view.until("the endpoint again", () => endpoints(orders) === `${address}:8081`, 5_000);
  });

  test("the policy lets the pod's token change that pod's registration, and nothing else", async (t) => {
    const connection = new ClusterConnection(api.credential({ token }), 10_000);
    t.after(() => connection.close());
    const patch = (name: string, body: object) =>
      connection
        .json({ path: `${pods}/${name}`, method: "PATCH", body: { type: "application/merge-patch+json", text: JSON.stringify(body) } })
        .then(
          () => "allowed",
          (error: ApiFailure) => error.message,
        );
    const ours = { metadata: { annotations: { "dubbo.io/annotation": "W10=" }, labels: { "dubbo.io/label": "dubbo.io.provider" } } };
    assert.equal(await patch("order-1", ours), "allowed");
    assert.match(await patch("order-2", ours), /only the own pod/);
    assert.match(await patch("order-1", { metadata: { annotations: { other: "x" } } }), /annotations/);
    assert.match(await patch("order-1", { metadata: { annotations: { mine: null } } }), /annotations/);
    assert.match(await patch("order-1", { metadata: { labels: { app: "x" } } }), /labels/);
    assert.match(await patch("order-1", { spec: { activeDeadlineSeconds: 10 } }), /nothing but labels/);
    assert.match(await patch("order-1", { metadata: { finalizers: ["example.com/x"] } }), /nothing but labels/);
    const unbound = new ClusterConnection(api.credential({ token: await accountToken({}) }), 10_000);
    t.after(() => unbound.close());
    const body = { type: "application/merge-patch+json", text: JSON.stringify(ours) };
    await assert.rejects(unbound.json({ path: `${pods}/order-1`, method: "PATCH", body }), /only the own pod/);
    await api.apply(`${pods}/order-2`, { apiVersion: "v1", kind: "Pod", metadata: { name: "order-2", labels: { admin: "may" } } });
    assert.equal(
      await patch("order-1", { metadata: { annotations: { "dubbo.io/annotation": null }, labels: { "dubbo.io/label": null } } }),
      "allowed",
    );
  });

  test("facts about the pod reach another registry's endpoint, follow the pod's labels, and are another cluster's in its network", async () => {
    await eventually("the label", () => endpointOf("near")?.labels?.version === "v1");
    assert.equal(endpointOf("near")?.locality, "r1/z1");
    await merge(api, `${pods}/order-1`, { metadata: { labels: { version: "v2" } } });
    await eventually("the changed label", () => endpointOf("near")?.labels?.version === "v2");
    assert.equal(endpointOf("far")?.labels?.version, undefined);
    // At the same address, in another network.
    await putPod(other, "order-9", address, { labels: { version: "elsewhere" } });
    await eventually("the other pod's label", () => endpointOf("far")?.labels?.version === "elsewhere");
    assert.equal(endpointOf("near")?.labels?.version, "v2");
  });

  test("services of a file are followed, and those that the application itself tells on loopback come beside them", async () => {
    await registrar.kill();
    const file = path.join(folder, "register.yaml");
    const [port] = await freePorts(1);
    writeFileSync(file, "services: [{ name: orders, ports: [{ number: 8082, protocol: http }] }]");
    registrar = register("--file", file, "--listen", String(port));
    await observer.view.until("the port in the file", () => endpoints(orders) === `${address}:8082`, 20_000);
    writeFileSync(file, "services: [{ name: orders, ports: [{ number: 8083, protocol: http }] }]");
    await observer.view.until("the port in the file now", () => endpoints(orders) === `${address}:8083`, 10_000);
    const body = JSON.stringify({ services: [{ name: "items", ports: [{ number: 9091, protocol: "http" }] }] });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`http://127.0.0.1:${port}/services`, { method: "PUT", headers, body });
    assert.equal(response.status, 200, await response.text());
    await observer.view.until("the application's own", () => endpoints("tributary/items.shop.pods") === `${address}:9091`, 5_000);
    assert.equal(endpoints(orders), `${address}:8083`);
  });

  test("the pod's specification that is shipped is one", async () => {
    const pod = parse(readFileSync(path.join(repository, "manifests/register/pod.yaml"), "utf8"));
    await api.create(`${pods}?dryRun=All&fieldValidation=Strict`, { ...pod, metadata: { ...pod.metadata, name: "order-3" } });
  });

  test("asked to end, it takes everything back", async () => {
    registrar.signal("SIGTERM");
    assert.deepEqual((await registrar.exited).code, 0, registrar.output());
    await observer.view.until("no endpoint", () => endpoints(orders) === "", 5_000);
    const { labels, annotations } = await metadata();
    assert.deepEqual([labels?.[annotation], annotations], [undefined, { mine: "kept" }]);
  });

  test("in the form of dubbo-go it is found by the registry for Dubbo's pods", async () => {
    registrar = register("--format", "dubbo-records", "--service", "com.acme.Order=dubbo:20880?version=1.0.0");
    const name = "tributary/com.acme.order.v-1-0-0.dubbo";
    await observer.view.until("the endpoint", () => endpoints(name) === `${address}:20880`, 20_000);
    const payload = recordsPayload([{ k: providerKey("com.acme.Order", "10.5.0.1", 20_880, "&version=1.0.0"), v: "" }]);
    await putPod(other, "order-5", "10.5.0.1", {
      labels: { "dubbo.io/label": "dubbo.io-value" },
      annotations: { "dubbo.io/annotation": payload },
    });
    await observer.view.until("the other cluster's", () => endpoints(name) === `${address}:20880,10.5.0.1:20880`, 5_000);
    other.suspend();
    try {
      await eventually("the other cluster is out of contact", async () => {
        return (await tributary.metrics()).sum("tributary_registry_phase", { registry: "dubbo/b", phase: "stale" }) === 1;
      });
      assert.equal(endpoints(name), `${address}:20880,10.5.0.1:20880`, "being out of reach takes nothing away");
    } finally {
      other.resume();
    }
  });

  function register(...args: string[]): Child {
    const access = ["--server", api.url, "--token-file", path.join(folder, "token"), "--ca-file", certificateFile("authority.pem")];
    return new Child({
      name: "register",
      command: process.execPath,
      args: [path.join(repository, "bin/tributary.js"), "register", ...args, ...access],
      env: { POD_NAMESPACE: "shop", POD_NAME: "order-1" },
    });
  }

  function endpoints(service: string): string {
    const mine = observer.view.all.filter((one) => one.startsWith(`${service} `));
    return mine.map((one) => one.slice(service.length + 1)).join();
  }

  async function metadata(): Promise<{ labels?: Record<string, string>; annotations?: Record<string, string> }> {
    return ((await api.ask(`${pods}/order-1`)) as { metadata: object }).metadata;
  }

  async function putPod(where: KubernetesApi, name: string, ip: string, options: PodOptions): Promise<void> {
    const { status: _, ...pod } = podObject(name, options);
    await where.create(pods, pod);
    await setStatus(where, name, { addresses: [ip] });
  }

  async function setStatus(where: KubernetesApi, name: string, status: PodOptions): Promise<void> {
    await merge(where, `${pods}/${name}/status`, { status: podStatus(status) });
  }

  async function merge(where: KubernetesApi, path_: string, patch: object): Promise<void> {
    const connection = new ClusterConnection(where.credential(), 10_000);
    const body = { type: "application/merge-patch+json", text: JSON.stringify(patch) };
    await connection.json({ path: path_, method: "PATCH", body }).finally(() => connection.close());
  }

  /** The one endpoint of a service of the `file` registries, as the client was told it. */
  function endpointOf(service: string) {
    return told.get(`tributary/${service}.file`)?.endpoints[0];
  }

  /** As the kubelet makes one for a pod. */
  async function boundToken(name: string): Promise<string> {
    const { uid } = ((await api.ask(`${pods}/${name}`)) as { metadata: { uid: string } }).metadata;
    return accountToken({ boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid } });
  }

  async function accountToken(more: object): Promise<string> {
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3_600, ...more } };
    const answer = await api.create("/api/v1/namespaces/shop/serviceaccounts/order/token", request);
    return (answer as { status: { token: string } }).status.token;
  }

  async function applyManifest(file: string): Promise<void> {
    const text = readFileSync(path.join(repository, "manifests/register", file), "utf8");
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } };
      const { name, namespace } = object.metadata;
      const plural = object.kind.endsWith("Policy") ? object.kind.toLowerCase().replace(/y$/, "ies") : `${object.kind.toLowerCase()}s`;
      const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
      await api.apply(`/apis/${object.apiVersion}${place}/${plural}/${name}`, object);
    }
  }
});
