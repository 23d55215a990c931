/**
 * Tributary on its own, for clients that are not in its pod: control planes that read config sources through a mesh, istio-mcp's
 * clients, tools. They show certificates; nothing of it is reachable without.
 */
import { tlsFolder } from "./config-map.ts";
import { container, volumes } from "./container.ts";
import { firstXdsPort, type Manifest, type ManifestSettings, metricsPort } from "./settings.ts";

export interface StandaloneSettings extends Pick<ManifestSettings, "namespace" | "image" | "shards"> {
  /** Replicas; they need no election: all serve the same bytes. */
  readonly replicas: number | string;
  /** Secret with `tls.crt`, `tls.key` and `ca.crt`, which the configuration names. */
  readonly tlsSecret: string;
}

const labels = { app: "tributary" };

export function standalone({ namespace, image, shards, replicas, tlsSecret }: StandaloneSettings): Manifest[] {
  const metadata = { name: "tributary", namespace, labels };
  const { ports, volumeMounts, ...rest } = container({ image });
  const xdsPorts = Array.from({ length: shards }, (_, index) => ({ name: `grpc-xds-${index}`, port: firstXdsPort + index }));
  const pod = {
    serviceAccountName: "tributary",
    // It asks the API server for nothing, unless a registry is a cluster.
    automountServiceAccountToken: false,
    securityContext: { fsGroup: 65_532 },
    containers: [
      {
        ...rest,
        ports: [...(ports as Manifest[]), ...xdsPorts.map(({ name, port }) => ({ name, containerPort: port, protocol: "TCP" }))],
        readinessProbe: { httpGet: { path: "/readyz", port: metricsPort }, periodSeconds: 5 },
        volumeMounts: [...(volumeMounts as Manifest[]), { name: "tributary-tls", mountPath: tlsFolder, readOnly: true }],
      },
    ],
    volumes: [...volumes, { name: "tributary-tls", secret: { secretName: tlsSecret, defaultMode: 0o440 } }],
  };
  const annotations = { "prometheus.io/scrape": "true", "prometheus.io/port": `${metricsPort}`, "prometheus.io/path": "/metrics" };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels, annotations }, spec: pod } },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: labels, ports: xdsPorts.map((port) => ({ ...port, protocol: "TCP" })) },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata,
      spec: {
        podSelector: { matchLabels: labels },
        policyTypes: ["Ingress"],
        ingress: [{ ports: xdsPorts.map(({ port }) => ({ protocol: "TCP", port })) }, { ports: [{ protocol: "TCP", port: metricsPort }] }],
      },
    },
  ];
}
