/** Plays one row of the fault table, and holds it against what every row must keep. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { full } from "../tier.ts";
import type { FaultRow } from "./fault-table.ts";
import type { Scene } from "./scene.ts";
import { type Setting, sessionTimeout } from "./setting.ts";

export interface RowOptions {
  /** Where it is played; default: everywhere. */
  readonly settings?: readonly Setting[];
  /** Nothing but silence tells of it. */
  readonly silent?: boolean;
  /** Addresses of applications that are stopped, and may therefore leave. */
  readonly leaving?: readonly string[];
  /** Plays the fault. @returns what ends it in one setting */
  readonly begin: () => Promise<(setting: Setting) => unknown>;
}

/** A change made after a fault must be seen within this time, ms; behind several faults a single wait may take 10 s of it. */
const recovery = 15_000;
/** The protection's default, during which nothing may leave, and a little more, ms. */
export const hold = 32_000;
/** A client that spins makes about a hundred connections a second. */
const connectionsPerSecond = 10;

export async function playRow(
  t: TestContext,
  scene: Scene,
  { settings = scene.settings, silent, leaving, begin }: RowOptions,
): Promise<FaultRow> {
  t.after(() => Promise.all(scene.settings.map((setting) => setting.heal())));
  scene.takeRemovals();
  const since = Date.now();
  const accepted = new Map(settings.map((setting) => [setting, setting.accepted]));
  const end = await begin();
  const recoveries = new Map<Setting, readonly number[]>();
  const lines = new Map<Setting, string>();
  let latest: number | undefined;
  const after = async (setting: Setting): Promise<void> => {
    await end(setting);
    const seconds = (Date.now() - since) / 1_000;
    const connections = setting.accepted - accepted.get(setting)!;
    const seen = await scene.change(setting, recovery);
    recoveries.set(setting, seen);
    const noticed = scene.noticed(setting, since);
    if (noticed !== undefined) latest = Math.max(latest ?? 0, noticed);
    const rounded = seen.map((ms) => Math.round(ms)).join(" and ");
    lines.set(
      setting,
      `${setting.name}: noticed after ${noticed ?? "-"} ms, a change seen after ${rounded} ms, ${connections} connections`,
    );
    assert.ok(connections <= 5 + connectionsPerSecond * seconds, `${setting.name}: ${connections} connections in ${seconds} s`);
    if (silent) assert.ok(noticed! < (sessionTimeout * 2) / 3 + 1_000, `${setting.name}: noticed after ${noticed} ms`);
  };
  await Promise.all(settings.map(after));
  for (const setting of settings) t.diagnostic(lines.get(setting)!);
  await Promise.all(scene.settings.map((setting) => setting.heal()));
  if (full) await sleep(hold);

  const wrong = scene.takeRemovals().filter(({ endpoint }) => !leaving?.some((address) => endpoint.startsWith(`${address}:`)));
  assert.deepEqual(wrong, [], "wrongly removed");
  assert.deepEqual(scene.missing(), [], "still missing");
  for (const application of scene.applications) assert.equal(application.ended(), undefined);
  scene.expectWhatIsHeld();
  const inOrder = settings.map((setting) => [setting.name, recoveries.get(setting)!] as const);
  return { fault: t.name, recoveries: new Map(inOrder), noticed: latest, wronglyRemoved: wrong.length };
}
