/** The configuration that the container mounts, to be completed with the registries. */
import { stringify } from "yaml";
import { configMapName, firstXdsPort, istiodName, type Manifest, type ManifestSettings, metricsPort, stateFolder } from "./settings.ts";

/** Where a stand-alone Deployment mounts its certificates. */
export const tlsFolder = "/etc/tributary-tls";

/** Beside istiod: xDS on loopback. */
export function configMap(settings: ManifestSettings): Manifest {
  return configMapWith(settings, {});
}

/** On its own: xDS for clients with a certificate. */
export function reachableConfigMap(settings: ManifestSettings): Manifest {
  const tls = {
    certificate: `${tlsFolder}/tls.crt`,
    key: `${tlsFolder}/tls.key`,
    clientCa: `${tlsFolder}/ca.crt`,
    allow: [`spiffe://cluster.local/ns/${settings.namespace}/sa/${istiodName(settings)}`],
  };
  return configMapWith(settings, { address: "0.0.0.0", tls });
}

function configMapWith({ namespace, shards }: ManifestSettings, xds: Manifest): Manifest {
  const configuration = {
    registries: [{ id: "orders", type: "zookeeper", servers: ["zookeeper.registries:2181"] }],
    xds: { ...xds, port: firstXdsPort, ...(shards > 1 && { shards }) },
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
