/** The configuration that the container mounts, to be completed with the registries. */
import { stringify } from "yaml";
import { configMapName, firstXdsPort, type Manifest, type ManifestSettings, metricsPort, stateFolder } from "./settings.ts";

export function configMap({ namespace, shards }: ManifestSettings): Manifest {
  const configuration = {
    registries: [{ id: "orders", type: "zookeeper", servers: ["zookeeper.registries:2181"] }],
    xds: { port: firstXdsPort, ...(shards > 1 && { shards }) },
    // The kubelet and Prometheus come from outside the pod.
    metrics: { address: "0.0.0.0", port: metricsPort },
    lastKnownGood: { folder: `${stateFolder}/last-known-good` },
    log: { format: "json" },
  };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: configMapName, namespace },
    data: { "tributary.yaml": stringify(configuration) },
  };
}
