/** Drives the `dubbo-pods` kind in the rig, against any API server that can be started. One pod registers all instances of a service. */
import { ClusterConnection } from "../../src/registries/kubernetes/connection/cluster-connection.ts";
import { dubboPodsKind } from "../../src/registries/kubernetes/pods/dubbo/kind.ts";
import { recordsPayload } from "../../src/registries/pod-records/records.ts";
import type { KubernetesInstance } from "./kubernetes-driver.ts";
import { podObject, podStatus, providerKey } from "./pod-objects.ts";
import type { RegistryDriver, RegistryServer, RigService } from "./registry-driver.ts";

const namespace = "rig";
const podAddresses = ["10.99.0.1"];
/** Services that are put at once share pods, so that there are no more objects than a small server likes. */
const perPod = 10;

/** @param startInstance starts a fresh and empty cluster that has a namespace `rig` */
export function podsDriver(startInstance: () => Promise<KubernetesInstance>): RegistryDriver {
  return {
    session: dubboPodsKind.session,
    async start(): Promise<RegistryServer> {
      const instance = await startInstance();
      const { credential, bulk, stop, ...faults } = instance;
      const connection = new ClusterConnection(credential, 10_000);
      const merge = (path: string, patch: object) =>
        connection.json({ path, method: "PATCH", body: { type: "application/merge-patch+json", text: JSON.stringify(patch) } });
      const put = async (name: string, payload: string) => {
        const path = podPath(name);
        const { status: _, ...pod } = describedPod(name, payload);
        const exists = await connection.json({ path }).then(
          () => true,
          () => false,
        );
        if (exists) await merge(path, { metadata: pod.metadata });
        else {
          const body = { type: "application/apply-patch+yaml", text: JSON.stringify(pod) };
          await connection.json({ path: `${path}?fieldManager=rig`, method: "PATCH", body });
          await merge(`${path}/status`, { status: podStatus({ addresses: podAddresses }) });
        }
      };
      return {
        ...faults,
        settings: { ...dubboPodsKind.schema.parse({ heartbeat: "500ms", watch: "2s", foreignAddresses: true }), cluster: credential },
        key: (name) => ({ name }),
        put: (service) => put(podName(service.name), payloadOf([service])),
        async bulk(services) {
          const groups = Array.from({ length: Math.ceil(services.length / perPod) }, (_, at) =>
            services.slice(at * perPod, (at + 1) * perPod),
          );
          const pods = groups.map((group, at) => [podPath(`bulk-${at}`), describedPod(`bulk-${at}`, payloadOf(group))] as const);
          await bulk(new Map(pods));
        },
        removeInstances: (name) => put(podName(name), payloadOf([])),
        async corrupt(name) {
          await put(`${podName(name)}-corrupt`, "no base64!");
          return "bad-payload";
        },
        async stop() {
          connection.close();
          await stop.call(instance);
        },
      };
    },
  };
}

function podPath(name: string): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}

/** Names of the rig are no names of Kubernetes. */
function podName(service: string): string {
  return service.toLowerCase().replaceAll(".", "-");
}

function payloadOf(services: readonly RigService[]): string {
  const keys = services.flatMap(({ name, instances }) => instances.map(({ address, port }) => providerKey(name, address, port)));
  return recordsPayload(keys.map((k) => ({ k, v: "" })));
}

function describedPod(name: string, payload: string) {
  return podObject(name, {
    namespace,
    addresses: podAddresses,
    labels: { "dubbo.io/label": "dubbo.io.provider" },
    annotations: { "dubbo.io/annotation": payload },
  });
}
