import { metricDefinitions } from "../src/admin/metric-definitions.ts";
import { alerts } from "../src/manifests/alerts.ts";
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
  const alertRows = alerts.map(({ alert, expr, for: time }) => [alert, `\`${expr}\``, time]);
  return `# Metrics

${generatedNote}

Served on \`http://\${metrics.address}:\${metrics.port}/metrics\` (127.0.0.1:16020 by default; set \`metrics.address\` to
\`0.0.0.0\` or the pod's address for Prometheus and the kubelet). Names and labels are a promise to dashboards and alerts.
The usual \`process_*\` and \`nodejs_*\` metrics come along; \`nodejs_eventloop_lag_*\` tells whether the thread that answers
istiod is free.

${markdownTable(["Metric", "Type", "Labels", "Meaning"], rows)}

Worth an alert (\`manifests/prometheus/alerts.yaml\`, or \`tributary manifest prometheus-rule\`; [how to scrape](prometheus.md)):

${markdownTable(["Alert", "Expression", "for"], alertRows)}
`;
}
