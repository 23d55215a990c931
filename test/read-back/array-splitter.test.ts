import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ArraySplitter } from "../../src/read-back/array-splitter.ts";

function split(chunks: readonly Uint8Array[], maxElementBytes = 1_000_000) {
  const splitter = new ArraySplitter(maxElementBytes);
  const elements = chunks.flatMap((chunk) => [...splitter.push(chunk)]).map((element) => JSON.parse(element.toString()));
  return { elements, finished: splitter.finished };
}

const bytes = (text: string) => Buffer.from(text);

test("an array of objects is cut into its elements, wherever its chunks end", () => {
  const chunked = fc.tuple(
    fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
    fc.nat({ max: 2 }),
    fc.array(fc.integer({ min: 1, max: 40 })),
  );
  fc.assert(
    fc.property(chunked, ([objects, indent, sizes]) => {
      const whole = bytes(JSON.stringify(objects, null, indent));
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const size of [...sizes, whole.length]) {
        chunks.push(whole.subarray(at, at + size));
        at += size;
      }
      assert.deepEqual(split(chunks), { elements: JSON.parse(whole.toString()), finished: true });
    }),
  );
});

test("a text that ends in the middle is not finished", () => {
  for (const text of ["", "[", '[{"a":1}', '[{"a":1},', '[{"a":"]']) assert.equal(split([bytes(text)]).finished, false, text);
});

test("what is not a list of objects is refused", () => {
  for (const text of ["<html>", "{}", "404 page not found", "[1]", '["a"]', "[[]]", "[]x", "[}", "null"]) {
    assert.throws(() => split([bytes(text)]), { reason: "content" }, text);
  }
});

test("an object that is too large is refused before it is whole", () => {
  const half = bytes(`[{"a":"${"x".repeat(200)}`);
  assert.throws(() => split([half], 100), { reason: "too-large" });
  assert.equal(split([half], 300).finished, false);
});
