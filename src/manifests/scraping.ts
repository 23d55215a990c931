/** How Prometheus comes to the metrics port; which of them works where is told in `docs/prometheus.md`. */
import { istiodLabels, type Manifest, type ManifestSettings, metricsPort, metricsPortName } from "./settings.ts";

/** Prometheus operator: the container's port by its name, without any Service. */
export function podMonitor(settings: ManifestSettings): Manifest {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: { name: "tributary", namespace: settings.namespace, labels: { app: "tributary" } },
    spec: {
      selector: { matchLabels: istiodLabels(settings) },
      podMetricsEndpoints: [{ port: metricsPortName, path: "/metrics", interval: "15s" }],
    },
  };
}

/** Annotations: a Service of our own, because those of istiod's pod name istiod's port and can name only one. */
export function annotatedService(settings: ManifestSettings): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: "tributary-metrics",
      namespace: settings.namespace,
      labels: { app: "tributary" },
      annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": `${metricsPort}`, "prometheus.io/path": "/metrics" },
    },
    spec: {
      clusterIP: "None",
      selector: istiodLabels(settings),
      // Also while istiod is not ready: that is when it is worth a look.
      publishNotReadyAddresses: true,
      ports: [{ name: metricsPortName, port: metricsPort, targetPort: metricsPort, protocol: "TCP" }],
    },
  };
}
