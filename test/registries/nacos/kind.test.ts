import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { nacosKind } from "../../../src/registries/nacos/kind.ts";

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
