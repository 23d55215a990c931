import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { test } from "node:test";
import { silentLogger } from "../../src/log/logger.ts";
import { FirstAnswerGate, type FirstAnswerSettings, type Temperature } from "../../src/xds/first-answer.ts";
import { probeIstiod } from "../../src/xds/port/istiod-probe.ts";
import { FakeIstiod } from "../support/fake-istiod.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { istiodNode, XdsProbe } from "../support/xds-probe.ts";
import { FakeCompleteness, serviceEntry, startXds } from "../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A port that refuses: it was given to us, and given back. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

test("an istiod is warm when one of its ports accepts, cold when only its HTTP ports answer", async () => {
  const xds = createServer((socket) => socket.destroy());
  const http = createHttpServer((_, response) => response.writeHead(503).end());
  const mute = createServer();
  try {
    const [open, answering, silent, closed] = await Promise.all([listen(xds), listen(http), listen(mute), closedPort()]);
    const verdict = (istiodPorts: number[], istiodHttpPorts: number[]) => probeIstiod({ istiodPorts, istiodHttpPorts });
    assert.equal(await verdict([closed, open], [answering]), "warm");
    assert.equal(await verdict([closed], [closed, answering]), "cold");
    assert.equal(await verdict([closed], [closed]), "warm", "nothing answers: nothing is known");
    assert.equal(await verdict([closed], [silent]), "warm", "accepting is not answering");
    assert.equal(await verdict([], []), "warm");
  } finally {
    for (const server of [xds, http, mute]) server.close();
  }
});

function gate(settings: FirstAnswerSettings) {
  const clock = new VirtualClock();
  const completeness = new FakeCompleteness(false);
  const probe = { temperature: "warm" as Temperature, count: 0 };
  const judged = async () => {
    probe.count += 1;
    return probe.temperature;
  };
  const firstAnswer = new FirstAnswerGate(completeness, settings, judged, { clock, log: silentLogger });
  let released = 0;
  const wait = () => firstAnswer.wait(() => (released += 1));
  /** Lets the probe's promise settle. */
  const advance = async (ms: number) => {
    clock.advance(ms);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { firstAnswer, completeness, probe, wait, advance, clock, released: () => released };
}

test("a warm istiod waits without limit, until the view is complete", async () => {
  const { wait, advance, completeness, released } = gate({ timeout: 60_000, onTimeout: "serve" });
  wait();
  for (let minutes = 0; minutes < 600; minutes += 1) await advance(60_000);
  assert.equal(released(), 0);
  completeness.complete();
  assert.equal(released(), 1);
});

test("a cold istiod waits for the time-out, and not longer", async () => {
  const { wait, advance, probe, released } = gate({ timeout: 60_000, onTimeout: "serve" });
  probe.temperature = "cold";
  wait();
  await advance(59_999);
  assert.equal(released(), 0);
  await advance(1);
  assert.equal(released(), 1);
});

test("an istiod that shows itself cold only after the time-out is found soon", async () => {
  const { wait, advance, probe, released } = gate({ timeout: 60_000, onTimeout: "serve" });
  wait();
  await advance(60_000);
  probe.temperature = "cold";
  await advance(5_000);
  assert.equal(released(), 1);
});

test("the time counts from the first wait: a cold istiod that came back is served at once", async () => {
  const { wait, advance, probe, released } = gate({ timeout: 60_000, onTimeout: "serve" });
  probe.temperature = "cold";
  const leave = wait();
  await advance(30_000);
  leave();
  await advance(60_000);
  assert.equal(released(), 0, "nobody waits");
  wait();
  await advance(0);
  assert.equal(released(), 1);
});

test("a view that becomes incomplete again is waited for again, with its own time-out", async () => {
  const { wait, advance, completeness, probe, released } = gate({ timeout: 60_000, onTimeout: "serve" });
  probe.temperature = "cold";
  wait();
  completeness.complete();
  assert.equal(released(), 1);
  await advance(600_000);
  completeness.incomplete();
  wait();
  await advance(59_999);
  assert.equal(released(), 1);
  completeness.complete();
  assert.equal(released(), 2);
});

test("with onTimeout: wait nobody is asked, and a cold istiod waits too", async () => {
  const { wait, advance, probe, released } = gate({ timeout: 60_000, onTimeout: "wait" });
  probe.temperature = "cold";
  wait();
  await advance(3_600_000);
  assert.deepEqual([released(), probe.count], [0, 0]);
});

test("who left is not released, and a closed gate has no timers", async () => {
  const { firstAnswer, wait, completeness, clock, released } = gate({ timeout: 60_000, onTimeout: "serve" });
  const leave = wait();
  wait();
  leave();
  completeness.complete();
  assert.equal(released(), 1);
  firstAnswer.close();
  assert.equal(clock.pending, 0);
});

test("until the view is complete, istiod is answered only for types we do not own", async () => {
  await using rig = await startXds({ complete: false });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const istiod = new FakeIstiod({ target: rig.target }).start();
  try {
    await istiod.waitFor((fake) => fake.counts.pushes.size === fake.types.length - 3);
    assert.equal(istiod.hasSynced, false);
    const held = rig.server
      .clients()[0]!
      .subscriptions.filter((subscription) => subscription.held)
      .map(({ typeUrl }) => typeUrl);
    assert.deepEqual(
      held.sort(),
      ["ServiceEntry", "Sidecar", "WorkloadEntry"].map((kind) => `networking.istio.io/v1/${kind}`),
    );
    rig.store.publish({ upserts: [serviceEntry("b")] });
    rig.completeness.complete();
    await istiod.waitFor((fake) => fake.hasSynced);
    assert.equal(istiod.store("ServiceEntry").size, 2);
    assert.equal(istiod.pushes("ServiceEntry"), 1);
  } finally {
    istiod.stop();
  }
});

test("an istiod that is answered already gets changes, whatever happens to completeness", async () => {
  await using rig = await startXds();
  const istiod = new FakeIstiod({ target: rig.target }).start();
  try {
    await istiod.waitFor((fake) => fake.hasSynced);
    rig.completeness.incomplete();
    rig.store.publish({ upserts: [serviceEntry("a")] });
    await istiod.waitFor((fake) => fake.store("ServiceEntry").size === 1);
  } finally {
    istiod.stop();
  }
});

test("a cold istiod is served the view as it is after the time-out", async () => {
  const http = createHttpServer((_, response) => response.end());
  const istiodHttpPorts = [await listen(http)];
  const initialSync = { timeout: 50, onTimeout: "serve" as const, istiodPorts: [await closedPort()], istiodHttpPorts };
  await using rig = await startXds({ complete: false, settings: { initialSync } });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  const istiod = new FakeIstiod({ target: rig.target }).start();
  try {
    await istiod.waitFor((fake) => fake.hasSynced);
    assert.equal(istiod.store("ServiceEntry").size, 1);
  } finally {
    istiod.stop();
    http.close();
  }
});

test("tools get the view at once, marked incomplete, and are told when it is complete", async () => {
  await using rig = await startXds({ complete: false });
  rig.store.publish({ upserts: [serviceEntry("a")] });
  using tool = new XdsProbe(rig.target);
  tool.send({ typeUrl, node: { id: "tool" } });
  const first = await tool.response(0);
  assert.equal(first.resources.length, 1);
  assert.equal(first.controlPlane?.identifier, "tributary/test incomplete");
  tool.ack(first);
  await tool.barrier();
  rig.completeness.complete();
  assert.equal((await tool.response(1)).controlPlane?.identifier, "tributary/test");
  using istiod = new XdsProbe(rig.target);
  istiod.send({ typeUrl, node: istiodNode });
  assert.equal((await istiod.response(0)).controlPlane?.identifier, "tributary/test");
});
