import { metricDefinitions } from "../src/admin/metric-definitions.ts";
import { generatedNote } from "./generated-note.ts";
import { markdownTable } from "./markdown-table.ts";

/** `docs/metrics.md` */
export function metricsPage(): string {
  const rows = Object.entries(metricDefinitions).map(([name, { type, labels, help }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(" "),
    help,
  ]);
  return `# Metrics

${generatedNote}

Served on \`http://\${metrics.address}:\${metrics.port}/metrics\` (127.0.0.1:16020 by default; set \`metrics.address\` to
\`0.0.0.0\` or the pod's address for Prometheus and the kubelet). Names and labels are a promise to dashboards and alerts.
The usual \`process_*\` and \`nodejs_*\` metrics come along; \`nodejs_eventloop_lag_*\` tells whether the thread that answers
istiod is free.

${markdownTable(["Metric", "Type", "Labels", "Meaning"], rows)}

Worth an alert:

| what | expression |
|---|---|
| a registry is out of reach | \`tributary_registry_stale_seconds > 60\` |
| shrinkage is held | \`tributary_registry_held_endpoints > 0\` for longer than the hold |
| services are withheld | \`tributary_rejected{costs="service"} > 0\` |
| istiod did not take what it acknowledged | \`sum by (state) (tributary_readback_resources{state!="accepted"}) > 0\` |
| istiod does not acknowledge | \`rate(tributary_xds_unacknowledged_total[5m]) > 0\` |
| replicas disagree | \`count(count by (digest) (tributary_state_digest)) > 1\` for some minutes |
`;
}
