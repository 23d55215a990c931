/**
 * A real Nacos for the conformance rig. It starts slowly, so all cases share one, each with a namespace of its own. What
 * the rig puts is persistent, so that it is there again after a kill.
 */
import { nacosKind } from "../../../src/registries/nacos/kind.ts";
import type { RegistryDriver, RegistryServer, RigService } from "../../support/registry-driver.ts";
import type { Nacos } from "./nacos.ts";
import { NacosWriter } from "./nacos-writer.ts";

let namespaces = 0;

interface RigSettings {
  readonly transport: "grpc" | "http";
  readonly auth?: { readonly user: string; readonly password: string };
}

/**
 * @param server runs already, and whenever a case begins
 * @param settings beside those that make a test quick
 */
export function realNacosDriver(server: () => Nacos, settings: RigSettings): RegistryDriver {
  return {
    session: nacosKind.session,
    bulkPatience: 120_000,
    async start(): Promise<RegistryServer> {
      const nacos = server();
      const namespace = `rig-${++namespaces}`;
      let writer: NacosWriter | undefined;
      let heal: (() => Promise<void>) | undefined;
      const put = (service: RigService) => putPersistent(nacos, namespace, service);
      return {
        settings: nacosKind.schema.parse({
          servers: nacos.address,
          namespaces: namespace,
          listInterval: "1s",
          connectTimeout: "2s",
          healthCheckInterval: "1s",
          ...settings,
        }),
        key: (name) => ({ namespace, name }),
        put,
        async bulk(services) {
          writer = await NacosWriter.connect(nacos.port, namespace, settings.auth);
          await writer.bulk(services);
        },
        removeInstances: (name) => put({ name, instances: [] }),
        async stop() {
          writer?.close();
          await heal?.();
        },
        async kill() {
          await nacos.kill();
          heal = () => nacos.restart();
        },
        async revive() {
          heal = undefined;
          await nacos.restart();
        },
        async freeze() {
          nacos.suspend();
          heal = async () => nacos.resume();
        },
        async thaw() {
          heal = undefined;
          nacos.resume();
        },
        async corrupt(serviceName) {
          await nacos.post("/v1/ns/instance", { namespaceId: namespace, serviceName, ip: "0.0.0.0", port: "80", ephemeral: "false" });
          return "bad-address";
        },
      };
    },
  };
}

async function putPersistent(nacos: Nacos, namespaceId: string, { name: serviceName, instances }: RigService): Promise<void> {
  const service = { namespaceId, serviceName };
  const { hosts } = JSON.parse(await nacos.get("/v1/ns/instance/list", service)) as { hosts: { ip: string; port: number }[] };
  const wanted = new Set(instances.map(({ address, port }) => `${address}:${port}`));
  const had = new Set(hosts.map(({ ip, port }) => `${ip}:${port}`));
  for (const { address: ip, port } of instances) {
    if (!had.has(`${ip}:${port}`)) await nacos.post("/v1/ns/instance", { ...service, ip, port: String(port), ephemeral: "false" });
  }
  for (const { ip, port } of hosts) {
    if (!wanted.has(`${ip}:${port}`)) await nacos.delete("/v1/ns/instance", { ...service, ip, port: String(port), ephemeral: "false" });
  }
}
