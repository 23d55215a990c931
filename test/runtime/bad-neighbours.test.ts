/** A registry that fails for ever costs only its own freshness. The speed of it is measured in `test/bench/bad-neighbours.ts`. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { BroadcastChannel } from "node:worker_threads";
import { parseConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import type { Item } from "../../src/registries/service.ts";
import { configOptions } from "../../src/runtime/config-options.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { startRegistries } from "../../src/runtime/started-registries.ts";
import { badServices, badSession, behaviours } from "../support/bad-session.ts";
import { type Command, scriptedSession } from "../support/scripted-session.ts";

const changes = 20;

test("beside registries that crash, hang, leak and flood, every change of a good one is served, and nothing of theirs is lost", async (t) => {
  const registries = ["good", ...behaviours].map((id) => ({ id, type: "file", path: `./${id}` }));
  const { config } = parseConfig(JSON.stringify({ registries }), { file: "tributary.yaml", ...configOptions });
  const supervision = { beatMs: 50, missedBeats: 40, externalMb: 64, backOff: { firstMs: 20, mostMs: 40 } };
  const started = startRegistries(config, silentLogger, undefined, supervision);
  const { supervisor } = started;
  const channel = new BroadcastChannel(randomUUID());
  t.after(() => channel.close());
  supervisor.replace({ id: "good", session: scriptedSession, settings: { channel: channel.name, items: [goodItem(1)] } });
  for (const behaviour of behaviours) supervisor.replace({ id: behaviour, session: badSession, settings: { behaviour, every: 30 } });
  const pipeline = new Pipeline(config, silentLogger, started);
  t.after(() => pipeline.stop());
  await new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));

  const weight = () => {
    const entry = pipeline.catalog.get("service:tributary/good.file");
    return entry?.kind === "service" ? entry.service.endpoints[0]?.weight : undefined;
  };
  for (let change = 2; change <= changes; change += 1) {
    channel.postMessage({ do: "changed", items: [goodItem(change)] } satisfies Command);
    await until(() => weight() === change);
  }
  const ends = (id: string) => supervisor.status(id)?.lastEnd?.reason ?? "";
  await until(() => ["crashing", "hanging", "leaking"].every((id) => ends(id) !== ""));
  assert.match(ends("crashing"), /its worker crashed: crashes, as it always does/);
  assert.match(ends("hanging"), /its worker hangs/);
  assert.match(ends("leaking"), /holds \d+ MiB outside the JavaScript heap/);
  for (const id of ["good", "flooding"]) assert.equal(supervisor.status(id)?.restarts, 0, id);
  assert.equal(supervisor.status("good")?.phase, "live");
  const services = Object.fromEntries(pipeline.catalog.reports().map((report) => [report.id, report.services]));
  assert.deepEqual(services, { good: 1, ...Object.fromEntries(behaviours.map((id) => [id, badServices])) });
});

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > end) assert.fail(`not in time: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function goodItem(weight: number): Item {
  const instance = { id: "i", address: "10.0.0.1", ports: [{ number: 80, protocol: "http" }], weight };
  return { kind: "service", service: { key: { name: "good" }, instances: [instance] } };
}
