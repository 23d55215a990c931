/** The registries that read API servers, in the conformance rig against a real one. */
import { after } from "node:test";
import { registryConformance } from "../conformance/registry-rig.ts";
import { type KubernetesInstance, kubernetesDriver } from "../support/kubernetes-driver.ts";
import { podsDriver } from "../support/pods-driver.ts";
import { KubernetesApi } from "./servers/kubernetes-api.ts";

const {
  apis: [rig],
  stop,
} = await KubernetesApi.start("rig");
after(stop);

registryConformance("kubernetes (real server)", kubernetesDriver(instance));
registryConformance("dubbo-pods (real server)", podsDriver(instance));

/** The one server, emptied for every case. */
async function instance(): Promise<KubernetesInstance> {
  const api = rig!;
  await api.clear("rig");
  await api.namespace("rig");
  return {
    credential: api.credential(),
    bulk: (objects) => api.bulk(objects),
    kill: () => api.kill(),
    revive: () => api.restart(),
    freeze: async () => api.suspend(),
    thaw: async () => api.resume(),
    async stop() {
      api.resume();
      if (!api.alive) await api.restart();
    },
  };
}
