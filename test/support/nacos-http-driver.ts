/** Drives the `nacos` kind over HTTP in the rig, against a fake server. */
import { nacosKind } from "../../src/registries/nacos/kind.ts";
import type { FakeVersion } from "./fake-nacos-http/routes.ts";
import { FakeNacosHttp } from "./fake-nacos-http/server.ts";
import type { RegistryDriver, RegistryServer, RigService } from "./registry-driver.ts";

const group = "DEFAULT_GROUP";

/** @param version of the server */
export function fakeNacosHttpDriver(version: FakeVersion): RegistryDriver {
  return {
    session: nacosKind.session,
    // One request each.
    bulkPatience: 60_000,
    async start(): Promise<RegistryServer> {
      const fake = await new FakeNacosHttp({ version, users: { admin: { password: "x", admin: true } } }).start();
      const tell = (name: string) => fake.push("public", group, name);
      const put = ({ name, instances }: RigService) => {
        fake.state.put(
          "public",
          group,
          name,
          instances.map(({ address: ip, port }) => ({ ip, port })),
        );
        tell(name);
      };
      return {
        settings: nacosKind.schema.parse({
          servers: `127.0.0.1:${fake.port}`,
          transport: "http",
          listInterval: "1s",
          pollInterval: "10s",
          requestTimeout: "1s",
          healthCheckInterval: "500ms",
          auth: { user: "admin", password: "x" },
        }),
        key: (name) => ({ name }),
        async put(service) {
          put(service);
        },
        async bulk(services) {
          for (const service of services) put(service);
        },
        async removeInstances(name) {
          put({ name, instances: [] });
        },
        stop: () => fake.stop(),
        kill: () => fake.stop(),
        async revive() {
          await fake.start();
        },
        async freeze() {
          fake.freeze();
        },
        async thaw() {
          fake.thaw();
        },
        async breakReads() {
          // Every second of the services there are now.
          const broken = new Set(fake.state.names("public").flatMap(({ name }, at) => (at % 2 === 1 ? [name] : [])));
          fake.fault = (_, parameters) => (broken.has(parameters.get("serviceName") ?? "") ? { status: 500, body: "broken" } : undefined);
          return async () => {
            fake.fault = undefined;
          };
        },
        async corrupt(name) {
          const { hosts } = fake.state.info("public", group, name);
          const good = hosts.map(({ ip, port }) => ({ ip: String(ip), port: Number(port) }));
          fake.state.put("public", group, name, [...good, { ip: "10.0.0.1", port: 99_999 }]);
          tell(name);
          return "bad-instance";
        },
      };
    },
  };
}
