import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MemoryReturn } from "../../src/runtime/memory-return.ts";
import type { ClientIdentity } from "../../src/xds/stream/client.ts";

const client: ClientIdentity = { stream: 1, shard: 0, peer: "127.0.0.1:1", nodeId: "n", kind: "istiod" };
const megabyte = 1024 * 1024;

function rig(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const state = { collections: 0 };
  const memory = new MemoryReturn(() => {
    state.collections += 1;
  });
  const request = (bytes: number) => memory.observer.onRequest(client, "networking.istio.io/ServiceEntry", bytes);
  return { state, memory, request, after: (ms: number) => t.mock.timers.tick(ms) };
}

test("a second after the last of many large requests, memory is given back once", (t) => {
  const { state, request, after } = rig(t);
  for (let clients = 0; clients < 200; clients++) {
    request(megabyte);
    after(500);
  }
  assert.equal(state.collections, 0, "they still come");
  after(500);
  assert.equal(state.collections, 1);
  for (let clients = 0; clients < 60; clients++) request(megabyte);
  after(10_000);
  assert.equal(state.collections, 1, "not worth it");
  for (let clients = 0; clients < 60; clients++) {
    request(megabyte);
    after(1_000);
  }
  assert.equal(state.collections, 1, "few at a time never are");
});

test("acknowledgements never cost a collection", (t) => {
  const { state, request, after } = rig(t);
  for (let acks = 0; acks < 100_000; acks++) request(1_000);
  after(10_000);
  assert.equal(state.collections, 0);
});

test("what was to be collected at the end of the process is not", (t) => {
  const { state, memory, after } = rig(t);
  memory.soon();
  memory.close();
  after(10_000);
  assert.equal(state.collections, 0);
});
