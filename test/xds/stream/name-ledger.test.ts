import assert from "node:assert/strict";
import { test } from "node:test";
import { NameLedger } from "../../../src/xds/stream/name-ledger.ts";

test("what streams keep adds up, shrinks and goes with them", () => {
  const ledger = new NameLedger(10);
  const [a, b] = [{}, {}];
  assert.equal(ledger.keep(a, 6), true);
  assert.equal(ledger.keep(b, 4), true);
  assert.equal(ledger.keep(b, 5), false);
  assert.equal(ledger.keep(b, 4), true);
  assert.equal(ledger.keep(a, 2), true);
  assert.equal(ledger.keep(b, 8), true);
  ledger.leave(a);
  ledger.leave(a);
  assert.equal(ledger.keep(b, 10), true);
  assert.equal(ledger.keep(a, 1), false);
});

test("a stream that asks for no more than before is not the one to go", () => {
  const ledger = new NameLedger(10);
  const [a, b] = [{}, {}];
  ledger.keep(a, 10);
  assert.equal(ledger.keep(b, 1), false);
  assert.equal(ledger.keep(a, 10), true);
});
