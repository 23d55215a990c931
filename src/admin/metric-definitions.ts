/**
 * Every metric of ours: the exporter and `docs/metrics.md` are both made from this table. Names
 * are a promise to dashboards and alerts; units are base units as Prometheus wants them.
 */
export interface MetricDefinition {
  readonly type: "gauge" | "counter" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

export const metricDefinitions = {
  tributary_build_info: { type: "gauge", labels: ["version", "node"], help: "Always 1; the running version." },
  tributary_registry_phase: {
    type: "gauge",
    labels: ["registry", "type", "phase"],
    help: "1 for the phase a registry is in: starting (never listed), live, or stale (contact lost, last state kept).",
  },
  tributary_registry_synced: { type: "gauge", labels: ["registry"], help: "1 once a complete listing was taken over in this process." },
  tributary_registry_restored: {
    type: "gauge",
    labels: ["registry"],
    help: "1 while what is served of the registry is the state that an earlier process kept, because it was not listed yet in this one.",
  },
  tributary_registry_restored_as_of_timestamp_seconds: {
    type: "gauge",
    labels: ["registry", "peer"],
    help: "When that state was last known to be so. `peer`: the replica that had it; empty for the own disk. Absent once the registry was listed.",
  },
  tributary_registry_stale_seconds: {
    type: "gauge",
    labels: ["registry"],
    help: "How long the registry has been stale; 0 while it is live.",
  },
  tributary_registry_last_contact_timestamp_seconds: {
    type: "gauge",
    labels: ["registry"],
    help: "When the registry last answered; 0 if it never did.",
  },
  tributary_registry_epoch: {
    type: "gauge",
    labels: ["registry"],
    help: "Connections, sessions and workers that replaced an earlier one; each step opens a hold.",
  },
  tributary_registry_restarts_total: { type: "counter", labels: ["registry"], help: "Restarts of the registry's worker." },
  tributary_registry_worker_backing_off: {
    type: "gauge",
    labels: ["registry"],
    help: "1 while the registry's worker, which ended by itself or had to be ended, waits to be started again.",
  },
  tributary_registry_worker_retry_timestamp_seconds: {
    type: "gauge",
    labels: ["registry"],
    help: "When it is started again. Absent while a worker runs.",
  },
  tributary_registry_worker_bytes: {
    type: "gauge",
    labels: ["registry", "memory"],
    help: "Memory of the registry's worker as of its last heartbeat: `heap` (limited by `worker.heapMb`) and `external` (by `worker.externalMb`).",
  },
  tributary_registry_services: { type: "gauge", labels: ["registry"], help: "Services the registry gives." },
  tributary_registry_endpoints: { type: "gauge", labels: ["registry"], help: "Endpoints the registry gives, held ones included." },
  tributary_registry_held_endpoints: {
    type: "gauge",
    labels: ["registry"],
    help: "Endpoints that the registry no longer names but that are kept until a hold ends.",
  },
  tributary_registry_state: {
    type: "gauge",
    labels: ["registry", "state"],
    help: "1 for the state of the registry: live (served as it says), stale (not heard, its last state is served) or protected (served otherwise than it says, or its next removal would wait).",
  },
  tributary_registry_service_states: {
    type: "gauge",
    labels: ["registry", "state"],
    help: "Services of the registry in each of these states.",
  },
  tributary_registry_holds: {
    type: "gauge",
    labels: ["registry", "why"],
    help: "Open holds under which removals of the whole registry wait: reconnect, restart, suspicion, mass-removal, freeze or pause.",
  },
  tributary_registry_frozen: {
    type: "gauge",
    labels: ["registry"],
    help: "1 while nothing leaves of the registry, because it was frozen by an operator or the configuration.",
  },
  tributary_registry_paused: {
    type: "gauge",
    labels: ["registry"],
    help: "1 while the registry is not read, because it was paused by an operator or the configuration.",
  },
  tributary_registry_damped_endpoints: {
    type: "gauge",
    labels: ["registry"],
    help: "Of the held endpoints, those that flap damping keeps.",
  },
  tributary_registry_damped_returns_total: {
    type: "counter",
    labels: ["registry"],
    help: "Instances that came back while flap damping kept them.",
  },
  tributary_registry_growths_total: {
    type: "counter",
    labels: ["registry"],
    help: "Times that the registry, or one of its services, grew by a multiple at once (`protection.growthFactor`).",
  },
  tributary_registry_waiting_endpoints: {
    type: "gauge",
    labels: ["registry"],
    help: "Endpoints that the registry names, and which wait because of sudden growth (`protection.growth: hold`).",
  },
  tributary_registry_resources: { type: "gauge", labels: ["registry"], help: "Ready Istio objects the registry gives." },
  tributary_registry_facts: { type: "gauge", labels: ["registry"], help: "Facts the registry gives." },
  tributary_registry_events_total: {
    type: "counter",
    labels: ["registry", "event"],
    help: "What the registry told: upsert (new or different), remove (confirmed), listing (complete).",
  },
  tributary_registry_problems_total: {
    type: "counter",
    labels: ["registry", "code"],
    help: "Data of the registry that were skipped, by problem code.",
  },
  tributary_cluster_state: {
    type: "gauge",
    labels: ["cluster", "state"],
    help: "1 for the state a Kubernetes cluster is in: syncing, timeout (not listed in time, still tried), synced, unreachable (what is known stays), refused (its credential cannot be used), closed (not enabled).",
  },
  tributary_cluster_healthy: {
    type: "gauge",
    labels: ["cluster"],
    help: "1 while the cluster's API server says that it is ready; 0 while it does not. Absent before the first verdict.",
  },
  tributary_cluster_last_contact_timestamp_seconds: {
    type: "gauge",
    labels: ["cluster"],
    help: "When the cluster's API server last answered; 0 if it never did.",
  },
  tributary_cluster_services: { type: "gauge", labels: ["cluster"], help: "Services that registries read from the cluster." },
  tributary_cluster_endpoints: {
    type: "gauge",
    labels: ["cluster"],
    help: "Endpoints that registries read from the cluster, held ones included.",
  },
  tributary_cluster_renewals_total: {
    type: "counter",
    labels: ["cluster"],
    help: "Times the cluster's connections were made anew: after it was out of reach, or with another credential.",
  },
  tributary_cluster_place_live: {
    type: "gauge",
    labels: ["place"],
    help: "1 while a place that clusters come from (configuration, folder, remote-secrets) can be read; 0 while it cannot, and its clusters stay.",
  },
  tributary_rejected: {
    type: "gauge",
    labels: ["costs", "code"],
    help: "What is left out right now: instance (an endpoint), service (a whole object) or note (served, but changed), by problem code.",
  },
  tributary_merged_services: {
    type: "gauge",
    labels: ["policy"],
    help: "Services that several registries give or that a rule of `merging` is about, by policy.",
  },
  tributary_merge_conflicts: {
    type: "gauge",
    labels: [],
    help: "What registries say differently of the same endpoint or port; the first in precedence is believed.",
  },
  tributary_merge_pending_services: {
    type: "gauge",
    labels: [],
    help: "Services under `priority` that are about to be served by another registry.",
  },
  tributary_shadow_endpoints: {
    type: "gauge",
    labels: ["registry", "difference"],
    help: "Under `shadow`: endpoints that are served and the registry does not name (`missing`), and that it alone names (`extra`).",
  },
  tributary_clashes: {
    type: "gauge",
    labels: ["code"],
    help: "Clashes between names right now, by problem code: hosts that several services want, hosts that are not allowed, ready objects against generated ones.",
  },
  tributary_resources: { type: "gauge", labels: ["type"], help: "Resources served." },
  tributary_resource_bytes: { type: "gauge", labels: ["type"], help: "Bytes of a full-state answer." },
  tributary_snapshot_sequence: { type: "gauge", labels: [], help: "Publications since the start." },
  tributary_state_digest: {
    type: "gauge",
    labels: ["digest"],
    help: "Always 1; the label is a digest of everything served. Equal digests mean equal state: compare replicas by it.",
  },
  tributary_complete: {
    type: "gauge",
    labels: [],
    help: "1 once every required registry was listed, or is served as an earlier process kept it, so that first answers are given.",
  },
  tributary_xds_streams: { type: "gauge", labels: [], help: "Open xDS streams." },
  tributary_xds_requests_total: { type: "counter", labels: ["type"], help: "Requests received, acknowledgements included." },
  tributary_xds_pushes_total: { type: "counter", labels: ["type"], help: "Responses sent." },
  tributary_xds_push_bytes_total: { type: "counter", labels: ["type"], help: "Bytes of responses sent." },
  tributary_xds_nacks_total: { type: "counter", labels: ["type"], help: "Responses refused by a client." },
  tributary_xds_unacknowledged_total: {
    type: "counter",
    labels: ["type"],
    help: "Pushes not acknowledged within `xds.pacing.ackWarning`.",
  },
  tributary_xds_streams_closed_total: {
    type: "counter",
    labels: ["reason"],
    help: "Streams that ended, by the gRPC status we ended them with; CANCELLED: the client left.",
  },
  tributary_refused_connections_total: {
    type: "counter",
    labels: ["server", "reason"],
    help: "Connections that were refused, by server (xds, admin) and reason: handshake (no TLS), no-certificate, untrusted, not-allowed (not in the list), silent (no word in time), crowded (too many connections, this one without a stream).",
  },
  tributary_xds_client_version: {
    type: "gauge",
    labels: ["client", "shard", "type", "version"],
    help: "Always 1; the version that a client acknowledged last, of the shard that it is served (0 without `xds.shards`).",
  },
  tributary_change_publish_seconds: {
    type: "histogram",
    labels: [],
    help: "From a change seen in a registry to its publication in the snapshot.",
  },
  tributary_change_push_seconds: {
    type: "histogram",
    labels: ["type"],
    help: "From a change seen in a registry to the push that carries it.",
  },
  tributary_change_ack_seconds: {
    type: "histogram",
    labels: ["type"],
    help: "From a change seen in a registry to a client's acknowledgement.",
  },
  tributary_readback_resources: {
    type: "gauge",
    labels: ["type", "state"],
    help: "Resources by what istiod held of them at the last read-back: accepted, missing, other-version, shadowed (another source's object is used), extra (looks like ours, was not sent).",
  },
  tributary_readback_last_success_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When istiod last told what it holds; 0 if it never did.",
  },
  tributary_readback_duration_seconds: { type: "gauge", labels: [], help: "Time that the last successful read-back took." },
  tributary_readback_dump_bytes: { type: "gauge", labels: [], help: "Size of istiod's dump at the last successful read-back." },
  tributary_readback_successes_total: { type: "counter", labels: [], help: "Read-backs that came to a result." },
  tributary_readback_failures_total: {
    type: "counter",
    labels: ["reason"],
    help: "Read-backs without a result: no-answer (no debug port listens), timeout, status, content, too-large, cut-off, worker (our own thread failed), overtaken (istiod left or connected anew meanwhile).",
  },
  tributary_last_known_good_writable: {
    type: "gauge",
    labels: ["registry"],
    help: "1 while what is known of the registry is kept for a restart; 0 while that fails (serving goes on). Absent without `lastKnownGood.folder`.",
  },
  tributary_last_known_good_bytes: { type: "gauge", labels: ["registry"], help: "Size of the registry's journal of last-known-good." },
  tributary_last_known_good_entries_total: { type: "counter", labels: ["registry"], help: "Entries appended to the journal." },
  tributary_last_known_good_written_bytes_total: { type: "counter", labels: ["registry"], help: "Bytes appended to the journal." },
  tributary_last_known_good_rewrites_total: {
    type: "counter",
    labels: ["registry"],
    help: "Times the journal was written anew without its history.",
  },
  tributary_last_known_good_write_errors_total: { type: "counter", labels: ["registry"], help: "Writes to the journal that failed." },
  tributary_last_known_good_set_aside_total: {
    type: "counter",
    labels: ["registry"],
    help: "Journals that could not be used (damaged, foreign) and were set aside.",
  },
  tributary_last_known_good_loaded_items: {
    type: "gauge",
    labels: ["registry"],
    help: "Items that were taken over from the journal at the start.",
  },
  tributary_last_known_good_load_seconds: {
    type: "gauge",
    labels: ["registry"],
    help: "How long that took, from the start of reading until all of it was in the catalog.",
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
