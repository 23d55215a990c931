import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { keyText, parseKeyText } from "../../src/registries/service.ts";

test("a key can be read back from its text, whatever its parts hold", () => {
  const part = fc.string({ unit: fc.constantFrom("a", "B", ".", "|", "\\", "ü"), minLength: 1 });
  const key = fc.record({ namespace: part, group: part, name: part, version: part }, { requiredKeys: ["name"] });
  fc.assert(fc.property(key, (one) => assert.deepEqual(parseKeyText(keyText(one)), { ...one })));
});
