import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { nameService } from "../../../src/naming/name-service.ts";
import { registryNaming } from "../../../src/naming/registry-naming.ts";
import { eurekaKind } from "../../../src/registries/eureka/kind.ts";
import type { Port } from "../../../src/registries/service.ts";

suite("settings of the eureka kind", () => {
  test("need only servers", () => {
    const { servers, pollInterval, fullInterval, requestTimeout, missingHold, statuses } = eurekaKind.schema.parse({
      servers: "http://eureka-0:8761/eureka/",
    });
    assert.deepEqual(
      { servers, pollInterval, fullInterval, requestTimeout, missingHold, statuses },
      {
        servers: [{ url: "http://eureka-0:8761/eureka" }],
        pollInterval: 10_000,
        fullInterval: 600_000,
        requestTimeout: 5_000,
        missingHold: 120_000,
        statuses: ["UP"],
      },
    );
  });

  test("name servers as Spring does: a list or one text, with user and password", () => {
    const first = { url: "https://[fd00::1]:8761/eureka", login: { user: "me", password: "a,b:c@d" } };
    const second = { url: "http://eureka-1/v2" };
    const texts = ["https://me:a,b%3Ac%40d@[fd00::1]:8761/eureka", "http://eureka-1/v2/"];
    assert.deepEqual(eurekaKind.schema.parse({ servers: texts }).servers, [first, second]);
    assert.deepEqual(eurekaKind.schema.parse({ servers: texts.join(", ") }).servers, [first, second]);
  });

  for (const settings of [
    {},
    { servers: [] },
    { servers: "eureka-0:8761" },
    { servers: "ftp://eureka-0/eureka" },
    { servers: "http://eureka-0/eureka?x=1" },
    { servers: "http://a/", statuses: [] },
    { servers: "http://a/", statuses: ["up"] },
    { servers: "http://a/", missingHold: "2h" },
    { servers: "http://a/", polInterval: "5s" },
  ]) {
    test(`refuse ${JSON.stringify(settings)}`, () => assert.equal(eurekaKind.schema.safeParse(settings).success, false));
  }

  test("are refused without a word of a password in them", () => {
    for (const url of ["http://me:geheim%@host/eureka", "me:geheim@host", "ftp://me:geheim@host/"]) {
      const { error } = eurekaKind.schema.safeParse({ servers: url });
      assert.ok(error && !error.message.includes("geheim"), error?.message);
    }
  });
});

suite("hosts of Eureka's applications", () => {
  const mesh = { namespace: "tributary", clusterDomain: "cluster.local" };
  const config = { id: "eu", type: "eureka", naming: { allowOutsideSuffix: false, allowClusterDomain: false } };
  const naming = registryNaming(config, eurekaKind.naming, mesh);
  const http: Port = { number: 8080, protocol: "http" };
  const https: Port = { number: 8443, protocol: "https" };

  for (const [name, ports, hosts] of [
    ["order-service", [http], ["order-service.eureka"]],
    ["order-service", [http, https], ["order-service.eureka", "https.order-service.eureka"]],
    ["order_service-1", [http], ["order-service-1.eureka"]],
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

  test("a name that no host can hold is served under a safe one", () => {
    const { named } = nameService({ key: { name: "订单 service" }, instances: [{ id: "1", address: "10.0.0.1", ports: [http] }] }, naming);
    assert.match(named[0]?.host ?? "", /^[a-z0-9.-]+\.eureka$/);
  });
});
