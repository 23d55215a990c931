/** The Prometheus exporter: gauges are read from the views when scraped, events are counted as they happen. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { protectionStates } from "../catalog/protection/protection-state.ts";
import type { ProtectionReport } from "../catalog/view/protection-report.ts";
import { clusterStates } from "../clusters/cluster-view.ts";
import { type MetricName, metricDefinitions } from "./metric-definitions.ts";
import type { AdminViews } from "./views.ts";

/** Seconds, from half a millisecond (an in-memory change) to a minute (a paced storm). */
const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const protectionMetrics: readonly MetricName[] = [
  "tributary_registry_state",
  "tributary_registry_service_states",
  "tributary_registry_holds",
  "tributary_registry_frozen",
  "tributary_registry_paused",
  "tributary_registry_damped_endpoints",
  "tributary_registry_damped_returns_total",
  "tributary_registry_growths_total",
  "tributary_registry_waiting_endpoints",
];

export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<MetricName, Gauge | Counter | Histogram>();
  readonly #views: AdminViews;

  constructor(views: AdminViews, version: string) {
    this.#views = views;
    for (const [name, { type, labels, help }] of Object.entries(metricDefinitions)) {
      const shape = { name, help, labelNames: [...labels], registers: [this.#registry] };
      const metric =
        type === "gauge"
          ? new Gauge(shape)
          : type === "counter"
            ? new Counter(shape)
            : new Histogram({ ...shape, buckets: latencyBuckets });
      this.#metrics.set(name as MetricName, metric);
    }
    this.gauge("tributary_build_info").set({ version, node: process.version }, 1);
    collectDefaultMetrics({ register: this.#registry });
  }

  gauge(name: MetricName): Gauge {
    return this.#metrics.get(name) as Gauge;
  }

  counter(name: MetricName): Counter {
    return this.#metrics.get(name) as Counter;
  }

  histogram(name: MetricName): Histogram {
    return this.#metrics.get(name) as Histogram;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The exposition text, with every gauge as it is now. */
  async expose(): Promise<string> {
    this.#readRegistries();
    this.#readClusters();
    this.#readServing();
    this.#readReadBack();
    this.#readKept();
    return await this.#registry.metrics();
  }

  #readRegistries(): void {
    const perRegistry: readonly MetricName[] = [
      "tributary_registry_phase",
      "tributary_registry_synced",
      "tributary_registry_restored",
      "tributary_registry_restored_as_of_timestamp_seconds",
      "tributary_registry_stale_seconds",
      "tributary_registry_last_contact_timestamp_seconds",
      "tributary_registry_epoch",
      "tributary_registry_restarts_total",
      "tributary_registry_worker_backing_off",
      "tributary_registry_worker_retry_timestamp_seconds",
      "tributary_registry_worker_bytes",
      "tributary_registry_services",
      "tributary_registry_endpoints",
      "tributary_registry_held_endpoints",
      ...protectionMetrics,
      "tributary_registry_resources",
      "tributary_registry_facts",
      "tributary_registry_events_total",
      "tributary_registry_problems_total",
    ];
    // A removed registry must not linger: series are rebuilt at each scrape.
    for (const name of perRegistry) this.#metrics.get(name)?.reset();
    for (const { id: registry, type, status, events, problems, ...view } of this.#views.registries()) {
      for (const phase of ["starting", "live", "stale"]) {
        this.gauge("tributary_registry_phase").set({ registry, type, phase }, status.phase === phase ? 1 : 0);
      }
      const stale = status.phase === "stale" ? (Date.now() - status.since) / 1000 : 0;
      this.gauge("tributary_registry_synced").set({ registry }, status.synced ? 1 : 0);
      this.gauge("tributary_registry_restored").set({ registry }, status.restored ? 1 : 0);
      const { peer = "", asOf } = status.restoredFrom ?? {};
      if (asOf !== undefined) this.gauge("tributary_registry_restored_as_of_timestamp_seconds").set({ registry, peer }, asOf / 1000);
      this.gauge("tributary_registry_stale_seconds").set({ registry }, stale);
      this.gauge("tributary_registry_last_contact_timestamp_seconds").set({ registry }, status.lastContact / 1000);
      this.gauge("tributary_registry_epoch").set({ registry }, status.epoch);
      this.counter("tributary_registry_restarts_total").inc({ registry }, status.restarts);
      this.gauge("tributary_registry_worker_backing_off").set({ registry }, status.retryAt === undefined ? 0 : 1);
      if (status.retryAt !== undefined) {
        this.gauge("tributary_registry_worker_retry_timestamp_seconds").set({ registry }, status.retryAt / 1000);
      }
      for (const [memory, bytes] of Object.entries(view.memory))
        this.gauge("tributary_registry_worker_bytes").set({ registry, memory }, bytes);
      this.gauge("tributary_registry_services").set({ registry }, view.services);
      this.gauge("tributary_registry_endpoints").set({ registry }, view.endpoints);
      this.gauge("tributary_registry_held_endpoints").set({ registry }, view.heldEndpoints);
      this.#readProtection(registry, view.protection);
      this.gauge("tributary_registry_resources").set({ registry }, view.resources);
      this.gauge("tributary_registry_facts").set({ registry }, view.facts);
      for (const [event, count] of Object.entries(events)) {
        this.counter("tributary_registry_events_total").inc({ registry, event }, count);
      }
      for (const [code, count] of Object.entries(problems)) {
        this.counter("tributary_registry_problems_total").inc({ registry, code }, count);
      }
    }
  }

  #readProtection(registry: string, protection: ProtectionReport): void {
    for (const state of protectionStates) {
      this.gauge("tributary_registry_state").set({ registry, state }, protection.state === state ? 1 : 0);
      this.gauge("tributary_registry_service_states").set({ registry, state }, protection.services[state]);
    }
    for (const { why } of protection.holds) this.gauge("tributary_registry_holds").inc({ registry, why });
    this.gauge("tributary_registry_frozen").set({ registry }, protection.operator.frozen === undefined ? 0 : 1);
    this.gauge("tributary_registry_paused").set({ registry }, protection.operator.paused === undefined ? 0 : 1);
    this.gauge("tributary_registry_damped_endpoints").set({ registry }, protection.dampedEndpoints);
    this.counter("tributary_registry_damped_returns_total").inc({ registry }, protection.returns);
    this.counter("tributary_registry_growths_total").inc({ registry }, protection.growths);
    this.gauge("tributary_registry_waiting_endpoints").set({ registry }, protection.waitingEndpoints);
  }

  #readMerges(): void {
    const { services, conflicts, pending, shadows } = this.#views.merges();
    for (const [policy, count] of Object.entries(services)) this.gauge("tributary_merged_services").set({ policy }, count);
    this.gauge("tributary_merge_conflicts").set(conflicts);
    this.gauge("tributary_merge_pending_services").set(pending);
    for (const { registry, missing, extra } of shadows) {
      this.gauge("tributary_shadow_endpoints").set({ registry, difference: "missing" }, missing);
      this.gauge("tributary_shadow_endpoints").set({ registry, difference: "extra" }, extra);
    }
  }

  #readClusters(): void {
    const perCluster: readonly MetricName[] = [
      "tributary_cluster_state",
      "tributary_cluster_healthy",
      "tributary_cluster_last_contact_timestamp_seconds",
      "tributary_cluster_services",
      "tributary_cluster_endpoints",
      "tributary_cluster_renewals_total",
      "tributary_cluster_place_live",
    ];
    for (const name of perCluster) this.#metrics.get(name)?.reset();
    const { clusters, places } = this.#views.clusters();
    for (const { id: cluster, ...view } of clusters) {
      for (const state of clusterStates) this.gauge("tributary_cluster_state").set({ cluster, state }, view.state === state ? 1 : 0);
      if (view.healthy !== undefined) this.gauge("tributary_cluster_healthy").set({ cluster }, view.healthy ? 1 : 0);
      this.gauge("tributary_cluster_last_contact_timestamp_seconds").set({ cluster }, view.lastContact / 1000);
      this.gauge("tributary_cluster_services").set({ cluster }, view.services);
      this.gauge("tributary_cluster_endpoints").set({ cluster }, view.endpoints);
      this.counter("tributary_cluster_renewals_total").inc({ cluster }, view.renewals);
    }
    for (const { name: place, status } of places) {
      this.gauge("tributary_cluster_place_live").set({ place }, status.phase === "live" ? 1 : 0);
    }
  }

  #readServing(): void {
    const rebuilt: readonly MetricName[] = [
      "tributary_rejected",
      "tributary_clashes",
      "tributary_merged_services",
      "tributary_shadow_endpoints",
      "tributary_state_digest",
      "tributary_xds_client_version",
    ];
    for (const name of rebuilt) this.#metrics.get(name)?.reset();
    for (const { costs, code, count } of this.#views.rejected()) this.gauge("tributary_rejected").set({ costs, code }, count);
    for (const { code, count } of this.#views.clashes()) this.gauge("tributary_clashes").set({ code }, count);
    this.#readMerges();
    for (const { type, resources, bytes } of this.#views.types()) {
      this.gauge("tributary_resources").set({ type }, resources);
      this.gauge("tributary_resource_bytes").set({ type }, bytes);
    }
    this.gauge("tributary_snapshot_sequence").set(this.#views.sequence());
    this.gauge("tributary_state_digest").set({ digest: this.#views.stateDigest() }, 1);
    this.gauge("tributary_complete").set(this.#views.complete() ? 1 : 0);
    const clients = this.#views.clients();
    this.gauge("tributary_xds_streams").set(clients.length);
    for (const { node, shard, types } of clients) {
      for (const { type, acked } of types) {
        if (acked !== undefined) this.gauge("tributary_xds_client_version").set({ client: node, shard, type, version: acked }, 1);
      }
    }
  }

  #readKept(): void {
    const rebuilt: readonly MetricName[] = [
      "tributary_last_known_good_writable",
      "tributary_last_known_good_bytes",
      "tributary_last_known_good_entries_total",
      "tributary_last_known_good_written_bytes_total",
      "tributary_last_known_good_rewrites_total",
      "tributary_last_known_good_write_errors_total",
      "tributary_last_known_good_set_aside_total",
      "tributary_last_known_good_loaded_items",
      "tributary_last_known_good_load_seconds",
    ];
    for (const name of rebuilt) this.#metrics.get(name)?.reset();
    for (const { registry, failure, size, counts, ...kept } of this.#views.kept()) {
      this.gauge("tributary_last_known_good_writable").set({ registry }, failure === undefined ? 1 : 0);
      this.gauge("tributary_last_known_good_bytes").set({ registry }, size);
      this.counter("tributary_last_known_good_entries_total").inc({ registry }, counts.entries);
      this.counter("tributary_last_known_good_written_bytes_total").inc({ registry }, counts.bytes);
      this.counter("tributary_last_known_good_rewrites_total").inc({ registry }, counts.rewrites);
      this.counter("tributary_last_known_good_write_errors_total").inc({ registry }, counts.writeErrors);
      this.counter("tributary_last_known_good_set_aside_total").inc({ registry }, kept.setAside);
      this.gauge("tributary_last_known_good_loaded_items").set({ registry }, kept.loadedItems);
      this.gauge("tributary_last_known_good_load_seconds").set({ registry }, kept.loadSeconds);
    }
  }

  #readReadBack(): void {
    const summary = this.#views.readBack?.summary();
    if (!summary) return;
    const rebuilt: readonly MetricName[] = [
      "tributary_readback_resources",
      "tributary_readback_successes_total",
      "tributary_readback_failures_total",
    ];
    for (const name of rebuilt) this.#metrics.get(name)?.reset();
    for (const { type, state, count } of summary.counts) this.gauge("tributary_readback_resources").set({ type, state }, count);
    this.gauge("tributary_readback_last_success_timestamp_seconds").set((summary.lastSuccess ?? 0) / 1000);
    this.gauge("tributary_readback_duration_seconds").set((summary.durationMs ?? 0) / 1000);
    this.gauge("tributary_readback_dump_bytes").set(summary.dumpBytes ?? 0);
    this.counter("tributary_readback_successes_total").inc(summary.successes);
    for (const [reason, count] of Object.entries(summary.failures))
      this.counter("tributary_readback_failures_total").inc({ reason }, count);
  }
}
