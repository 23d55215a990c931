/** Several ports, each with a part of the state: what stock istiod needs to get less again when little changed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { silentLogger } from "../../src/log/logger.ts";
import { shardOf } from "../../src/snapshot/shard.ts";
import { createStore } from "../../src/snapshot/sharded-store.ts";
import { FakeIstiod } from "../support/fake-istiod.ts";
import { XdsProbe } from "../support/xds-probe.ts";
import { serviceEntries, serviceEntry, startXds, type XdsRig } from "../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const names = Array.from({ length: 200 }, (_, index) => `s${index}`);

/** One client per config source, as a real istiod has. */
function istiodOf(t: TestContext, { targets }: XdsRig): FakeIstiod[] {
  const sources = targets.map((target) => new FakeIstiod({ target }).start());
  t.after(() => {
    for (const source of sources) source.stop();
  });
  return sources;
}

const held = (sources: FakeIstiod[]) => sources.flatMap((source) => [...source.store("ServiceEntry").keys()]);

test("every port answers every type, and together they hold everything once", async (t) => {
  await using rig = await startXds({ shards: 4 });
  rig.store.publish({ upserts: names.map((name) => serviceEntry(name)) });
  const sources = istiodOf(t, rig);
  await Promise.all(sources.map((source) => source.waitFor((fake) => fake.hasSynced)));
  assert.deepEqual(held(sources).sort(), names.map((name) => `tributary/${name}`).sort());
  for (const source of sources) assert.ok(source.store("ServiceEntry").size > 25, `${source.store("ServiceEntry").size}`);
});

test("a change is sent again with its shard's bytes only", async () => {
  await using rig = await startXds({ shards: 4 });
  rig.store.publish({ upserts: names.map((name) => serviceEntry(name)) });
  const probes = rig.targets.map((target) => new XdsProbe(target));
  for (const probe of probes) {
    probe.send({ typeUrl });
    probe.ack(await probe.response(0));
    await probe.barrier();
  }
  const before = rig.observer.pushes.length;
  rig.store.publish({ upserts: [serviceEntry("s7", 2)] });
  const shard = shardOf("tributary/s7", 4);
  await probes[shard]!.response(1);
  for (const probe of probes) await probe.barrier();
  const pushed = rig.observer.pushes.slice(before).filter(({ type }) => type === serviceEntries);
  assert.deepEqual(
    pushed.map(({ bytes }) => bytes),
    [rig.store.shards[shard]!.current().table(serviceEntries).byteLength],
  );
  const whole = rig.store.current().table(serviceEntries).byteLength;
  assert.ok(pushed[0]!.bytes < whole * 0.35, `${pushed[0]!.bytes} of ${whole} bytes`);
  for (const probe of probes) probe.close();
});

test("first answers of all shards wait for one complete view", async (t) => {
  await using rig = await startXds({ shards: 3, complete: false });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const sources = istiodOf(t, rig);
  await Promise.all(sources.map((source) => source.waitFor((fake) => fake.pushes("VirtualService") > 0)));
  assert.deepEqual(
    sources.map((source) => source.pushes("ServiceEntry")),
    [0, 0, 0],
  );
  rig.store.publish({ upserts: names.map((name) => serviceEntry(name)) });
  rig.completeness.complete();
  await Promise.all(sources.map((source) => source.waitFor((fake) => fake.hasSynced)));
  assert.deepEqual(
    sources.map((source) => source.counts.deleted),
    [0, 0, 0],
  );
  assert.equal(held(sources).length, names.length + 1);
});

test("streams are counted over all ports, and say which shard they are served", async () => {
  await using rig = await startXds({ shards: 2, settings: { maxStreams: 2 } });
  const probes = rig.targets.map((target) => new XdsProbe(target));
  for (const probe of probes) {
    probe.send({ typeUrl });
    await probe.response(0);
  }
  assert.deepEqual(
    rig.server.clients().map(({ shard, stream }) => [shard, stream]),
    [
      [0, 1],
      [1, 2],
    ],
  );
  using further = new XdsProbe(rig.targets[1]!);
  assert.match((await further.end()).details, /xds\.maxStreams/);
  for (const probe of probes) probe.close();
});

test("a taken port in the row is named with the settings it follows from, and the others are given back", async (t) => {
  const [first, second] = await twoPortsInARow(t);
  const store = createStore(3, { log: silentLogger });
  await assert.rejects(startXds({ store, settings: { port: first } }), (error: Error & { code: string }) => {
    assert.equal(error.code, "BIND_IN_USE");
    assert.equal(error.message, `port ${second} on 127.0.0.1 (xds.port ${first} + 1, of 3 xds.shards) is taken by another process`);
    return true;
  });
  const [refused] = (await once(connect(first, "127.0.0.1"), "error")) as [NodeJS.ErrnoException];
  assert.equal(refused.code, "ECONNREFUSED");
});

/** A free port, and the one after it, taken. */
async function twoPortsInARow(t: TestContext): Promise<[number, number]> {
  const bind = async (port: number): Promise<Server> => {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  for (;;) {
    const free = await bind(0);
    const { port } = free.address() as { port: number };
    const taken = await bind(port + 1).catch(() => undefined);
    await new Promise((resolve) => free.close(resolve));
    if (!taken) continue;
    t.after(() => taken.close());
    return [port, port + 1];
  }
}
