/** Drives the `nacos` kind in the rig, against any server that can be started: the fake one or a real one. */
import { nacosKind } from "../../src/registries/nacos/kind.ts";
import { FakeNacos } from "./fake-nacos/server.ts";
import type { RegistryDriver, RegistryServer } from "./registry-driver.ts";

/** @param version of the server */
export function fakeNacosDriver(version: FakeNacos["version"]): RegistryDriver {
  return {
    session: nacosKind.session,
    bulkPatience: 60_000,
    async start(): Promise<RegistryServer> {
      const fake = await FakeNacos.start();
      fake.version = version;
      const hosts = (instances: readonly { address: string; port: number }[]) => instances.map(({ address: ip, port }) => ({ ip, port }));
      return {
        settings: nacosKind.schema.parse({
          servers: `127.0.0.1:${fake.port}`,
          grpcPortOffset: fake.grpcPortOffset,
          transport: "grpc",
          listInterval: "1s",
          connectTimeout: "2s",
          requestTimeout: "5s",
          healthCheckInterval: "500ms",
        }),
        key: (name) => ({ name }),
        async put({ name, instances }) {
          fake.services.put(name, hosts(instances));
        },
        async bulk(services) {
          // So many more messages would show nothing more.
          fake.repeats = false;
          for (const { name, instances } of services) fake.services.put(name, hosts(instances));
        },
        async removeInstances(name) {
          fake.services.put(name, []);
        },
        stop: () => fake.shutDown(),
        kill: () => fake.shutDown(),
        revive: () => fake.listen(),
        async freeze() {
          fake.behaviour = "mute";
        },
        async thaw() {
          fake.behaviour = "normal";
        },
        async breakReads() {
          // Every second of the services there are now.
          const broken = new Set([...fake.services.all("public")].filter((_, at) => at % 2 === 1).map(({ name }) => name));
          fake.answer = (_, { serviceName }) =>
            broken.has(String(serviceName)) ? { resultCode: 500, errorCode: 500, message: "broken" } : undefined;
          return async () => {
            fake.answer = undefined;
          };
        },
        async corrupt(name) {
          const hosts = fake.services.get("public", "DEFAULT_GROUP", name)?.hosts ?? [];
          fake.services.putRaw(name, [...hosts, { ip: "10.0.0.1", port: 99_999 }]);
          return "bad-instance";
        },
      };
    },
  };
}
