/** A Grafana dashboard of the metrics: what is served, from which registries, and how fast it reaches istiod. */
interface Panel {
  readonly title: string;
  readonly unit: "short" | "s" | "bytes" | "Bps" | "ops";
  /** Expression and legend of each line. */
  readonly lines: readonly (readonly [expr: string, legend: string])[];
}

const pod = "{{instance}}";

export const panels: readonly Panel[] = [
  {
    title: "Resources served",
    unit: "short",
    lines: [["tributary_resources", `${pod} {{type}}`]],
  },
  {
    title: "Endpoints by registry",
    unit: "short",
    lines: [
      ["tributary_registry_endpoints", `${pod} {{registry}}`],
      ["tributary_registry_held_endpoints > 0", `${pod} {{registry}} held`],
    ],
  },
  {
    title: "Services that are not live, by state",
    unit: "short",
    lines: [['sum by (instance, registry, state) (tributary_registry_service_states{state!="live"})', `${pod} {{registry}} {{state}}`]],
  },
  { title: "Registries: time since contact was lost", unit: "s", lines: [["tributary_registry_stale_seconds", `${pod} {{registry}}`]] },
  {
    title: "Left out, by reason",
    unit: "short",
    lines: [
      ["sum by (costs, code) (tributary_rejected)", "{{costs}} {{code}}"],
      ["sum by (registry, code) (increase(tributary_registry_problems_total[5m]))", "{{registry}} {{code}}"],
    ],
  },
  {
    title: "From a change to istiod's acknowledgement",
    unit: "s",
    lines: [
      ["histogram_quantile(0.5, sum by (le) (rate(tributary_change_ack_seconds_bucket[5m])))", "p50"],
      ["histogram_quantile(0.99, sum by (le) (rate(tributary_change_ack_seconds_bucket[5m])))", "p99"],
      ["histogram_quantile(0.99, sum by (le) (rate(tributary_change_publish_seconds_bucket[5m])))", "p99 until published"],
    ],
  },
  { title: "Sent", unit: "Bps", lines: [["sum by (instance, type) (rate(tributary_xds_push_bytes_total[5m]))", `${pod} {{type}}`]] },
  {
    title: "Streams, rejections",
    unit: "short",
    lines: [
      ["tributary_xds_streams", `${pod} streams`],
      ["sum by (type) (increase(tributary_xds_nacks_total[5m]))", "rejected {{type}}"],
      ["sum by (reason) (increase(tributary_xds_streams_closed_total[5m]))", "closed {{reason}}"],
    ],
  },
  { title: "What istiod holds", unit: "short", lines: [["sum by (state) (tributary_readback_resources)", "{{state}}"]] },
  { title: "Different states among replicas", unit: "short", lines: [["count(count by (digest) (tributary_state_digest))", "states"]] },
  {
    title: "Memory and event loop",
    unit: "short",
    lines: [
      ["process_resident_memory_bytes / 1e6", `${pod} MB`],
      ["nodejs_eventloop_lag_p99_seconds * 1e3", `${pod} loop lag p99, ms`],
    ],
  },
];

const width = 12;
const height = 8;

/** The file that Grafana imports; it asks for the data source. */
export function dashboard(): string {
  const datasource = { type: "prometheus", uid: "$datasource" };
  const variable = { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" };
  const model = {
    title: "Tributary",
    uid: "tributary",
    tags: ["istio", "tributary"],
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: { list: [variable] },
    panels: panels.map(({ title, unit, lines }, index) => ({
      id: index + 1,
      type: "timeseries",
      title,
      datasource,
      gridPos: { x: (index % 2) * width, y: Math.floor(index / 2) * height, w: width, h: height },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: lines.map(([expr, legendFormat], line) => ({ refId: String.fromCharCode(65 + line), datasource, expr, legendFormat })),
    })),
  };
  return `${JSON.stringify(model, undefined, 2)}\n`;
}
