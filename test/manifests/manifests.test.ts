/** What operators install: for given settings, and in step with the program. The real tools take it in the end-to-end suite. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { metricDefinitions } from "../../src/admin/metric-definitions.ts";
import { parseConfig } from "../../src/config/load.ts";
import { alerts } from "../../src/manifests/alerts.ts";
import { panels } from "../../src/manifests/dashboard.ts";
import { manifests, manifestText } from "../../src/manifests/manifests.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { run } from "../support/command-line.ts";

const settings = { namespace: "mesh", revision: "canary", shards: 3, image: "registry.example/tributary:9" };
const root = new URL("../../", import.meta.url);

// biome-ignore lint/suspicious/noExplicitAny: objects as they come out of YAML
function objects(name: string, changes: Partial<typeof settings> = {}): any[] {
  const text = manifestText(manifests.find((each) => each.name === name)!, { ...settings, ...changes });
  return parseAllDocuments(text).map((document) => document.toJS());
}

test("every shard is a config source, behind istiod's own", () => {
  const [{ spec }] = objects("istioctl");
  const addresses = spec.meshConfig.configSources.map(({ address }: { address: string }) => address);
  assert.deepEqual(addresses, ["k8s://", "xds://127.0.0.1:16010", "xds://127.0.0.1:16011", "xds://127.0.0.1:16012"]);
});

test("overlays name istiod's objects, which a revision renames: istioctl says nothing of those it does not find", () => {
  const names = (revision: string) =>
    objects("istioctl-overlay", { revision })[0].spec.components.pilot.k8s.overlays.map((each: { name: string }) => each.name);
  assert.deepEqual(names("canary"), ["istiod-canary", "istiod-canary"]);
  assert.deepEqual(names(""), ["istiod", "istiod"]);
});

test("the configurations that are printed are valid, but for files that are not here", () => {
  for (const name of ["config", "standalone"]) {
    const text = objects(name).find(({ kind }) => kind === "ConfigMap").data["tributary.yaml"];
    const { config } = parseConfig(text, { file: "tributary.yaml", kinds, env: {} });
    assert.equal(config.xds.shards, 3);
    assert.equal(config.metrics.address, "0.0.0.0");
  }
});

test("no container runs as root, may gain rights, or writes but to its own volume", () => {
  for (const name of ["helm", "standalone"]) {
    const all = objects(name);
    const container =
      name === "helm" ? all[0].initContainers[0] : all.find(({ kind }) => kind === "Deployment").spec.template.spec.containers[0];
    const { runAsNonRoot, readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities, runAsUser } = container.securityContext;
    assert.deepEqual([runAsNonRoot, readOnlyRootFilesystem, allowPrivilegeEscalation], [true, true, false]);
    assert.deepEqual(capabilities.drop, ["ALL"]);
    const dockerfile = readFileSync(new URL("Dockerfile", root), "utf8");
    assert.match(dockerfile, new RegExp(`^USER ${runAsUser}:`, "m"));
    assert.ok(container.resources.requests.cpu, "without it the autoscaler stops");
  }
});

test("the image gives Node the flags of the command", () => {
  const flags = (text: string) => text.match(/--[a-z][a-z-]*(=\d+)?/g);
  const entryPoint = /^ENTRYPOINT .*$/m.exec(readFileSync(new URL("Dockerfile", root), "utf8"))?.[0];
  const [shebang] = readFileSync(new URL("bin/tributary.js", root), "utf8").split("\n");
  assert.deepEqual(flags(entryPoint!), flags(shebang!));
});

test("alerts and dashboard use metrics and labels that there are", () => {
  const expressions = [...alerts.map(({ expr }) => expr), ...panels.flatMap(({ lines }) => lines.map(([expr]) => expr))];
  const known = metricDefinitions as Readonly<Record<string, { readonly labels: readonly string[] }>>;
  for (const expression of expressions) {
    const names = (expression.match(/tributary_\w+/g) ?? []).map((name) => name.replace(/_(bucket|count)$/, ""));
    const labels = new Set(names.flatMap((name) => known[name]?.labels ?? ["not a metric"]));
    assert.ok(!labels.has("not a metric"), expression);
    for (const [, list] of expression.matchAll(/by \(([^)]*)\)/g)) {
      for (const label of list!.split(", ")) assert.ok(labels.has(label) || ["le", "instance"].includes(label), `${label}: ${expression}`);
    }
  }
});

test("the command prints one of them, lists them, and names them when there is none of the name", async (t) => {
  const [one, list, none] = await Promise.all([
    run(t, "manifest", "pod-monitor", "--namespace", "mesh", "--revision", "canary"),
    run(t, "manifest"),
    run(t, "manifest", "nothing"),
  ]);
  assert.match(one.stdout, /kind: PodMonitor[\s\S]*namespace: mesh[\s\S]*istio.io\/rev: canary/);
  assert.match(list.stdout, /istioctl-overlay/);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /there is no manifest "nothing"; there are/);
});
