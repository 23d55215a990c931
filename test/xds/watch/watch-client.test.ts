import assert from "node:assert/strict";
import { test } from "node:test";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { streamAggregatedResources } from "../../../src/xds/port/discovery-service.ts";
import { type WatchEvent, watch } from "../../../src/xds/watch/watch-client.ts";
import { serviceEntries, serviceEntry, startXds } from "../../support/xds-rig.ts";

type Changes = Extract<WatchEvent, { event: "changes" }>;

/** The next event of an unfinished watch. */
async function next(events: AsyncGenerator<WatchEvent, void>): Promise<WatchEvent> {
  const { value, done } = await events.next();
  assert.ok(!done && value);
  return value;
}

async function nextChanges(events: AsyncGenerator<WatchEvent, void>): Promise<Changes> {
  const event = await next(events);
  assert.equal(event.event, "changes");
  return event as Changes;
}

const named = (objects: readonly { name: string }[]) => objects.map((object) => object.name);

for (const protocol of ["delta", "sotw"] as const) {
  test(`${protocol}: a watch begins with everything, and goes on with what is added, changed and removed`, async () => {
    await using rig = await startXds();
    rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
    const events = watch({ target: rig.target, protocol, types: [serviceEntries] });
    const first = await nextChanges(events);
    assert.deepEqual([named(first.added), first.initial, first.complete, first.size], [["tributary/a", "tributary/b"], true, true, 2]);
    const { spec } = first.added[0]!;
    assert.equal(spec?.$typeName, "istio.networking.v1alpha3.ServiceEntry");
    rig.store.publish({ upserts: [serviceEntry("a", 2), serviceEntry("c")], removals: [{ type: serviceEntries, name: "tributary/b" }] });
    const second = await nextChanges(events);
    assert.deepEqual(
      [named(second.added), named(second.changed), named(second.removed)],
      [["tributary/c"], ["tributary/a"], ["tributary/b"]],
    );
    assert.equal(second.initial, false);
    assert.equal(second.removed[0]?.spec?.$typeName, "istio.networking.v1alpha3.ServiceEntry");
    await events.return();
    await rig.observer.until(() => rig.observer.closed.length === 1);
  });

  test(`${protocol}: a reader that takes its time is told the net difference`, async () => {
    await using rig = await startXds();
    const events = watch({ target: rig.target, protocol, types: [serviceEntries] });
    await nextChanges(events);
    for (let revision = 1; revision < 50; revision += 1) rig.store.publish({ upserts: [serviceEntry("a", revision)] });
    // Full state waits for the acknowledgement of the first push, delta runs ahead by a few responses.
    const answers = protocol === "sotw" ? 1 : 17;
    assert.ok(rig.observer.pushes.length <= answers, `${rig.observer.pushes.length} pushes to one who takes nothing`);
    const last = rig.store.current().table(serviceEntries).digest;
    let taken = 0;
    for (let version = ""; version !== last; taken += 1) ({ version } = await nextChanges(events));
    assert.ok(taken <= answers, `${taken} answers for 49 changes`);
    await events.return();
  });

  test(`${protocol}: a view that still waits for a registry says so`, async () => {
    await using rig = await startXds({ complete: false });
    const events = watch({ target: rig.target, protocol, types: [serviceEntries] });
    assert.equal((await nextChanges(events)).complete, false);
    rig.completeness.complete();
    assert.equal((await nextChanges(events)).complete, true);
    await events.return();
  });

  test(`${protocol}: after a restart of the server only the difference is told`, async () => {
    const first = await startXds();
    first.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
    const events = watch({ target: first.target, protocol, types: [serviceEntries], reconnectAfter: 10 });
    await nextChanges(events);
    const pending = next(events);
    await first.server.close();
    const lost = await pending;
    assert.equal(lost.event, "disconnected");
    first.store.publish({ removals: [{ type: serviceEntries, name: "tributary/a" }] });
    await using _second = await startXds({ store: first.store, settings: { port: first.port } });
    let event = await next(events);
    while (event.event === "disconnected") event = await next(events);
    assert.deepEqual([named(event.added), named(event.changed), named(event.removed), event.initial], [[], [], ["tributary/a"], false]);
    await events.return();
  });
}

test("where no server is, the watch ends with NOT_RUNNING", async () => {
  const rig = await startXds();
  await rig.server.close();
  await assert.rejects(watch({ target: rig.target }).next(), { code: "NOT_RUNNING" });
});

test("a watch that is aborted ends", async () => {
  await using rig = await startXds();
  const controller = new AbortController();
  const events = watch({ target: rig.target, types: [serviceEntries], signal: controller.signal });
  await nextChanges(events);
  const pending = events.next();
  controller.abort();
  assert.deepEqual(await pending, { value: undefined, done: true });
});

test("a server that speaks full state only is said to, and not followed in silence", async () => {
  const identity = (bytes: Buffer) => bytes;
  const server = new Server();
  const { path } = streamAggregatedResources;
  const method = { path, requestStream: true, responseStream: true, requestSerialize: identity, requestDeserialize: identity };
  const service = { Stream: { ...method, responseSerialize: identity, responseDeserialize: identity } };
  server.addService(service, { Stream: (call: { end(): void }) => call.end() });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  try {
    await assert.rejects(watch({ target: `127.0.0.1:${port}` }).next(), { code: "DELTA_UNSUPPORTED", hint: /--sotw/ });
  } finally {
    server.forceShutdown();
  }
});

test("a reconnecting watch says what it holds, and is sent no resource that it has", async () => {
  const first = await startXds();
  first.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
  const events = watch({ target: first.target, types: [serviceEntries], reconnectAfter: 10 });
  await nextChanges(events);
  const pending = next(events);
  await first.server.close();
  assert.equal((await pending).event, "disconnected");
  await using second = await startXds({ store: first.store, settings: { port: first.port } });
  let event = await next(events);
  while (event.event === "disconnected") event = await next(events);
  assert.deepEqual([event.size, event.added, event.changed, event.removed], [2, [], [], []]);
  assert.deepEqual(
    second.observer.pushes.map(({ resources }) => resources),
    [0],
  );
  await events.return();
});
