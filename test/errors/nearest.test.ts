import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nearest } from "../../src/errors/nearest.ts";
import { describeError, TributaryError } from "../../src/errors/tributary-error.ts";

const known = ["address", "port", "maxStreams", "pacing", "initialSync"];

test("slips of the finger, of case and of separators are understood", () => {
  for (const [word, meant] of [
    ["adress", "address"],
    ["prot", "port"],
    ["Port", "port"],
    ["max-streams", "maxStreams"],
    ["max_stream", "maxStreams"],
    ["initalsync", "initialSync"],
  ] as const) {
    assert.equal(nearest(word, known), meant);
  }
});

test("a word that is like none is not guessed", () => {
  for (const word of ["", "x", "kubernetes", "a".repeat(100_000)]) assert.equal(nearest(word, known), undefined);
  assert.equal(nearest("port", []), undefined);
});

test("a known word is its own nearest, and the answer is always a known word", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), fc.string(), (words, word) => {
      const folded = (text: string) => text.slice(0, 64).toLowerCase().replace(/[-_.]/g, "");
      assert.equal(folded(nearest(words[0]!, words)!), folded(words[0]!));
      const answer = nearest(word, words);
      assert.ok(answer === undefined || words.includes(answer));
    }),
  );
});

test("an error's line names file, line, column, code and hint as far as they are known", () => {
  const position = { file: "t.yaml", line: 2, column: 5 };
  assert.equal(describeError(new TributaryError("BIND_UNSAFE", "no", { position, hint: "so" })), "t.yaml:2:5: no [BIND_UNSAFE] (so)");
  assert.equal(describeError(new TributaryError("BIND_UNSAFE", "no", { position: { file: "t.yaml" } })), "t.yaml: no [BIND_UNSAFE]");
  assert.equal(describeError(new TributaryError("BIND_UNSAFE", "no")), "no [BIND_UNSAFE]");
  assert.equal(describeError(new Error("plain")), "plain");
  assert.equal(describeError("text"), "text");
});
