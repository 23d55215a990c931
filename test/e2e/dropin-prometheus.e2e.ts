/** The metrics, alerts and dashboard, as a real Prometheus sees a running server with a real istiod. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { alerts } from "../../src/manifests/alerts.ts";
import { panels } from "../../src/manifests/dashboard.ts";
import { bundledProgram } from "./install/bundle.ts";
import { repository } from "./install/cache.ts";
import { installPrometheus } from "./install/prometheus.ts";
import { eventually } from "./servers/eventually.ts";
import { FileCatalog } from "./servers/file-catalog.ts";
import { Istiod } from "./servers/istiod.ts";
import { Prometheus } from "./servers/prometheus.ts";
import { Tributary } from "./servers/tributary.ts";
import { onlyInFull } from "./tier.ts";

const rules = path.join(repository, "manifests/prometheus/alerts.yaml");
const run = promisify(execFile);

/** Series, sampled every 15 s, with which each alert fires at `at`. */
const firing: readonly { alert: string; at: string; series: Readonly<Record<string, string>> }[] = [
  { alert: "TributaryRegistryStale", at: "5m", series: { 'tributary_registry_stale_seconds{registry="zk"}': "0+15x40" } },
  { alert: "TributaryRegistryRestored", at: "15m", series: { 'tributary_registry_restored{registry="zk"}': "1x100" } },
  { alert: "TributaryRegistryProtected", at: "5m", series: { 'tributary_registry_held_endpoints{registry="zk"}': "4x40" } },
  {
    alert: "TributaryMassRemovalHeld",
    at: "1m",
    series: { 'tributary_registry_held_endpoints{registry="zk"}': "60x40", 'tributary_registry_endpoints{registry="zk"}': "100x40" },
  },
  { alert: "TributaryFrozen", at: "20m", series: { 'tributary_registry_frozen{registry="zk"}': "1x100" } },
  { alert: "TributaryPaused", at: "70m", series: { 'tributary_registry_paused{registry="zk"}': "1x300" } },
  { alert: "TributarySuddenGrowth", at: "5m", series: { 'tributary_registry_growths_total{registry="zk"}': "0x10 1x40" } },
  { alert: "TributaryFlapping", at: "20m", series: { 'tributary_registry_damped_returns_total{registry="zk"}': "0+1x100" } },
  { alert: "TributaryServicesWithheld", at: "10m", series: { 'tributary_rejected{costs="service",code="no-ports"}': "2x60" } },
  { alert: "TributaryIstiodRejected", at: "10m", series: { 'tributary_readback_resources{type="t",state="missing"}': "2x60" } },
  {
    alert: "TributaryPushLag",
    at: "15m",
    series: {
      'tributary_change_ack_seconds_bucket{type="t",le="10"}': "0x80",
      'tributary_change_ack_seconds_bucket{type="t",le="30"}': "0+3x80",
      'tributary_change_ack_seconds_bucket{type="t",le="+Inf"}': "0+3x80",
    },
  },
  { alert: "TributaryPushUnacknowledged", at: "5m", series: { 'tributary_xds_unacknowledged_total{type="t"}': "0x10 1x40" } },
  { alert: "TributaryIncomplete", at: "10m", series: { tributary_complete: "0x60" } },
  { alert: "TributaryNoClient", at: "10m", series: { tributary_xds_streams: "0x60" } },
  {
    alert: "TributaryReplicasDiffer",
    at: "15m",
    series: { 'tributary_state_digest{digest="a"}': "1x80", 'tributary_state_digest{digest="b"}': "1x80" },
  },
  { alert: "TributaryStateNotKept", at: "10m", series: { 'tributary_last_known_good_writable{registry="zk"}': "0x60" } },
];

test("each alert fires when it should, and none on a server that is well", async () => {
  assert.deepEqual(firing.map(({ alert }) => alert).sort(), alerts.map(({ alert }) => alert).sort());
  const folder = mkdtempSync(path.join(tmpdir(), "rules-"));
  const well = {
    'tributary_registry_stale_seconds{registry="zk"}': "0x80",
    'tributary_registry_held_endpoints{registry="zk"}': "0x80",
    'tributary_registry_endpoints{registry="zk"}': "100x80",
    'tributary_registry_frozen{registry="zk"}': "0x300",
    'tributary_registry_paused{registry="zk"}': "0x300",
    'tributary_registry_growths_total{registry="zk"}': "3x80",
    'tributary_registry_damped_returns_total{registry="zk"}': "7x80",
    'tributary_readback_resources{type="t",state="accepted"}': "100x80",
    tributary_complete: "1x80",
    tributary_xds_streams: "1x80",
    'tributary_state_digest{digest="a"}': "1x80",
  };
  const inputs = (series: Readonly<Record<string, string>>) => Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const tests = firing.flatMap(({ alert, at, series }) => [
    // Which labels an alert has is of no matter here, so it is asked for as a series.
    { interval: "15s", input_series: inputs(series), promql_expr_test: [ask(alert, at, 1)] },
    { interval: "15s", input_series: inputs(well), promql_expr_test: [ask(alert, at, 0)] },
  ]);
  const file = path.join(folder, "tests.yaml");
  writeFileSync(file, stringify({ rule_files: [rules], evaluation_interval: "15s", tests }));
  await run((await installPrometheus()).promtool, ["test", "rules", file]);
  rmSync(folder, { recursive: true });
});

/** Whether the alert fires then, as a comparison that has a value if it holds. */
function ask(alert: string, at: string, value: 0 | 1) {
  const firing = `ALERTS{alertname="${alert}",alertstate="firing"}`;
  return { expr: `count(${firing}) or vector(0)`, eval_time: at, exp_samples: [{ labels: "{}", value }] };
}

suite("Prometheus", { concurrency: false }, () => {
  let catalog: FileCatalog;
  let istiod: Istiod;
  let tributary: Tributary;
  let prometheus: Prometheus;
  const state = mkdtempSync(path.join(tmpdir(), "state-"));

  before(async () => {
    catalog = new FileCatalog({ services: 30 });
    istiod = await Istiod.prepare();
    tributary = await Tributary.start({
      registries: [catalog.registry, { id: "not-taken", type: "file", path: path.join(import.meta.dirname, "catalogs/not-taken") }],
      istiod: istiod.ports,
      readBackAfter: "1s",
      lastKnownGood: state,
      program: await bundledProgram(),
    });
    prometheus = await Prometheus.start(`127.0.0.1:${tributary.metricsPort}`, rules);
  });

  after(async () => {
    await prometheus?.stop();
    await istiod?.stop();
    await tributary?.stop();
    catalog?.remove();
    rmSync(state, { recursive: true, force: true });
  });

  const holds = (alert: string) =>
    eventually(`${alert} holds`, async () => (await prometheus.alerts()).includes(alert), { within: 20_000 });

  test("promtool finds nothing wrong with the rules and the metrics page", async () => {
    await run((await installPrometheus()).promtool, ["check", "rules", rules]);
    const page = await (await fetch(`http://127.0.0.1:${tributary.metricsPort}/metrics`)).text();
    const check = execFile((await installPrometheus()).promtool, ["check", "metrics"]);
    let said = "";
    check.stdout?.on("data", (chunk) => (said += chunk));
    check.stderr?.on("data", (chunk) => (said += chunk));
    check.stdin?.end(page);
    const code = await new Promise((resolve) => check.once("close", resolve));
    // Only what prom-client calls its own metrics is not to promtool's taste.
    const ours = said.split("\n").filter((line) => line.includes("tributary_"));
    assert.deepEqual(ours, [], `promtool ended with ${code}`);
  });

  test("no istiod is connected: that is an alert, and it ends", async () => {
    await holds("TributaryNoClient");
    await istiod.start(tributary.address);
    await eventually("it ends", async () => !(await prometheus.alerts()).includes("TributaryNoClient"));
  });

  test("what istiod acknowledged and did not take is an alert", async () => {
    await holds("TributaryIstiodRejected");
  });

  test("every line of the dashboard has data after some changes", async () => {
    for (let index = 0; index < 5; index++) {
      catalog.change();
      catalog.write();
      await eventually(
        "the change is pushed",
        async () => (await prometheus.query("sum(tributary_change_ack_seconds_count) > 0")).length > 0,
      );
    }
    for (const { title, lines } of panels) {
      for (const [expr] of lines) {
        if (/nacks|problems_total|> 0|streams_closed/.test(expr)) assert.ok(await prometheus.query(expr));
        else await eventually(`${title}: ${expr}`, async () => (await prometheus.query(expr)).length > 0, { within: 10_000 });
      }
    }
  });

  test("every expression of the alerts is understood, and of metrics that are there", async () => {
    await eventually("all are evaluated", async () => Object.values(await prometheus.ruleHealth()).every((health) => health === "ok"));
    const names = new Set(alerts.flatMap(({ expr }) => expr.match(/tributary_\w+/g) ?? []));
    assert.ok(names.size >= 10);
    for (const name of names) assert.ok((await prometheus.query(name)).length > 0 || isCountedLater(name), `${name} is exported`);
  });

  test("a removal of most endpoints is held, and is an alert", async () => {
    const before = await tributary.metrics();
    catalog.keep(3);
    catalog.write();
    await holds("TributaryMassRemovalHeld");
    const now = await tributary.metrics();
    assert.equal(
      now.sum("tributary_registry_endpoints", { registry: "files" }),
      before.sum("tributary_registry_endpoints", { registry: "files" }),
    );
    assert.ok((await prometheus.alerts()).includes("TributaryRegistryProtected"));
  });

  test("a registry that is out of reach for a minute is an alert", onlyInFull, async () => {
    catalog.remove();
    await eventually("stale", async () => (await prometheus.alerts()).includes("TributaryRegistryStale"), {
      within: 120_000,
      every: 1_000,
    });
  });
});

/** Counters with labels exist from their first count on. */
function isCountedLater(name: string): boolean {
  return name.endsWith("_total");
}
