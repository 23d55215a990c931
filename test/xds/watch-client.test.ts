import assert from "node:assert/strict";
import { test } from "node:test";
import { type WatchEvent, watch } from "../../src/xds/watch-client.ts";
import { serviceEntries, serviceEntry, startXds } from "../support/xds-rig.ts";

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

test("a watch begins with everything, and goes on with what is added, changed and removed", async () => {
  await using rig = await startXds();
  rig.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
  const events = watch({ target: rig.target, types: [serviceEntries] });
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

test("a reader that takes its time is told the net difference", async () => {
  await using rig = await startXds();
  const events = watch({ target: rig.target, types: [serviceEntries] });
  await nextChanges(events);
  for (let revision = 1; revision < 50; revision += 1) rig.store.publish({ upserts: [serviceEntry("a", revision)] });
  assert.equal(rig.observer.pushes.length, 1, "what is not taken is not acknowledged");
  const { added, version } = await nextChanges(events);
  assert.deepEqual([named(added), version], [["tributary/a"], rig.store.current().table(serviceEntries).digest]);
  await events.return();
});

test("a view that still waits for a registry says so", async () => {
  await using rig = await startXds({ complete: false });
  const events = watch({ target: rig.target, types: [serviceEntries] });
  assert.equal((await nextChanges(events)).complete, false);
  rig.completeness.complete();
  assert.equal((await nextChanges(events)).complete, true);
  await events.return();
});

test("after a restart of the server only the difference is told", async () => {
  const first = await startXds();
  first.store.publish({ upserts: [serviceEntry("a"), serviceEntry("b")] });
  const events = watch({ target: first.target, types: [serviceEntries], reconnectAfter: 10 });
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
