import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isHost, safeHost, withHash } from "../../src/naming/host-name.ts";

const hash = /-[0-9a-f]{10}(?=\.|$)/;

describe("safe host", () => {
  it("says nothing lost when nothing is", () => {
    assert.deepEqual(safeHost("com.acme.order", "dubbo", "id"), { host: "com.acme.order.dubbo", lost: [] });
  });

  it("lower-cases and replaces without a hash", () => {
    assert.deepEqual(safeHost("com.acme.Order_Facade$Inner", "dubbo", "id"), {
      host: "com.acme.order-facade-inner.dubbo",
      lost: ["case", "replaced"],
    });
    assert.deepEqual(safeHost("a:b", "sofa", "id"), { host: "a-b.sofa", lost: ["replaced"] });
  });

  for (const [what, exact] of [
    ["a label over 63 characters", `com.${"a".repeat(64)}`],
    ["an empty label", "com..acme"],
    ["a label that starts with -", "com._acme"],
    ["a label that ends with -", "com.acme$"],
    ["a name of which nothing is left", "订单"],
    ["an empty name", ""],
    ["a name over 253 characters", Array.from({ length: 60 }, () => "abcdef").join(".")],
  ] as const) {
    it(`cuts and marks ${what}`, () => {
      const { host, lost } = safeHost(exact, "dubbo", "id");
      assert.ok(isHost(host), host);
      assert.match(host, hash);
      assert.ok(lost.includes("cut"));
      assert.notEqual(host, safeHost(exact, "dubbo", "other").host, "the hash is of the identity");
    });
  }

  it("keeps the suffix whatever it gets", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("a", ".", "-", "_", "A".repeat(40)) }),
    );
    fc.assert(
      fc.property(text, fc.string(), (exact, identity) => {
        const { host } = safeHost(exact, "nacos.mesh", identity);
        assert.ok(isHost(host), JSON.stringify(host));
        assert.ok(host.endsWith(".nacos.mesh"));
        assert.ok(isHost(withHash(host, identity)));
        assert.ok(withHash(host, identity).endsWith(".nacos.mesh"));
      }),
    );
  });

  it("tells a host from an address", () => {
    for (const bad of ["10.0.0.1", "1", "a.1", "A.b", "a..b", "-a", "a-", "", "a_b", "*.a", `${"a".repeat(64)}.b`, "a.b."]) {
      assert.ok(!isHost(bad), bad);
    }
    for (const good of ["a", "a.b", "1.a", "a-b.c1", "1a"]) assert.ok(isHost(good), good);
  });
});
