/** From the xDS server's streams to the finding: everything but time is real. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { inWords } from "../../src/read-back/in-words.ts";
import { ReadBack } from "../../src/read-back/read-back.ts";
import { createStore } from "../../src/snapshot/sharded-store.ts";
import { XdsServer } from "../../src/xds/port/server.ts";
import { joinedObserver } from "../../src/xds/stream/joined-observer.ts";
import { configzObject, fakeConfigz } from "../support/fake-configz.ts";
import { FakeIstiod, type FakeIstiodOptions } from "../support/fake-istiod.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { FakeCompleteness, RecordingObserver, serviceEntries, serviceEntry, xdsSettings } from "../support/xds-rig.ts";

async function rig(t: TestContext, shards: number, validate: NonNullable<FakeIstiodOptions["validate"]>) {
  const istiods: FakeIstiod[] = [];
  const configz = await fakeConfigz(t, (_request, response) => {
    const stores = istiods.flatMap((istiod) => [...istiod.store("ServiceEntry").values()]);
    response.end(JSON.stringify(stores.map(({ name, version }) => configzObject(name, version))));
  });
  const clock = new VirtualClock();
  const store = createStore(shards, { log: silentLogger });
  const settings = { enabled: true, ports: [configz.port], after: 30_000, interval: 600_000 };
  const concluded = Promise.withResolvers<void>();
  const log = { ...silentLogger, debug: () => concluded.resolve() };
  const readBack = new ReadBack({ source: store, settings, log, clock });
  t.after(() => readBack.close());
  const recorded = new RecordingObserver();
  const server = new XdsServer({
    log: silentLogger,
    identity: "tributary/test",
    source: store,
    completeness: new FakeCompleteness(true),
    observer: joinedObserver(recorded, readBack.observer),
    settings: xdsSettings,
  });
  const { ports } = await server.listen();
  t.after(() => server.close());
  for (const port of ports) istiods.push(new FakeIstiod({ target: `127.0.0.1:${port}`, validate }).start());
  t.after(() => {
    for (const istiod of istiods) istiod.stop();
  });
  const acknowledged = (count: number) => recorded.until(() => recorded.acks.filter(({ type }) => type !== "other").length >= count);
  return { store, clock, readBack, configz, acknowledged, finished: concluded.promise };
}

for (const shards of [1, 3]) {
  test(`an update that istiod refuses shows as an old copy, with ${shards} shard(s)`, async (t) => {
    const newest = (body: Uint8Array) => fromBinary(ServiceEntrySchema, body).endpoints[0]?.labels.revision === "2";
    const refused = (name: string, body: Uint8Array) => name === "tributary/s-3" && newest(body);
    const { store, clock, readBack, configz, acknowledged, finished } = await rig(t, shards, ({ metadata, body }) => {
      return !body?.typeUrl.endsWith("ServiceEntry") || !refused(metadata?.name ?? "", body.value);
    });
    store.publish({ upserts: Array.from({ length: 9 }, (_, index) => serviceEntry(`s-${index}`)) });
    await acknowledged(3 * shards);
    const earlier = store.current().table(serviceEntries).get("tributary/s-3")?.version;
    store.publish({ upserts: [serviceEntry("s-3", 2)] });
    await acknowledged(3 * shards + 1);
    clock.advance(40_000);
    await finished;
    assert.deepEqual(configz.requests(), ["GET /debug/configz"]);
    const known = readBack.view.resource(serviceEntries, "tributary/s-3");
    assert.ok(known?.state === "other-version", JSON.stringify(known));
    assert.equal(known.held, earlier);
    assert.match(inWords(known).detail, /istiod held version .* keeps an earlier copy/);
    assert.equal(readBack.view.resource(serviceEntries, "tributary/s-4")?.state, "accepted");
    const counts = readBack.view.summary().counts.filter(({ type, count }) => type === serviceEntries && count > 0);
    assert.deepEqual(
      counts.map(({ state, count }) => [state, count]),
      [
        ["accepted", 8],
        ["other-version", 1],
      ],
    );
  });
}
