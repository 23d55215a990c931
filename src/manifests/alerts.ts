/** What is worth waking somebody for. The expressions are tested against a running server and a real Prometheus. */
import type { Manifest, ManifestSettings } from "./settings.ts";

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  /** How long the expression must hold. */
  readonly for: string;
  readonly severity: "critical" | "warning" | "info";
  readonly summary: string;
  readonly description: string;
}

export const alerts: readonly Alert[] = [
  {
    alert: "TributaryRegistryStale",
    expr: "tributary_registry_stale_seconds > 60 unless tributary_registry_paused == 1",
    for: "1m",
    severity: "warning",
    summary: "Registry {{ $labels.registry }} is out of reach",
    description: "Its last state is served. Changes in the registry are not seen. Ask `tributary status` why.",
  },
  {
    alert: "TributaryRegistryRestored",
    expr: "tributary_registry_restored == 1",
    for: "10m",
    severity: "warning",
    summary: "Registry {{ $labels.registry }} was not listed since the start",
    description: "What an earlier process kept is served.",
  },
  {
    alert: "TributaryRegistryProtected",
    expr: "tributary_registry_held_endpoints > 0",
    for: "2m",
    severity: "warning",
    summary: "{{ $value }} endpoints of registry {{ $labels.registry }} are kept although it no longer names them",
    description: "It was restarted, or lost its connection, and shrinkage is held; `tributary status` says why and until when.",
  },
  {
    alert: "TributaryMassRemovalHeld",
    expr: "tributary_registry_held_endpoints > 20 and tributary_registry_held_endpoints > 0.5 * tributary_registry_endpoints",
    for: "15s",
    severity: "critical",
    summary: "Registry {{ $labels.registry }} wants to remove most of its endpoints",
    description: "The removal is held for some minutes and is then honoured. Look whether the registry is right.",
  },
  {
    alert: "TributaryFrozen",
    expr: "tributary_registry_frozen == 1",
    for: "15m",
    severity: "warning",
    summary: "Registry {{ $labels.registry }} is frozen: nothing leaves",
    description:
      "Endpoints that are gone are served until the freeze is taken back: `tributary unfreeze`, or `freeze` and `frozen` in the configuration.",
  },
  {
    alert: "TributaryPaused",
    expr: "tributary_registry_paused == 1",
    for: "1h",
    severity: "warning",
    summary: "Registry {{ $labels.registry }} is paused: it is not read",
    description: "Its last state is served until it is resumed: `tributary resume`, or `paused` in the configuration.",
  },
  {
    alert: "TributarySuddenGrowth",
    expr: "increase(tributary_registry_growths_total[10m]) > 0",
    for: "0s",
    severity: "info",
    summary: "Registry {{ $labels.registry }} grew by a multiple at once",
    description:
      "`tributary status` says what grew. With `protection.growth: hold` the additions wait; `tributary release` takes them over.",
  },
  {
    alert: "TributaryFlapping",
    expr: "increase(tributary_registry_damped_returns_total[10m]) > 20",
    for: "10m",
    severity: "info",
    summary: "Instances of registry {{ $labels.registry }} blink",
    description: "They leave and return within `protection.flapDamping`, which keeps them. Look at their heartbeats.",
  },
  {
    alert: "TributaryServicesWithheld",
    expr: 'sum by (code) (tributary_rejected{costs="service"}) > 0',
    for: "5m",
    severity: "warning",
    summary: "{{ $value }} services are withheld: {{ $labels.code }}",
    description: "istiod would refuse them. `tributary why HOST` and the page of errors tell more.",
  },
  {
    alert: "TributaryIstiodRejected",
    expr: 'sum by (type, state) (tributary_readback_resources{state!="accepted"}) > 0',
    for: "5m",
    severity: "warning",
    summary: "istiod did not take {{ $value }} resources that it acknowledged: {{ $labels.state }}",
    description: "The log names each, with a guess why.",
  },
  {
    alert: "TributaryPushLag",
    expr: "histogram_quantile(0.99, sum by (le, type) (rate(tributary_change_ack_seconds_bucket[5m]))) > 10",
    for: "5m",
    severity: "warning",
    summary: "Changes of {{ $labels.type }} take {{ $value }} s to istiod's acknowledgement",
    description: "istiod is busy, or full state is too large: see the page on shards.",
  },
  {
    alert: "TributaryPushUnacknowledged",
    expr: "increase(tributary_xds_unacknowledged_total[5m]) > 0",
    for: "0s",
    severity: "warning",
    summary: "A push of {{ $labels.type }} is not acknowledged",
    description: "Without an acknowledgement its stream is ended after `xds.pacing.ackTimeout`.",
  },
  {
    alert: "TributaryIncomplete",
    expr: "tributary_complete == 0",
    for: "5m",
    severity: "critical",
    summary: "A required registry was never listed",
    description: "An istiod that already serves waits for it without limit, one that has just started serves without it.",
  },
  {
    alert: "TributaryNoClient",
    expr: "tributary_xds_streams == 0",
    for: "5m",
    severity: "warning",
    summary: "No istiod is connected",
    description: "Compare `configSources` of the mesh's configuration with `xds.port` and `xds.shards`.",
  },
  {
    alert: "TributaryReplicasDiffer",
    expr: "count(count by (digest) (tributary_state_digest)) > 1",
    for: "10m",
    severity: "info",
    summary: "Replicas serve different states",
    description: "Normal while a hold is open on one of them; otherwise one of them does not reach what the others reach.",
  },
  {
    alert: "TributaryStateNotKept",
    expr: "tributary_last_known_good_writable == 0",
    for: "5m",
    severity: "warning",
    summary: "What is known of registry {{ $labels.registry }} is not kept for a restart",
    description: "Serving goes on. The folder of `lastKnownGood` cannot be written.",
  },
];

/** As Prometheus itself reads it, and `promtool check rules`. */
export function ruleGroups(): Manifest {
  const rules = alerts.map(({ severity, summary, description, ...rule }) => ({
    ...rule,
    labels: { severity },
    annotations: { summary, description },
  }));
  return { groups: [{ name: "tributary", rules }] };
}

/** As the Prometheus operator reads it. */
export function prometheusRule({ namespace }: ManifestSettings): Manifest {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "tributary", namespace, labels: { app: "tributary" } },
    spec: ruleGroups(),
  };
}
