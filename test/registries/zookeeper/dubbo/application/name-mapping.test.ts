import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { readApplications } from "../../../../../src/registries/zookeeper/dubbo/application/name-mapping.ts";

suite("name mapping", () => {
  test("names applications with commas between them", () => {
    assert.deepEqual(readApplications(Buffer.from("order-center")), ["order-center"]);
    assert.deepEqual(readApplications(Buffer.from("shop, stock,,web\n")), ["shop", "stock", "web"]);
    assert.deepEqual(readApplications(Buffer.alloc(0)), []);
  });

  test("is bounded, whatever it is", () => {
    assert.equal(readApplications(Buffer.from("a,".repeat(100_000))).length, 1_000);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => readApplications(Buffer.from(bytes)).every((name) => name !== "" && !name.includes(","))),
    );
  });
});
