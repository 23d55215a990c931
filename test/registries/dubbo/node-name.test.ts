import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { decodeNodeName, encodeNodeName, isInterfaceName } from "../../../src/registries/dubbo/node-name.ts";

suite("names of nodes", () => {
  test("are written as Java's URLEncoder does", () => {
    assert.equal(encodeNodeName("lab.api.ItemFacade$Nested"), "lab.api.ItemFacade%24Nested");
    assert.equal(encodeNodeName("a b+c~*-._'()!é"), "a+b%2Bc%7E*-._%27%28%29%21%C3%A9");
  });

  test("are read as they were written", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => decodeNodeName(encodeNodeName(text)) === text));
  });

  test("of interfaces lead nowhere else", () => {
    for (const name of ["com.acme.Orders", "lab.api.ItemFacade$Nested", "orders", "名.字", "a..b", "..."])
      assert.ok(isInterfaceName(name), name);
    for (const name of ["", ".", "..", "a/b", "a b", "a\n", "a\u0000", "\ud800", "a".repeat(257)]) assert.ok(!isInterfaceName(name), name);
  });
});
