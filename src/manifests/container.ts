/** Our container, as it stands in a pod. */
import {
  configFolder,
  configMapName,
  type Manifest,
  type ManifestSettings,
  metricsPort,
  metricsPortName,
  stateFolder,
  userId,
} from "./settings.ts";

/**
 * Listening is what start-up means, not that registries are synced: a registry that is away must not keep istiod from
 * starting. There is no readiness probe, because one of ours would take istiod out of its Service.
 */
export function container({ image }: Pick<ManifestSettings, "image">): Manifest {
  const probe = (path: string) => ({ httpGet: { path, port: metricsPort } });
  return {
    name: "tributary",
    image,
    args: ["serve", `--config=${configFolder}/tributary.yaml`],
    env: [{ name: "NODE_COMPILE_CACHE", value: `${stateFolder}/compiled` }],
    ports: [{ name: metricsPortName, containerPort: metricsPort, protocol: "TCP" }],
    startupProbe: { ...probe("/startupz"), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe("/healthz"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    // Without a request for CPU the autoscaler of istiod's Deployment stops working.
    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: userId,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "tributary-config", mountPath: configFolder, readOnly: true },
      { name: "tributary-state", mountPath: stateFolder },
    ],
  };
}

/** Starts before istiod's container and stops after it; Kubernetes 1.29 and later. */
export function nativeSidecar(settings: Pick<ManifestSettings, "image">): Manifest {
  const { name, image, ...rest } = container(settings);
  return { name, image, restartPolicy: "Always", ...rest };
}

/** What the container mounts. */
export const volumes: readonly Manifest[] = [
  { name: "tributary-config", configMap: { name: configMapName } },
  { name: "tributary-state", emptyDir: { sizeLimit: "256Mi" } },
];
