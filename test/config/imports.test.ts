/** Configuration files and flags of dubbo-kubernetes, as parts of ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { commandLineConfig } from "../../src/cli/dubbo-kubernetes-flags.ts";
import type { ConfigErrors } from "../../src/config/config-errors.ts";
import { foreignFile } from "../../src/config/imports/foreign-values.ts";
import { importMultiCluster } from "../../src/config/imports/multi-cluster.ts";
import { importMultiRegistry } from "../../src/config/imports/multi-registry.ts";
import { parseConfig } from "../../src/config/load.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** Every key of the original's sample. */
const multiCluster = {
  apiVersion: "v1",
  kind: "Config",
  metadata: { name: "multi-cluster-config", namespace: "dubbo-system" },
  multiCluster: {
    enabled: true,
    clusters: [
      { id: "hz-a", name: "Hangzhou A", kubeConfig: "", context: "", enabled: true, priority: 100, region: "cn-hangzhou", zone: "h" },
      {
        id: "sh-b",
        name: "Shanghai B",
        kubeConfig: "/etc/kc/sh-b",
        context: "sh-b-admin",
        enabled: true,
        priority: 60,
        region: "cn-shanghai",
        zone: "g",
      },
      { id: "dr", name: "Disaster recovery", kubeConfig: "kc/dr", priority: 50 },
    ],
  },
  clusterDefaults: {
    namespace: "dubbo-system",
    kubernetesAPI: { qps: 80.0, burst: 160, timeout: "30s" },
    serviceDiscovery: { syncInterval: "30s", resyncPeriod: "10m" },
  },
  crossClusterNetworking: {
    enabled: true,
    networks: [{ name: "net-1", clusters: ["hz-a"], gateways: [{ address: "gw.example", port: 15443 }] }],
  },
  serviceMesh: { enabled: true, trustDomain: "cluster.local" },
  failover: {
    enabled: true,
    strategy: "priority",
    healthCheck: { enabled: true, interval: "11s", timeout: "6s", unhealthyThreshold: 4, healthyThreshold: 1 },
    disasterRecovery: { autoActivation: false, rto: 300, rpo: 60 },
  },
  loadBalancing: { strategy: "locality-aware" },
  monitoring: { enabled: true },
};

const multiRegistry = {
  multiRegistry: {
    enabled: true,
    registries: [
      {
        id: "zk-hz",
        name: "ZK HZ",
        type: "Zookeeper",
        enabled: true,
        priority: 80,
        config: { servers: ["zk-0:2181"], root: "/dubbo", timeout: "5s", sessionTimeout: "60s" },
      },
      {
        id: "nacos-hz",
        name: "Nacos HZ",
        type: "Nacos",
        address: "nacos-0:8848",
        enabled: true,
        priority: 90,
        config: {
          serverAddrs: ["nacos-0:8848"],
          namespace: "prod-ns-id",
          group: "DEFAULT_GROUP",
          username: "u",
          password: "p",
          timeout: "5s",
        },
      },
      {
        id: "k8s-local",
        name: "Local",
        type: "Kubernetes",
        enabled: true,
        priority: 10,
        config: { kubeconfig: "", namespace: "dubbo-system" },
      },
      { id: "off", type: "nacos", priority: 1 },
    ],
  },
  registryDefaults: { connectionTimeout: "7s", healthCheckInterval: "30s", maxRetries: 3, retryBackoff: { initialInterval: "1s" } },
  failover: { enabled: true, strategy: "roundrobin" },
  serviceDiscovery: { syncInterval: "40s", deduplication: true, mergingStrategy: "kubernetes-first" },
};

const valuesOf = (imported: readonly { readonly value: unknown }[]) => imported.map(({ value }) => value);

function told() {
  const warnings: string[] = [];
  const errors: string[] = [];
  const file = foreignFile({ warn: (_path, text) => warnings.push(text), fail: (_path, text) => errors.push(text) });
  return { file, warnings, errors };
}

test("multi-cluster.yaml: its typed part counts in full, and of the rest what means something", () => {
  const { file, warnings, errors } = told();
  const { clusters, health, reader } = importMultiCluster(multiCluster, false, file);
  assert.deepEqual(valuesOf(clusters), [
    { id: "hz-a", priority: 100, region: "cn-hangzhou", zone: "h", enabled: true, inCluster: true, network: "net-1" },
    { id: "sh-b", kubeconfig: "/etc/kc/sh-b", context: "sh-b-admin", priority: 60, region: "cn-shanghai", zone: "g", enabled: true },
    { id: "dr", kubeconfig: "kc/dr", priority: 50, enabled: false },
  ]);
  assert.deepEqual(health, { interval: "11s", timeout: "6s", unhealthyThreshold: 4, healthyThreshold: 1 });
  assert.deepEqual(reader?.value, { id: "kubernetes", type: "kubernetes", request: "30s", relist: "10m" });
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings.map((text) => text.slice(0, text.indexOf(":"))).sort(), [
    "clusterDefaults.kubernetesAPI.burst",
    "clusterDefaults.kubernetesAPI.qps",
    "clusterDefaults.namespace",
    "clusterDefaults.serviceDiscovery.syncInterval",
    "crossClusterNetworking.networks[0].gateways",
    "failover.disasterRecovery",
    "loadBalancing",
    "monitoring",
    "serviceMesh",
  ]);
});

test("multi-registry.yaml: registries in the order of its merging strategy, with its defaults", () => {
  const { file, warnings, errors } = told();
  const { registries, clusters } = importMultiRegistry(multiRegistry, false, file);
  assert.deepEqual(valuesOf(registries), [
    { id: "k8s-local", type: "kubernetes", clusters: ["k8s-local"], namespaces: ["dubbo-system"], request: "7s" },
    {
      id: "nacos-hz",
      type: "nacos",
      servers: ["nacos-0:8848"],
      namespaces: ["prod-ns-id"],
      groups: ["DEFAULT_GROUP"],
      connectTimeout: "5s",
      healthCheckInterval: "30s",
      listInterval: "40s",
      auth: { user: "u", password: "p" },
    },
    { id: "zk-hz", type: "zookeeper", servers: ["zk-0:2181"], root: "/dubbo", sessionTimeout: "60s", connectTimeout: "5s" },
  ]);
  assert.deepEqual(valuesOf(clusters), [{ id: "k8s-local", inCluster: true }]);
  assert.deepEqual(errors, []);
  assert.deepEqual(warnings.map((text) => text.slice(0, text.indexOf(":"))).sort(), [
    "failover.strategy",
    "registryDefaults.maxRetries",
    "registryDefaults.retryBackoff",
  ]);
});

test("a file that does not say that it is enabled counts only if the flag says so", () => {
  const { file, warnings } = told();
  const off = { multiCluster: { clusters: [{ id: "b", enabled: true }] } };
  assert.deepEqual(importMultiCluster(off, false, file).clusters, []);
  assert.match(warnings[0] ?? "", /nothing of the file counts/);
  assert.equal(importMultiCluster(off, true, file).clusters.length, 1);
});

test("whatever such a file holds, it is read or refused, and nothing is thrown", () => {
  const keys = ["multiCluster", "multiRegistry", "enabled", "clusters", "registries", "type", "config", "failover", "networks", "nacos"];
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 5 }, fc.constantFrom(...keys), fc.boolean(), fc.integer(), fc.constant(null), tie("list"), tie("map")),
    list: fc.array(tie("any"), { maxLength: 3 }),
    map: fc.dictionary(fc.constantFrom(...keys), tie("any")),
  })).any;
  fc.assert(
    fc.property(value, (content) => {
      importMultiCluster(content, true, told().file);
      importMultiRegistry(content, true, told().file);
    }),
  );
});

test("imported files join the configuration; their errors, warnings and secrets are told with their own names", (t) => {
  const folder = tempFolder(t);
  const registry = {
    id: "zk",
    type: "zookeeper",
    enabled: true,
    config: { servers: ["zk:2181"], username: "u", password: "${file:secret}" },
  };
  folder.write("secret", "open sesame\n");
  folder.write("multi-registry.yaml", stringify({ multiRegistry: { enabled: true, registries: [registry] }, monitoring: {} }));
  folder.write("multi-cluster.yaml", stringify(multiCluster));
  const own = {
    registries: [{ id: "f", type: "file", path: "x" }],
    imports: { multiRegistry: "multi-registry.yaml", multiCluster: "multi-cluster.yaml" },
  };
  const file = `${folder.path}/tributary.yaml`;
  const { config, warnings, files, secrets } = parseConfig(JSON.stringify(own), { file, kinds });
  assert.deepEqual(
    config.registries.map(({ id, type }) => `${id} ${type}`),
    ["f file", "kubernetes kubernetes", "zk zookeeper"],
  );
  assert.deepEqual(config.registries[2]?.auth, { scheme: "digest", user: "u", password: "open sesame" });
  assert.deepEqual(
    config.clusters.list.map(({ id, kubeconfig, enabled }) => `${id} ${kubeconfig} ${enabled}`),
    ["hz-a undefined true", "sh-b /etc/kc/sh-b true", `dr ${folder.path}/kc/dr false`],
  );
  assert.equal(config.clusters.health.interval, 11_000);
  assert.deepEqual(secrets, [{ value: "open sesame", reference: "${file:secret}" }]);
  assert.ok(files.includes(`${folder.path}/multi-cluster.yaml`) && files.includes(`${folder.path}/secret`));
  const where = warnings.find(({ message }) => message.startsWith("monitoring"))?.position;
  assert.equal(where?.file, `${folder.path}/multi-cluster.yaml`);
  folder.write("multi-registry.yaml", stringify({ multiRegistry: { enabled: true, registries: [{ ...registry, id: "NOT legal" }] } }));
  assert.throws(
    () => parseConfig(JSON.stringify(own), { file, kinds }),
    (error: ConfigErrors) =>
      error.errors.some(
        ({ message, position }) =>
          /registries\[2\]\.id/.test(message) && /multi-registry/.test(position?.file ?? "") && position?.line === 4,
      ),
  );
});

test("flags become registries and imports; a password is to be a reference", () => {
  const zookeeperPassword = "${env:ZK_PASSWORD}";
  const flags = { zookeeperServers: "zk-0:2181,zk-1:2181", zookeeperRoot: "/dubbo", zookeeperUsername: "u", zookeeperPassword };
  const commandLine = commandLineConfig({ ...flags, multiClusterConfig: "/m.yaml", multiClusterEnabled: true });
  assert.deepEqual(commandLine?.imports, { multiCluster: "/m.yaml", multiClusterEnabled: true });
  const { config } = parseConfig("", {
    file: "/nowhere/none.yaml",
    kinds,
    env: { ZK_PASSWORD: "geheim" },
    commandLine: { registries: commandLine?.registries ?? [], imports: {} },
  });
  assert.deepEqual(
    config.registries.map(({ id, auth }) => [id, auth]),
    [["zookeeper", { scheme: "digest", user: "u", password: "geheim" }]],
  );
  assert.throws(() => commandLineConfig({ ...flags, zookeeperPassword: "geheim" }), {
    code: "CONFIG_SECRET",
    message: /--zookeeperPassword: a password/,
  });
  assert.throws(() => commandLineConfig({ nacosPassword: "x" }), { hint: /\$\{file:/ });
  assert.throws(() => commandLineConfig({ registries: "Consul" }), /unknown kind "Consul"/);
  assert.deepEqual(
    commandLineConfig({ registries: "Nacos,Zookeeper,Kubernetes" })?.registries.map(({ type }) => type),
    ["nacos", "zookeeper"],
  );
  assert.equal(commandLineConfig({}), undefined);
});
