import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { FakeIstiod } from "../../support/fake-istiod.ts";
import { XdsProbe } from "../../support/xds-probe.ts";
import { serviceEntry, startXds } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";

test("a taken port is an error that names the setting", async () => {
  await using rig = await startXds();
  await assert.rejects(startXds({ settings: { port: rig.port } }), (error: Error & { code: string }) => {
    assert.equal(error.code, "BIND_IN_USE");
    assert.match(error.message, new RegExp(`xds\\.port ${rig.port}`));
    return true;
  });
});

for (const address of ["0.0.0.0", "::", "192.0.2.1", "example.com"]) {
  test(`listening on ${address} is refused`, async () => {
    await assert.rejects(startXds({ settings: { address } }), { code: "BIND_UNSAFE" });
  });
}

test("closing ends open streams, also those that do not read, within 500 ms", async () => {
  const rig = await startXds();
  rig.store.publish({ upserts: Array.from({ length: 300 }, (_, index) => serviceEntry(`s${index}`, 1, 100)) });
  const istiod = new FakeIstiod({ target: rig.target, timeScale: 1000 }).start();
  using deaf = new XdsProbe(rig.target);
  deaf.pause();
  deaf.send({ typeUrl });
  const silent = connect(rig.port, "127.0.0.1");
  await istiod.waitFor((fake) => fake.hasSynced);
  const disconnected = once(istiod.events, "disconnected");
  const start = performance.now();
  await Promise.all([rig.server.close(), rig.server.close()]);
  assert.ok(performance.now() - start < 500, `${performance.now() - start} ms`);
  const [status] = await disconnected;
  assert.equal(status.code, 14 /* UNAVAILABLE */);
  istiod.stop();
  silent.destroy();
  assert.deepEqual(rig.server.clients(), []);
  await (await startXds({ settings: { port: rig.port } })).server.close();
});

test("a client that half-closes is bidden farewell", async () => {
  await using rig = await startXds();
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl });
  await client.response(0);
  client.halfClose();
  assert.equal((await client.end()).code, "OK");
  assert.deepEqual(rig.observer.closed, ["OK"]);
});

test("a connection that went dead without a word is noticed by keepalive", async () => {
  await using rig = await startXds({ keepalive: { time: 50, timeout: 50 } });
  // A relay that can be made deaf: both its sockets stay open and carry nothing any more.
  const sockets: Socket[] = [];
  const relay = createServer((socket) => {
    const upstream = connect(rig.port, "127.0.0.1");
    sockets.push(socket, upstream);
    for (const end of [socket, upstream]) end.on("error", () => {});
    socket.pipe(upstream).pipe(socket);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const { port } = relay.address() as { port: number };
  using client = new XdsProbe(`127.0.0.1:${port}`);
  client.send({ typeUrl });
  await client.response(0);
  for (const socket of sockets) socket.unpipe().pause();
  await rig.observer.until(() => rig.observer.closed.length > 0);
  for (const socket of sockets) socket.destroy();
  relay.close();
});
