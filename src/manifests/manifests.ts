/** Everything that `tributary manifest` prints, by name. */
import { stringify } from "yaml";
import { rightsOf } from "./access-rights.ts";
import { prometheusRule, ruleGroups } from "./alerts.ts";
import { configMap, reachableConfigMap } from "./config-map.ts";
import { asPlainContainer, byOverlays, byValues, chartValues } from "./istiod.ts";
import { annotatedService, podMonitor } from "./scraping.ts";
import type { Manifest, ManifestSettings } from "./settings.ts";
import { standalone } from "./standalone.ts";

export interface NamedManifest {
  readonly name: string;
  /** One sentence, which also heads the file. */
  readonly about: string;
  /** Below `manifests/`. */
  readonly file: string;
  readonly make: (settings: ManifestSettings) => Manifest | readonly Manifest[];
}

export const manifests: readonly NamedManifest[] = [
  {
    name: "istioctl",
    about: "For `istioctl install -f`: Tributary as a native sidecar in istiod's pod (Kubernetes 1.29, istioctl 1.24 and later).",
    file: "istioctl/values.yaml",
    make: byValues,
  },
  {
    name: "istioctl-overlay",
    about: "The same by overlays: also with an istioctl before 1.24, and with a port for metrics at istiod's Service.",
    file: "istioctl/overlay.yaml",
    make: byOverlays,
  },
  {
    name: "istioctl-container",
    about: "For clusters without native sidecars: a plain container, until which listens istiod may end once or twice.",
    file: "istioctl/container.yaml",
    make: asPlainContainer,
  },
  {
    name: "helm",
    about: "Values for Istio's istiod chart (1.24 and later): Tributary as a native sidecar in istiod's pod.",
    file: "helm/istiod-values.yaml",
    make: chartValues,
  },
  { name: "config", about: "The configuration that the container mounts; put your registries in.", file: "config.yaml", make: configMap },
  {
    name: "standalone",
    about: "Tributary on its own, for clients with certificates: Deployment, Service, NetworkPolicy, PodDisruptionBudget.",
    file: "standalone.yaml",
    make: (settings) => [reachableConfigMap(settings), ...standalone({ ...settings, replicas: 2, tlsSecret: "tributary-tls" })],
  },
  {
    name: "pod-monitor",
    about: "For the Prometheus operator: scrapes the container's port in istiod's pods.",
    file: "prometheus/pod-monitor.yaml",
    make: podMonitor,
  },
  {
    name: "annotated-service",
    about: "For a Prometheus that follows prometheus.io annotations: a headless Service of our own.",
    file: "prometheus/annotated-service.yaml",
    make: annotatedService,
  },
  { name: "prometheus-rule", about: "Alerts, for the Prometheus operator.", file: "prometheus/prometheus-rule.yaml", make: prometheusRule },
  { name: "alerts", about: "The same alerts, as a rule file of Prometheus.", file: "prometheus/alerts.yaml", make: ruleGroups },
  {
    name: "rbac-services",
    about: "Rights to read the Services of a cluster, beyond those of istiod in its own cluster.",
    file: "rbac/services.yaml",
    make: (settings) => rightsOf("services", settings),
  },
  {
    name: "rbac-pods",
    about: "Rights to read the pods of a cluster, beyond those of istiod in its own cluster.",
    file: "rbac/pods.yaml",
    make: (settings) => rightsOf("pods", settings),
  },
  {
    name: "rbac-remote-secrets",
    about: "Rights to read Istio's remote secrets, for a ServiceAccount other than istiod's.",
    file: "rbac/remote-secrets.yaml",
    make: (settings) => rightsOf("remote-secrets", settings),
  },
];

/** The template of our chart: the same objects, with Helm's words in place of settings. */
export function chartTemplate(): string {
  const values = { namespace: "{{ .Release.Namespace }}", image: "{{ .Values.image }}", tlsSecret: "{{ .Values.tlsSecret }}" };
  const objects = standalone({ ...values, shards: 1, replicas: "{{ .Values.replicas }}" });
  const about = "Made from `src/manifests/standalone.ts`; edit that.";
  // A number must not be quoted.
  return documentsOf(about, objects).replace('"{{ .Values.replicas }}"', "{{ .Values.replicas }}");
}

/** The whole file: objects as YAML documents, behind what they are. */
export function manifestText({ about, make }: NamedManifest, settings: ManifestSettings): string {
  const made = make(settings);
  return documentsOf(about, Array.isArray(made) ? made : [made as Manifest]);
}

function documentsOf(about: string, objects: readonly Manifest[]): string {
  const documents = objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }));
  return `# ${about}\n${documents.join("---\n")}`;
}
