import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { nameService } from "../../../src/naming/name-service.ts";
import { registryNaming } from "../../../src/naming/registry-naming.ts";
import { nacosKind } from "../../../src/registries/nacos/kind.ts";
import type { ServiceKey } from "../../../src/registries/service.ts";

suite("settings of the nacos kind", () => {
  test("need only servers", () => {
    const { servers, transport, groups, namespaces, contextPath, listInterval, auth } = nacosKind.schema.parse({
      servers: "nacos-0.nacos",
    });
    assert.deepEqual(servers, [{ scheme: "http", host: "nacos-0.nacos", port: 8848 }]);
    assert.deepEqual(
      [transport, groups, namespaces, contextPath, listInterval, auth],
      ["auto", [], undefined, "/nacos", 30_000, undefined],
    );
  });

  test("take servers as a list or as one text, with a scheme or without", () => {
    const expected = [
      { scheme: "http", host: "a", port: 8848 },
      { scheme: "https", host: "10.0.0.1", port: 443 },
      { scheme: "http", host: "2001:db8::1", port: 8849 },
    ];
    for (const servers of [["a", "https://10.0.0.1:443/", "http://[2001:db8::1]:8849"], "a, https://10.0.0.1:443,[2001:db8::1]:8849"]) {
      assert.deepEqual(nacosKind.schema.parse({ servers }).servers, expected);
    }
  });

  test("take one namespace or group as a text", () => {
    const { namespaces, groups } = nacosKind.schema.parse({ servers: "a", namespaces: "*", groups: "prod:A" });
    assert.deepEqual([namespaces, groups], [["*"], ["prod:A"]]);
  });

  const refused: Record<string, unknown>[] = [
    {},
    { servers: [] },
    { servers: "a:b" },
    { servers: "ftp://a" },
    { servers: "a/nacos" },
    { servers: "a", contextPath: "nacos" },
    { servers: "a", contextPath: "/nacos/" },
    { servers: "a", namespaces: [] },
    { servers: "a", listInterval: "0s" },
    { servers: "a", transport: "udp" },
    { servers: "a", auth: { user: "a" } },
    { servers: "a", auth: { accessKey: "a" } },
    { servers: "a", auth: { headers: { "bad name": "a" } } },
    { servers: "a", tls: { certificate: "a" } },
    { servers: "a", server: "b" },
  ];
  for (const settings of refused) {
    test(`refuse ${JSON.stringify(settings)}`, () => assert.equal(nacosKind.schema.safeParse(settings).success, false));
  }
});

suite("hosts of Nacos' services", () => {
  const mesh = { namespace: "tributary", clusterDomain: "cluster.local" };
  const config = { id: "nacos", type: "nacos", naming: { allowOutsideSuffix: false, allowClusterDomain: false } };
  const naming = registryNaming(config, nacosKind.naming, mesh);
  const hostsOf = (key: ServiceKey, protocol = "http") =>
    nameService({ key, instances: [{ id: "1", address: "10.0.0.1", ports: [{ number: 80, protocol }] }] }, naming).named.map(
      ({ host }) => host,
    );

  test("name group and namespace where they are not the usual ones, and the protocol where it is not", () => {
    assert.deepEqual(hostsOf({ name: "orders" }), ["orders.nacos"]);
    assert.deepEqual(hostsOf({ name: "Orders_1", group: "BLUE_GROUP", namespace: "8a1e" }), ["orders-1.g-blue-group.n-8a1e.nacos"]);
    assert.deepEqual(hostsOf({ name: "orders" }, "grpc"), ["grpc.orders.nacos"]);
  });

  test("are safe ones for names that no host can hold, and different ones where nothing readable is left", () => {
    const hosts = ["a:b/c*d", "x".repeat(300), "..", "*", "订单"].map((name) => hostsOf({ name })[0] ?? "");
    for (const host of hosts) assert.match(host, /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+nacos$/);
    assert.equal(new Set(hosts).size, hosts.length);
  });
});
