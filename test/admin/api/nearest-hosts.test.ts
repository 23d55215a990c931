import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestHosts } from "../../../src/admin/api/nearest-hosts.ts";

const hosts = Array.from({ length: 10_000 }, (_, n) => `tributary/com.acme.team${n % 97}.service${n}.api.facade${n}.dubbo`);

test("among ten thousand hosts a slip of the finger is found, without holding the event loop", async () => {
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const begun = performance.now();
  const near = await nearestHosts("com.acme.team3.servcie100.api.facade100.dubbo", hosts, 3);
  clearInterval(ticking);
  assert.equal(near[0], "tributary/com.acme.team3.service100.api.facade100.dubbo");
  assert.equal(near.length, 3);
  // Wide, because machines are busy: alone it takes some 50 ms.
  assert.ok(performance.now() - begun < 1_900);
  assert.ok(turns > 0, "others had their turn");
});

test("hosts that contain the query come first", async () => {
  assert.deepEqual(await nearestHosts("order", ["ns/oder", "ns/com.acme.order.dubbo", "ns/carts"], 2), [
    "ns/com.acme.order.dubbo",
    "ns/oder",
  ]);
});

test("nothing is guessed where nothing is near", async () => {
  assert.deepEqual(await nearestHosts("kubernetes", hosts.slice(0, 100), 3), []);
  assert.deepEqual(await nearestHosts("", ["ns/orders"], 3), []);
});
