import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { nameFilter } from "../../../../src/registries/name-filter.ts";
import { zookeeperKind } from "../../../../src/registries/zookeeper/dubbo/kind.ts";

suite("settings of the zookeeper kind", () => {
  test("need only servers", () => {
    assert.deepEqual(zookeeperKind.schema.parse({ servers: "zk-0.zk:2181" }), {
      servers: [{ host: "zk-0.zk", port: 2181 }],
      root: "/dubbo",
      sessionTimeout: 15_000,
      connectTimeout: 5_000,
      watches: "auto",
      maxInFlight: 128,
      relistInterval: 600_000,
      include: [],
      exclude: [],
      consumers: true,
      rules: true,
      applications: { enabled: true, root: "/services", fallback: "application" },
    });
  });

  test("take servers as a list or as one text", () => {
    const expected = [
      { host: "a", port: 2181 },
      { host: "10.0.0.1", port: 2182 },
      { host: "2001:db8::1", port: 2183 },
      { host: "2001:db8::2", port: 2181 },
    ];
    for (const servers of [
      ["a", "10.0.0.1:2182", "[2001:db8::1]:2183", "2001:db8::2"],
      "a, 10.0.0.1:2182, [2001:db8::1]:2183,2001:db8::2",
    ]) {
      assert.deepEqual(zookeeperKind.schema.parse({ servers }).servers, expected);
    }
  });

  const refused: Record<string, unknown>[] = [
    {},
    { servers: "" },
    { servers: [] },
    { servers: "a:b" },
    { servers: "a:99999" },
    { servers: "a:2181/chroot" },
    { servers: "a,,b" },
    { servers: "a", root: "dubbo" },
    { servers: "a", root: "/dubbo/" },
    { servers: "a", chroot: "/" },
    { servers: "a", chroot: "/a/../b" },
    { servers: "a", relistInterval: "0s" },
    { servers: "a", relistInterval: "30d" },
    { servers: "a", auth: { user: "", password: "x" } },
    { servers: "a", auth: { scheme: "kerberos", user: "a", password: "x" } },
    { servers: "a", watches: "recursive" },
    { servers: "a", timeout: "3s" },
    { servers: "a", applications: true },
    { servers: "a", applications: { root: "services" } },
    { servers: "a", applications: { fallback: "guess" } },
  ];
  for (const settings of refused) {
    test(`refuse ${JSON.stringify(settings)}`, () => assert.equal(zookeeperKind.schema.safeParse(settings).success, false));
  }
});

suite("include and exclude", () => {
  test("match whole names, with wildcards", () => {
    const wanted = nameFilter(["com.acme.*", "org.?"], ["*.internal.*"]);
    const names = ["com.acme.Order", "com.acmeX", "xcom.acme.Order", "org.A", "org.AB", "com.acme.internal.Job", "com.acme."];
    assert.deepEqual(names.filter(wanted), ["com.acme.Order", "org.A", "com.acme."]);
  });

  test("take everything by default, and characters of regular expressions as they are", () => {
    assert.equal(nameFilter([], [])("any"), true);
    assert.equal(nameFilter(["a.b$C(d)"], [])("a.b$C(d)"), true);
    assert.equal(nameFilter(["a.b"], [])("aXb"), false);
  });
});
