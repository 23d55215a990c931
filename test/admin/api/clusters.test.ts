/** Kubernetes clusters of a running process: added, changed and removed by the admin API. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { apiRig, httpService } from "../../support/api-rig.ts";

const kubeconfig = (user: object = { token: "hunter2" }) =>
  JSON.stringify({
    clusters: [{ name: "b", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "c", context: { cluster: "b", user: "u" } }],
    "current-context": "c",
  });
const excerpt = (...list: object[]) => JSON.stringify({ clusters: { list } });

async function rig(t: TestContext, config: object = {}) {
  const api = await apiRig(t, { services: { files: [httpService("orders", ["10.0.0.1"])] }, config });
  const clusters = (method: string, body: object = {}) => api.call(`ClustersService/${method}`, body);
  const until = async (holds: () => boolean) => {
    const end = performance.now() + 10_000;
    while (!holds()) {
      if (performance.now() > end) assert.fail(`not in time: ${holds}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { ...api, clusters, until };
}

test("a cluster that is added by its kubeconfig is read by registries, told without the kubeconfig, and withdrawn when it is removed", async (t) => {
  const { clusters, call, pipeline, until, live } = await rig(t);
  const added = await clusters("SetClusters", { config: excerpt({ id: "b", network: "net-b" }), kubeconfigs: { b: kubeconfig() } });
  assert.deepEqual(added.added, ["b"]);
  await until(() => pipeline.clusters.get("b")?.known !== undefined);
  assert.deepEqual((await call("RegistriesService/SetRegistries", { config: '{"registries":[{"id":"k8s","type":"kubernetes"}]}' })).added, [
    "k8s",
  ]);
  await until(() => pipeline.sources.configs.some(({ id, network }) => id === "k8s/b" && network === "net-b"));
  const [told] = (await clusters("ListClusters")).clusters;
  assert.deepEqual([told.id, told.place, told.owner, told.server], ["b", "run-time", "the admin API", "127.0.0.1:1"]);
  assert.match(told.addedBy, /^127\.0\.0\.1:/);
  assert.doesNotMatch(JSON.stringify(await clusters("GetCluster", { id: "b" })), /hunter2/);
  assert.deepEqual((await clusters("SetDefaultCluster", { id: "b" })).changed, ["b"]);
  assert.equal(pipeline.clusters.default, "b");
  assert.deepEqual((await clusters("RemoveCluster", { id: "b" })).removed, ["b"]);
  await until(() => pipeline.clusters.list().length === 0);
  assert.equal(
    pipeline.sources.configs.some(({ id }) => id === "k8s/b"),
    false,
  );
  assert.deepEqual([live.added.defaultCluster, pipeline.clusters.default], [undefined, undefined]);
});

test("a kubeconfig is checked as any other, and an id belongs to one", async (t) => {
  const { clusters, folder } = await rig(t, { clusters: { list: [{ id: "a", kubeconfig: "./a" }], default: "a" } });
  const refused = async (config: string, kubeconfigs: object = {}) => {
    const { code, message } = await clusters("SetClusters", { config, kubeconfigs, fileName: "b.yaml" });
    return `${code} ${message}`;
  };
  const b = excerpt({ id: "b" });
  assert.match(await refused(b, { b: kubeconfig({ exec: { command: "rm" } }) }), /^invalid_argument .*cannot be used: .*exec/s);
  assert.match(await refused(b, { b: "noise" }), /invalid_argument/);
  assert.match(await refused(b), /a kubeconfig is missing, by path or by content/);
  assert.match(await refused(excerpt({ id: "b", kubeconfig: folder.write("b", "x") }), { b: kubeconfig() }), /by path and by content/);
  assert.match(await refused(excerpt({ id: "b", inCluster: true })), /configuration file only/);
  assert.match(
    await refused('{"clusters":{"list":[],"allow":["exec"]}}'),
    /b\.yaml:1:\d+: clusters\.allow can be set in the configuration file only/,
  );
  assert.match(await refused(b, { b: "x".repeat(300_000) }), /longer than 262144 characters/);
  assert.match(
    await refused(excerpt({ id: "a" }), { a: kubeconfig() }),
    /^already_exists cluster a is the configuration's \(.*tributary\.yaml:1:\d+\)/,
  );
  const byDefault = await clusters("SetDefaultCluster", { id: "b" });
  assert.match(`${byDefault.code} ${byDefault.message}`, /^already_exists the configuration names the default cluster/);
  assert.equal((await clusters("RemoveCluster", { id: "c" })).code, "not_found");
  assert.equal((await clusters("GetCluster", { id: "c" })).code, "not_found");
});
