/** What operators install is taken by the real tools, and what they make of it runs beside the real istiod. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { parse, parseAllDocuments } from "yaml";
import { chartTemplate, manifests, manifestText } from "../../src/manifests/manifests.ts";
import { repository } from "./install/cache.ts";
import { installHelmRender } from "./install/go-libraries.ts";
import { installIstioctl } from "./install/istioctl.ts";
import { prometheusDefinition } from "./install/prometheus-operator.ts";
import { Child } from "./servers/child.ts";
import { entryPoint } from "./servers/container-image.ts";
import { eventually } from "./servers/eventually.ts";
import { FileCatalog } from "./servers/file-catalog.ts";
import { accepts, freePorts } from "./servers/free-port.ts";
import { Istiod } from "./servers/istiod.ts";
import { KubernetesApi } from "./servers/kubernetes-api.ts";

const settings = { namespace: "istio-system", revision: "canary", shards: 2, image: "registry.example/tributary:1.2.3" };
const run = promisify(execFile);

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly restartPolicy?: string;
  readonly securityContext: object;
}

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects as they come
  readonly [key: string]: any;
}

/** What istioctl makes of one of our files. */
async function render(t: TestContext, name: string): Promise<Rendered[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "istioctl-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "tributary.yaml");
  writeFileSync(file, text(name));
  const { stdout } = await run(await installIstioctl(), ["manifest", "generate", "-f", file], { maxBuffer: 64 * 1024 * 1024 });
  // The definitions of resources come along, and are large.
  const documents = stdout.split(/^---$/m).filter((document) => !/^kind: CustomResourceDefinition$/m.test(document));
  return documents.map((document) => parse(document) as Rendered | null).filter((object) => object !== null);
}

function text(name: string): string {
  return manifestText(manifests.find((each) => each.name === name)!, settings);
}

function named(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  assert.ok(found, `${kind} ${name} is rendered`);
  return found;
}

for (const { name, native, service } of [
  { name: "istioctl", native: true, service: false },
  { name: "istioctl-overlay", native: true, service: true },
  { name: "istioctl-container", native: false, service: true },
]) {
  test(`istioctl takes \`tributary manifest ${name}\` as printed`, async (t) => {
    const objects = await render(t, name);
    const { spec } = named(objects, "Deployment", "istiod-canary").spec.template;
    const containers = (native ? spec.initContainers : spec.containers) as Container[];
    assert.deepEqual(
      containers.map((container) => container.name),
      native ? ["tributary"] : ["discovery", "tributary"],
    );
    const ours = containers.at(-1)!;
    assert.equal(ours.restartPolicy, native ? "Always" : undefined);
    const image = parse(text("helm")).initContainers[0] as Container;
    const { restartPolicy: _, ...expected } = image;
    const { restartPolicy: __, ...rendered } = ours;
    assert.deepEqual(rendered, expected);
    const volumes = (spec.volumes as { name: string }[]).map((volume) => volume.name);
    for (const volume of ["tributary-config", "tributary-state"]) assert.equal(volumes.filter((each) => each === volume).length, 1);
    const mesh = parse(named(objects, "ConfigMap", "istio-canary").data.mesh) as { configSources: { address: string }[] };
    assert.deepEqual(
      mesh.configSources.map(({ address }) => address),
      ["k8s://", "xds://127.0.0.1:16010", "xds://127.0.0.1:16011"],
    );
    const ports = named(objects, "Service", "istiod-canary").spec.ports as { port: number }[];
    assert.equal(ports.filter(({ port }) => port === 16020).length, service ? 1 : 0);
  });
}

test("Helm makes of our chart what `tributary manifest standalone` prints", async () => {
  const { stdout } = await run(await installHelmRender(), [path.join(repository, "manifests/helm/tributary"), "prod"]);
  const documents = (yaml: string) => parseAllDocuments(yaml).map((document) => document.toJS() as Rendered | null);
  const byName = (objects: readonly (Rendered | null)[]) =>
    Object.fromEntries(objects.filter((object) => object !== null && object.kind !== "ConfigMap").map((object) => [object!.kind, object]));
  const version = parse(stdout.slice(stdout.indexOf("apiVersion: apps/v1"), stdout.indexOf("---", stdout.indexOf("apiVersion: apps/v1"))))
    .spec.template.spec.containers[0].image as string;
  const printed = manifestText(manifests.find(({ name }) => name === "standalone")!, {
    namespace: "prod",
    revision: "",
    shards: 1,
    image: version,
  });
  assert.deepEqual(byName(documents(stdout)), byName(documents(printed)));
  assert.match(chartTemplate(), /replicas: \{\{ \.Values\.replicas \}\}/);
  const config = documents(stdout).find((object) => object?.kind === "ConfigMap")?.data["tributary.yaml"] as string;
  assert.equal(parse(config).xds.address, "0.0.0.0");
});

test("the container's command line, as rendered, runs beside istiod: it listens first, then istiod is synced", async (t) => {
  const objects = await render(t, "istioctl");
  const ours = (named(objects, "Deployment", "istiod-canary").spec.template.spec.initContainers as Container[])[0]!;
  const folder = mkdtempSync(path.join(tmpdir(), "container-"));
  const catalog = new FileCatalog({ services: 20 });
  const istiod = await Istiod.prepare();
  const [xds, metrics, admin] = await freePorts(3);
  // The configuration as it is printed, with this test's ports, folders and registry.
  const configuration = parse(parse(text("config")).data["tributary.yaml"]) as { xds: object; metrics: object };
  const { http, monitoring, grpc } = istiod.ports;
  const own = {
    ...configuration,
    registries: [catalog.registry],
    xds: { port: xds, initialSync: { istiodPorts: [grpc], istiodHttpPorts: [http, monitoring] } },
    metrics: { ...configuration.metrics, port: metrics },
    admin: { port: admin },
    lastKnownGood: { folder: path.join(folder, "state/last-known-good") },
  };
  const file = path.join(folder, "tributary.yaml");
  writeFileSync(file, JSON.stringify(own));
  const [command, ...flags] = await entryPoint();
  const args = ours.args.map((word) => word.replace("/etc/tributary/tributary.yaml", file));
  const begun = performance.now();
  const container = new Child({
    name: "container",
    command: command!,
    args: [...flags, ...args],
    env: { NODE_COMPILE_CACHE: path.join(folder, "compiled") },
  });
  t.after(async () => {
    await istiod.stop();
    await container.stop();
    catalog.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  await eventually("it listens", () => accepts(xds!), { every: 5, unless: () => (container.alive ? undefined : container.output()) });
  t.diagnostic(`listening ${Math.round(performance.now() - begun)} ms after its start`);
  const status = async (page: string) => (await fetch(`http://127.0.0.1:${metrics}${page}`)).status;
  await eventually("start-up and liveness", async () => (await status("/startupz")) === 200 && (await status("/healthz")) === 200);
  await istiod.start(`127.0.0.1:${xds}`);
  assert.equal((await istiod.serviceEntries()).size, 20);
});

test("istioctl installs it, and what is installed is what the API server holds", async (t) => {
  const { apis, stop } = await KubernetesApi.start("installed");
  t.after(stop);
  const [api] = apis as [KubernetesApi];
  const folder = mkdtempSync(path.join(tmpdir(), "istioctl-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const kubeconfig = path.join(folder, "kubeconfig");
  writeFileSync(kubeconfig, api.kubeconfig());
  await api.namespace(settings.namespace);
  const file = path.join(folder, "tributary.yaml");
  // No gateway: what is awaited here is the control plane alone.
  const operator = parse(text("istioctl-overlay")) as { spec: object };
  writeFileSync(file, JSON.stringify({ ...operator, spec: { profile: "minimal", ...operator.spec } }));
  const args = ["install", "--skip-confirmation", "--readiness-timeout=2s", "--kubeconfig", kubeconfig, "-f", file];
  // No nodes run, so it ends with a time-out for the pods; the objects are there by then.
  const failure = (await run(await installIstioctl(), args, { timeout: 120_000 }).catch((error: { stderr: string }) => error)) as {
    stderr: string;
  };
  const deployments = `/apis/apps/v1/namespaces/${settings.namespace}/deployments`;
  const deployment = (await api.ask(`${deployments}/istiod-canary`).catch(() => assert.fail(failure.stderr))) as Rendered;
  const pod = deployment.spec.template.spec;
  const ours = pod.initContainers.find((container: Container) => container.name === "tributary");
  const wanted = parse(text("helm")).initContainers[0];
  for (const key of ["image", "args", "restartPolicy", "securityContext", "volumeMounts", "resources"])
    assert.deepEqual(ours[key], wanted[key], key);
  assert.equal(ours.startupProbe.httpGet.path, "/startupz");
  const service = (await api.ask(`/api/v1/namespaces/${settings.namespace}/services/istiod-canary`)) as Rendered;
  assert.ok(service.spec.ports.some(({ port }: { port: number }) => port === 16020));
  const mesh = (await api.ask(`/api/v1/namespaces/${settings.namespace}/configmaps/istio-canary`)) as Rendered;
  assert.match(mesh.data.mesh, /xds:\/\/127\.0\.0\.1:16011/);
  // Server-side validation of what kubectl would apply.
  const paths: Readonly<Record<string, string>> = {
    ConfigMap: "/api/v1/namespaces/istio-system/configmaps/",
    ServiceAccount: "/api/v1/namespaces/istio-system/serviceaccounts/",
    Service: "/api/v1/namespaces/istio-system/services/",
    Deployment: `${deployments}/`,
    PodDisruptionBudget: "/apis/policy/v1/namespaces/istio-system/poddisruptionbudgets/",
    NetworkPolicy: "/apis/networking.k8s.io/v1/namespaces/istio-system/networkpolicies/",
    Role: "/apis/rbac.authorization.k8s.io/v1/namespaces/istio-system/roles/",
    RoleBinding: "/apis/rbac.authorization.k8s.io/v1/namespaces/istio-system/rolebindings/",
    ClusterRole: "/apis/rbac.authorization.k8s.io/v1/clusterroles/",
    ClusterRoleBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/",
  };
  for (const name of ["config", "standalone", "annotated-service", "rbac-services", "rbac-pods", "rbac-remote-secrets"]) {
    for (const document of parseAllDocuments(text(name))) {
      const object = document.toJS() as Rendered;
      assert.ok(paths[object.kind], object.kind);
      await api.apply(`${paths[object.kind]}${object.metadata.name}`, object);
    }
  }
});

test("an API server with the Prometheus operator's definitions takes the monitor and the alerts, and knows every field", async (t) => {
  const { apis, stop } = await KubernetesApi.start("monitored");
  t.after(stop);
  const [api] = apis as [KubernetesApi];
  await api.namespace(settings.namespace);
  for (const [name, plural] of [
    ["pod-monitor", "podmonitors"],
    ["prometheus-rule", "prometheusrules"],
  ] as const) {
    const definition = await prometheusDefinition(plural);
    await api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
    const path_ = `/apis/monitoring.coreos.com/v1/namespaces/${settings.namespace}/${plural}`;
    await eventually(
      "the resource is known",
      () =>
        api.ask(path_).then(
          () => true,
          () => false,
        ),
      { every: 200, within: 20_000 },
    );
    const object = parse(text(name)) as Rendered;
    const held = (await api.create(`${path_}?fieldValidation=Strict`, object)) as Rendered;
    assert.deepEqual(held.spec, object.spec);
    await assert.rejects(
      api.create(`${path_}?fieldValidation=Strict`, { ...object, spec: { ...object.spec, nosuch: 1 } }),
      /nosuch|unknown field/,
    );
  }
});
