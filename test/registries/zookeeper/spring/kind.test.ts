import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { nameService } from "../../../../src/naming/name-service.ts";
import { registryNaming } from "../../../../src/naming/registry-naming.ts";
import type { Port } from "../../../../src/registries/service.ts";
import { springZookeeperKind } from "../../../../src/registries/zookeeper/spring/kind.ts";

suite("settings of the spring-cloud-zookeeper kind", () => {
  test("need only servers", () => {
    const settings = springZookeeperKind.schema.parse({ servers: "zk-0.zk:2181" });
    const { root, maxInFlight, relistInterval, include, exclude } = settings;
    assert.deepEqual(
      { root, maxInFlight, relistInterval, include, exclude },
      { root: "/services", maxInFlight: 128, relistInterval: 600_000, include: [], exclude: [] },
    );
  });

  for (const settings of [{}, { servers: "a", root: "services" }, { servers: "a", root: "/" }, { servers: "a", consumers: true }]) {
    test(`refuse ${JSON.stringify(settings)}`, () => assert.equal(springZookeeperKind.schema.safeParse(settings).success, false));
  }
});

suite("hosts of Spring Cloud's services", () => {
  const mesh = { namespace: "tributary", clusterDomain: "cluster.local" };
  const config = { id: "zk", type: "spring-cloud-zookeeper", naming: { allowOutsideSuffix: false, allowClusterDomain: false } };
  const naming = registryNaming(config, springZookeeperKind.naming, mesh);
  const http: Port = { number: 8080, protocol: "http" };
  const https: Port = { number: 8443, protocol: "https" };

  for (const [name, ports, hosts] of [
    ["order-service", [http], ["order-service.zookeeper"]],
    ["order-service", [http, https], ["order-service.zookeeper", "https.order-service.zookeeper"]],
    ["order-service", [https], ["https.order-service.zookeeper"]],
    ["Order_Service-1", [http], ["order-service-1.zookeeper"]],
    ["team-a/pay", [http], ["team-a-pay.zookeeper"]],
  ] as const) {
    test(`${name} with ${ports.map(({ protocol }) => protocol).join(" and ")}: ${hosts.join(", ")}`, () => {
      const { named, refusals } = nameService({ key: { name }, instances: [{ id: "1", address: "10.0.0.1", ports }] }, naming);
      assert.deepEqual(
        named.map(({ host }) => host),
        hosts,
      );
      assert.deepEqual(refusals, []);
    });
  }
});
