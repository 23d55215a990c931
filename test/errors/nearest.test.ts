import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { editDistance, nearest } from "../../src/errors/nearest.ts";
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

test("the distance is that of the plain table, whatever was given up early", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 9 });
  fc.assert(
    fc.property(letters, letters, fc.nat(9), (a, b, limit) => {
      const exact = plainDistance(a, b);
      const bounded = editDistance(a, b, limit);
      if (exact <= limit) assert.equal(bounded, exact);
      else assert.ok(bounded > limit);
    }),
  );
});

function plainDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = cost;
    }
  }
  return rows[a.length]![b.length]!;
}
