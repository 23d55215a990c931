/**
 * Killed with -9 at random moments while four registries change all the time, and started again while half of them are
 * out of reach: whoever asks then is told of no less than was told before, and what is unchanged has its version.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { DeltaClient } from "../support/delta-client.ts";
import { FileUnderLoad } from "./aggregator/file-under-load.ts";
import { NacosUnderLoad } from "./aggregator/nacos-under-load.ts";
import { askAsIstiod, firstAnswer, lost, type ServedState, stateOf, versionedAnew } from "./aggregator/served-state.ts";
import { isVisitor, loadedHosts, type UnderLoad } from "./aggregator/under-load.ts";
import { ZooKeeperUnderLoad } from "./aggregator/zookeeper-under-load.ts";
import { eventually } from "./servers/eventually.ts";
import { freeIstiodPorts } from "./servers/istiod.ts";
import { Nacos } from "./servers/nacos.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";
import { full } from "./tier.ts";

const kills = full ? 50 : 3;
/** How long it runs between two kills, in ms: any moment of a change, or of a restart, may be hit. */
const leastRun = 50;
const mostRun = 1_500;
/** Files are not of Dubbo alone: the protocol is part of their hosts. */
const inFiles = loadedHosts.map((host) => ({ host, services: [{ host: `dubbo.${host}` }] }));

suite("four registries under load", { concurrency: false }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "last-known-good-"));
  const stopLoad = new AbortController();
  let zookeeper: ZooKeeper;
  let nacos: Nacos;
  let registries: readonly UnderLoad[];
  let loads: readonly Promise<number>[];
  let tributary: Tributary;
  let watcher: DeltaClient;

  before(async () => {
    [zookeeper, nacos] = await Promise.all([ZooKeeper.start(), Nacos.start()]);
    registries = [
      await ZooKeeperUnderLoad.start(zookeeper),
      await NacosUnderLoad.start(nacos),
      new FileUnderLoad("file-a", 63),
      new FileUnderLoad("file-b", 64),
    ];
    for (const registry of registries) await registry.fill();
    tributary = await Tributary.start({
      registries: registries.map(({ settings }) => settings),
      merging: { sameAs: inFiles },
      istiod: await freeIstiodPorts(),
      lastKnownGood: folder,
    });
    watcher = askAsIstiod(tributary.address);
    await watcher.waitFor(holdsEverything, 30_000);
    loads = registries.map((registry) => changeOften(registry, stopLoad.signal));
  });

  after(async () => {
    stopLoad.abort();
    await Promise.all(loads ?? []);
    watcher?.stop();
    await tributary?.stop();
    for (const registry of registries ?? []) await registry.stop();
    await Promise.all([nacos?.stop(), zookeeper?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  test(`killed ${kills} times, with half of them down at the restart, it never serves less, and versions stay`, async (t) => {
    let unchanged = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const ran = leastRun + Math.random() * (mostRun - leastRun);
      await sleep(ran);
      const disconnected = once(watcher.events, "disconnected");
      await tributary.kill();
      await disconnected;
      const told = stateOf(watcher);
      const down = half(registries);
      for (const registry of down) await registry.down();
      await tributary.restart();
      const now = await firstAnswer(tributary.address);
      const what = `kill ${kill}, after ${Math.round(ran)} ms, with ${down.map(({ id }) => id)} down`;
      assert.deepEqual(
        lost(told, now).filter((endpoint) => !isVisitor(endpoint.split(" ")[1]!)),
        [],
        what,
      );
      assert.deepEqual(versionedAnew(told, now), [], what);
      unchanged += same(told, now);
      for (const registry of down) await registry.up();
      await eventually(`${what}: all are live again`, async () => {
        const live = await Promise.all(registries.map(({ id }) => tributary.isIn("live", id)));
        return live.every(Boolean);
      });
    }
    t.diagnostic(`${unchanged} entries were the same before and behind a kill`);
    assert.ok(unchanged > 0, "nothing was left unchanged: the load hides what is to be seen");
    assert.equal(watcher.peer.counts.repeated, 0, "whoever tells its versions is told nothing twice");
  });

  test("in the end everything that is registered is served", async (t) => {
    stopLoad.abort();
    const changes = await Promise.all(loads);
    t.diagnostic(`${changes.reduce((sum, count) => sum + count, 0)} changes were made`);
    await watcher.waitFor(holdsEverything, 30_000);
  });

  function holdsEverything(client: DeltaClient): boolean {
    const held = new Set([...stateOf(client).values()].flatMap(({ endpoints }) => endpoints));
    return registries.every(({ staying }) => staying.every((endpoint) => held.has(endpoint)));
  }
});

/** Changes a registry until the signal. @returns how often */
async function changeOften(registry: UnderLoad, signal: AbortSignal): Promise<number> {
  let changes = 0;
  for (; !signal.aborted; changes++) {
    await registry.change();
    await sleep(registry.pause);
  }
  return changes;
}

function half<T>(all: readonly T[]): T[] {
  const left = [...all];
  return Array.from({ length: all.length / 2 }, () => left.splice(Math.floor(Math.random() * left.length), 1)[0]!);
}

function same(before: ServedState, now: ServedState): number {
  return [...before].filter(([name, { version }]) => now.get(name)?.version === version).length;
}
