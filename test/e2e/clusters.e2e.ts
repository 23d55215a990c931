/** The `kubernetes` registry against real API servers: first the conformance rig. */
import { after } from "node:test";
import { registryConformance } from "../conformance/registry-rig.ts";
import { type KubernetesInstance, kubernetesDriver } from "../support/kubernetes-driver.ts";
import { KubernetesApi } from "./servers/kubernetes-api.ts";

const {
  apis: [rig],
  stop,
} = await KubernetesApi.start("rig");
after(stop);

registryConformance("kubernetes (real server)", kubernetesDriver(instance));

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
