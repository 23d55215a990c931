import assert from "node:assert/strict";
import { test } from "node:test";
import { type MetricName, metricDefinitions } from "../../src/admin/metric-definitions.ts";
import { Metrics } from "../../src/admin/metrics.ts";
import type { RegistryView } from "../../src/admin/views.ts";
import type { ReadBackSummary } from "../../src/read-back/view.ts";
import { fakeViews, registryView } from "../support/admin-views.ts";

const line = (text: string, start: string) => text.split("\n").find((each) => each.startsWith(start));

test("a stale registry shows its phase and for how long", async () => {
  const status = { phase: "stale", since: Date.now() - 90_000, synced: true, lastContact: 5_000, epoch: 3, restarts: 2 } as const;
  const metrics = new Metrics(fakeViews({ registries: () => [registryView("zk", { status, heldEndpoints: 2 })] }), "1.2.3");
  const text = await metrics.expose();
  assert.equal(line(text, 'tributary_registry_phase{registry="zk",type="file",phase="stale"}')?.split(" ")[1], "1");
  assert.equal(line(text, 'tributary_registry_phase{registry="zk",type="file",phase="live"}')?.split(" ")[1], "0");
  const stale = Number(line(text, 'tributary_registry_stale_seconds{registry="zk"}')?.split(" ")[1]);
  assert.ok(stale >= 90 && stale < 120, String(stale));
  assert.equal(line(text, 'tributary_registry_held_endpoints{registry="zk"}')?.split(" ")[1], "2");
  assert.equal(line(text, 'tributary_registry_restarts_total{registry="zk"}')?.split(" ")[1], "2");
});

test("counters of a registry do not add up over scrapes", async () => {
  const metrics = new Metrics(fakeViews(), "1.2.3");
  await metrics.expose();
  const text = await metrics.expose();
  assert.equal(line(text, 'tributary_registry_events_total{registry="files",event="upsert"}')?.split(" ")[1], "4");
});

test("a registry that was removed leaves no series behind", async () => {
  const registries: RegistryView[] = [registryView("old"), registryView("kept")];
  const metrics = new Metrics(fakeViews({ registries: () => registries }), "1.2.3");
  assert.match(await metrics.expose(), /registry="old"/);
  registries.shift();
  const text = await metrics.expose();
  assert.doesNotMatch(text, /registry="old"/);
  assert.match(text, /registry="kept"/);
});

test("the state digest and the clients' acknowledged versions are labels of series that are always 1", async () => {
  const clients = () => [{ node: "istiod-0", peer: "p", shard: 3, types: [{ type: "t", sent: "v2", acked: "v1" }] }];
  const text = await new Metrics(fakeViews({ clients }), "1.2.3").expose();
  assert.ok(line(text, 'tributary_state_digest{digest="abc"} 1'));
  assert.ok(line(text, 'tributary_xds_client_version{client="istiod-0",shard="3",type="t",version="v1"} 1'));
});

test("what is kept of a registry is told, and whether it can be written", async () => {
  const counts = { entries: 7, bytes: 900, rewrites: 2, writeErrors: 1 };
  const report = { registry: "zk", file: "zk.journal", size: 1_234, counts, loadedItems: 5, loadSeconds: 0.25, setAside: 1 };
  const text = await new Metrics(fakeViews({ kept: () => [{ ...report, failure: "ENOSPC" }] }), "1.2.3").expose();
  const of = (name: string) => line(text, `tributary_last_known_good_${name}{registry="zk"}`)?.split(" ")[1];
  assert.deepEqual(
    ["writable", "bytes", "entries_total", "written_bytes_total", "rewrites_total", "write_errors_total", "set_aside_total"].map(of),
    ["0", "1234", "7", "900", "2", "1", "1"],
  );
  assert.deepEqual(["loaded_items", "load_seconds"].map(of), ["5", "0.25"]);
  const fine = await new Metrics(fakeViews({ kept: () => [{ ...report, failure: undefined }] }), "1.2.3").expose();
  assert.ok(line(fine, 'tributary_last_known_good_writable{registry="zk"} 1'));
});

test("every metric has a help text, and the unit or total its type demands", () => {
  for (const [name, { type, help }] of Object.entries(metricDefinitions) as [MetricName, { type: string; help: string }][]) {
    assert.ok(help.length > 10, name);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    if (type === "histogram") assert.match(name, /_seconds$/);
  }
});

test("what istiod took is told by type and state, and failures by reason", async () => {
  const type = "networking.istio.io/ServiceEntry";
  const summary: ReadBackSummary = {
    lastSuccess: 5_000,
    durationMs: 1_500,
    dumpBytes: 17_000_000,
    port: 8080,
    counts: [
      { type, state: "accepted", count: 8 },
      { type, state: "missing", count: 2 },
    ],
    lastFailure: undefined,
    successes: 3,
    failures: { timeout: 1 },
  };
  const metrics = new Metrics(fakeViews({ readBack: { summary: () => summary, resource: () => undefined } }), "1.2.3");
  await metrics.expose();
  const text = await metrics.expose();
  assert.ok(line(text, `tributary_readback_resources{type="${type}",state="missing"} 2`));
  assert.ok(line(text, "tributary_readback_last_success_timestamp_seconds 5"));
  assert.ok(line(text, "tributary_readback_duration_seconds 1.5"));
  assert.ok(line(text, "tributary_readback_successes_total 3"));
  assert.ok(line(text, 'tributary_readback_failures_total{reason="timeout"} 1'));
});
