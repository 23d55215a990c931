import assert from "node:assert/strict";
import { test } from "node:test";
import { Metrics } from "../../src/admin/metrics.ts";
import { clustersText } from "../../src/admin/text/clusters-text.ts";
import type { ClusterReport } from "../../src/clusters/cluster-manager.ts";
import { type ClusterSource, type ClusterState, clusterView } from "../../src/clusters/cluster-view.ts";
import { ProbeVerdict } from "../../src/clusters/health/thresholds.ts";
import type { RegistryStatus } from "../../src/registries/feed.ts";
import { fakeViews } from "../support/admin-views.ts";

const now = 1_000_000;

function status(phase: RegistryStatus["phase"], more: Partial<RegistryStatus> = {}): RegistryStatus {
  return { phase, since: 0, synced: phase !== "starting", lastContact: 5_000, epoch: 0, restarts: 0, ...more };
}

function report(more: Partial<ClusterReport> = {}): ClusterReport {
  const access = { server: "https://user-part.example:6443/path" };
  return {
    id: "b",
    place: "remote-secrets",
    owner: "secret istio-system/b",
    local: false,
    access,
    refused: undefined,
    rejected: [],
    known: { credential: { id: "b", ...access, token: "geheim", network: "net-b", priority: 3 }, policy: { optional: true } },
    health: status("live"),
    renewals: 2,
    since: now - 10_000,
    ...more,
  };
}

const source = (own: RegistryStatus): ClusterSource => ({ status: own, services: 2, endpoints: 5 });
const view = (given: ClusterReport, sources: readonly ClusterSource[] = []) =>
  clusterView(given, { sources, isDefault: false, syncTimeout: 30_000, now });

const synced = source(status("live"));
const syncing = source(status("starting"));

const states: readonly [state: ClusterState, given: ClusterReport, sources: readonly ClusterSource[]][] = [
  ["synced", report(), [synced, synced]],
  ["synced", report(), []],
  ["syncing", report({ health: status("starting") }), []],
  ["syncing", report(), [synced, syncing]],
  ["timeout", report({ since: now - 31_000 }), [synced, syncing]],
  ["unreachable", report({ health: status("stale", { epoch: 1, reason: "silent" }) }), [synced]],
  ["unreachable", report(), [synced, source(status("stale", { reason: "no route" }))]],
  ["refused", report({ access: undefined, known: undefined, health: undefined, refused: "it has `exec`" }), []],
  ["closed", report({ known: undefined, health: undefined }), []],
];

for (const [state, given, sources] of states) {
  test(`a cluster with health ${given.health?.phase} and sources ${sources.map((one) => one.status.phase)} is ${state}`, () => {
    assert.equal(view(given, sources).state, state);
  });
}

test("so many failures in a row make a cluster unhealthy, so many answers healthy again; the first answer decides at once", () => {
  const verdicts = (outcomes: string) => {
    const verdict = new ProbeVerdict({ unhealthyThreshold: 3, healthyThreshold: 2 });
    return [...outcomes]
      .map((outcome) => ({ true: "+", false: "-", undefined: "?" })[String(verdict.probed(outcome === "+")) as "true"])
      .join("");
  };
  assert.equal(verdicts("+--+---+-++"), "++++++----+");
  assert.equal(verdicts("--+"), "??+");
  assert.equal(verdicts("----"), "??--");
});

test("a view adds up what is read from the cluster, says what is wrong, and holds no secret", () => {
  const shown = view(report({ refused: "the newest is malformed" }), [synced, synced]);
  assert.deepEqual(
    [shown.services, shown.endpoints, shown.server, shown.reason],
    [4, 10, "user-part.example:6443", "the newest is malformed"],
  );
  assert.ok(!JSON.stringify(shown).includes("geheim"));
  assert.equal(view(report(), [source(status("stale", { reason: "no route" }))]).reason, "no route");
});

test("the page and the metrics tell states, owners that are not heard, and places that cannot be read", async () => {
  const clusters = [view(report({ rejected: ["secret istio-system/thief"] }), [synced])];
  const problem = {
    code: "bad-kubeconfig",
    where: "cluster d, secret s/d",
    message: "no\nYAML",
    count: 1,
    firstSeen: 0,
    lastSeen: now - 2_000,
  };
  const places = [{ name: "remote-secrets" as const, status: status("stale", { reason: "no route" }), problems: [problem] }];
  const text = clustersText({ places, clusters }, now);
  assert.match(
    text,
    /^b \(optional\) +synced +yes +16 min ago +2 +5 +2 +3 +net-b +user-part\.example:6443 +remote-secrets: secret istio-system\/b$/m,
  );
  assert.match(text, /its id is also claimed by secret istio-system\/thief/);
  assert.match(text, /^remote-secrets: stale, no route\n {2}cluster d, secret s\/d: no YAML \[bad-kubeconfig\], 2 s ago$/m);
  assert.match(clustersText({ places: [], clusters: [] }, now), /no clusters are known/);
  const metrics = await new Metrics(fakeViews({ clusters: () => ({ places, clusters }) }), "1").expose();
  for (const line of [
    'tributary_cluster_state{cluster="b",state="synced"} 1',
    'tributary_cluster_state{cluster="b",state="timeout"} 0',
    'tributary_cluster_healthy{cluster="b"} 1',
    'tributary_cluster_endpoints{cluster="b"} 5',
    'tributary_cluster_renewals_total{cluster="b"} 2',
    'tributary_cluster_place_live{place="remote-secrets"} 0',
  ]) {
    assert.ok(metrics.includes(`${line}\n`), line);
  }
});
