/**
 * The fault table: what happens to a real ZooKeeper, to the network before it, to the applications
 * registered in it and to ourselves takes no endpoint away, and what changes afterwards is seen soon.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, beforeEach, suite, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ZookeeperWriter } from "../support/zookeeper-writer.ts";
import { repository } from "./install/cache.ts";
import { istioRelease } from "./install/istiod.ts";
import { DubboWriter, providerPath } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { frameworks } from "./servers/frameworks.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";
import { ZooKeeperClient } from "./servers/zookeeper-client.ts";
import { full, isPresent, onlyInFull } from "./tier.ts";
import { FaultTable } from "./zookeeper-faults/fault-table.ts";
import { faults } from "./zookeeper-faults/faults.ts";
import { Neighbours } from "./zookeeper-faults/neighbours.ts";
import { Reconnects } from "./zookeeper-faults/reconnects.ts";
import { hold, playRow } from "./zookeeper-faults/row.ts";
import { Scene } from "./zookeeper-faults/scene.ts";

const table = new FaultTable();
/** Rows that have not been proven. */
const due = new Set<string>();

after(() => {
  const names = frameworks.map(({ name }) => name);
  if (due.size > 0 || !["istiod", ...names].every(isPresent)) return;
  const page = table.toMarkdown({ istiod: `istiod ${istioRelease()}`, frameworks: names });
  writeFileSync(path.join(repository, "docs/zookeeper-faults.md"), page);
});

suite("faults of ZooKeeper and of the network", { concurrency: false }, () => {
  let scene: Scene;

  before(async () => {
    scene = await Scene.start();
  });

  after(() => scene?.stop());

  for (const { name, lasts, smoke, ensemble, silent, begin } of faults) {
    row(name, smoke ? "smoke" : "full", async (t) => {
      const settings = scene.settings.filter(({ alone }) => !(ensemble && alone));
      const played = await playRow(t, scene, {
        settings,
        silent,
        begin: async () => {
          const ends = new Map(await Promise.all(settings.map(async (setting) => [setting, await begin(setting)] as const)));
          await sleep(lasts);
          return (setting) => ends.get(setting)!();
        },
      });
      table.addFault(played);
    });
  }

  row("our own process killed with -9 and restarted while the network refuses", "smoke", async (t) => {
    const played = await playRow(t, scene, {
      begin: async () => {
        for (const setting of scene.settings) await setting.network("refuse");
        await scene.tributary.kill();
        await scene.tributary.restart();
        await eventually("all are connected again", async () => {
          return (await scene.tributary.metrics()).sum("tributary_xds_streams") === scene.views.length;
        });
        await sleep(2_000);
        return (setting) => setting.network("pass");
      },
    });
    table.addFault(played);
  });

  row("applications killed with -9 and restarted at once", "full", async (t) => {
    const played = await playRow(t, scene, {
      begin: async () => {
        for (const application of scene.applications) {
          await application.kill();
          application.restart();
          // All at the same time, they need longer to be up on a small machine than their sessions last.
          await sleep(4_000);
        }
        // The last of the old sessions ends meanwhile, and with it what it had registered.
        await sleep(15_000);
        return () => {};
      },
    });
    table.addFault(played);
  });

  row("applications stopped, gone, and started again", "full", async (t) => {
    const leaving = scene.applications.map(({ placement }) => placement.host);
    const played = await playRow(t, scene, {
      leaving,
      begin: async () => {
        const begun = performance.now();
        await Promise.all(scene.applications.map((application) => application.stop()));
        await scene.without(leaving, 60_000);
        t.diagnostic(`all had left after ${Math.round(performance.now() - begun)} ms`);
        for (const application of scene.applications) application.restart();
        await scene.complete();
        return () => {};
      },
    });
    table.addFault(played);
  });
});

suite("a registry in trouble beside one that is well", { concurrency: false }, () => {
  let neighbours: Neighbours;
  /** Each trouble's time, ms. */
  const lasts = full ? 20_000 : 4_000;
  /** What the changes took while nothing was wrong. */
  let usual: number[];

  before(async () => {
    neighbours = await Neighbours.start();
  });

  after(() => neighbours?.stop());

  beforeEach(async () => {
    usual ??= await neighbours.timeChanges(lasts);
    neighbours.takeRemovals();
  });

  for (const { trouble, begin } of [
    { trouble: "a black hole before it", begin: ({ troubled }: Neighbours) => troubled.network("black-hole") },
    { trouble: "all its servers killed with -9", begin: ({ troubled }: Neighbours) => troubled.ensemble.kill() },
    { trouble: "a thousand registrations and removals a second", begin: (all: Neighbours) => all.flood() },
  ]) {
    row(`one has ${trouble}; the other's changes arrive as ever`, "smoke", async (t) => {
      const flood = await begin(neighbours);
      const times = await neighbours.timeChanges(lasts);
      if (flood) {
        await flood.kill();
        t.diagnostic(`changes in the troubled one, by the second: ${flood.output().trim().split("\n")}`);
      }
      const [median, slowest] = [quantile(times, 0.5), quantile(times, 1)];
      t.diagnostic(
        `${times.length} changes seen after ${median} ms, at most ${slowest} ms; usually ${quantile(usual, 0.5)} and ${quantile(usual, 1)}`,
      );
      await neighbours.troubled.heal();
      if (full) await sleep(hold);
      const wrong = neighbours.takeRemovals();
      assert.deepEqual(wrong, []);
      assert.ok(median < quantile(usual, 0.5) + 50, `median ${median} ms`);
      assert.ok(slowest < 2_000, `slowest ${slowest} ms`);
      table.addNeighbour({ trouble, changes: times.length, median, slowest, wronglyRemoved: wrong.length });
    });
  }
});

suite("a connection that is broken again and again", { concurrency: false }, () => {
  const old = isPresent("ZooKeeper 3.5.10") ? "full" : "absent";

  row("of a server without recursive watches, with 20,000 watches: one connection each time", old, async (t) => {
    const server = await ZooKeeper.start({ version: "3.5.10", heap: 768 });
    t.after(() => server.stop());
    // Long names: their watches do not fit into one packet of 1 MB.
    const services = Array.from({ length: 10_000 }, (_, at) => ({
      name: `com.acme.${"a.rather.long.name.of.a.package.".repeat(3)}Number${at}Facade`,
      instances: [{ address: `10.35.${at >> 8}.${at & 255}`, port: 20880 }],
    }));
    await new ZookeeperWriter(server.address).bulk(services);
    const writer = await DubboWriter.connect(server.address);
    t.after(() => writer.close());
    await breakOften(t, server, {
      watches: 20_000,
      what: "3.5.10 (no recursive watches) with 20,000 watches",
      times: 3,
      change: (host) => writer.register({ interface: services[0]!.name, host, port: 20880, parameters: { dynamic: "false" } }),
    });
  });

  row("of a digest-protected tree: authenticated before anything is read", "smoke", async (t) => {
    const server = await ZooKeeper.start();
    t.after(() => server.stop());
    const owner = await ZooKeeperClient.connect(server.address);
    t.after(() => owner.close());
    owner.authenticate("mesh", "secret");
    const provider = (host: string) => providerPath({ interface: "com.acme.PrivateFacade", host, port: 20880 });
    const register = (host: string) => owner.create(provider(host), host, "persistent");
    await register("10.36.0.1");
    await owner.setPrivate("/dubbo");
    await owner.setPrivate("/dubbo/com.acme.PrivateFacade/providers");
    const what = "a digest-protected tree";
    const output = await breakOften(t, server, {
      what,
      times: full ? 3 : 1,
      change: register,
      auth: { user: "mesh", password: "secret" },
    });
    assert.doesNotMatch(output, /NO_AUTH/);
  });
});

/** A test that belongs to the table. */
function row(name: string, tier: "smoke" | "full" | "absent", play: (t: TestContext) => Promise<void>): void {
  due.add(name);
  const options = { smoke: {}, full: onlyInFull, absent: { skip: "what it needs is not to be had" } }[tier];
  test(name, options, async (t) => {
    await play(t);
    due.delete(name);
  });
}

interface Breaks {
  readonly what: string;
  readonly times: number;
  /** Registers a provider at an address. */
  readonly change: (address: string) => Promise<void>;
  /** How many the server must have; what it is about may be their number. */
  readonly watches?: number;
  readonly auth?: { readonly user: string; readonly password: string };
}

/** @returns what Tributary said */
async function breakOften(t: TestContext, server: ZooKeeper, { what, times, change, watches = 0, auth }: Breaks): Promise<string> {
  const reconnects = await Reconnects.start(server, auth && { auth });
  t.after(() => reconnects.stop());
  await change("10.37.0.0");
  await reconnects.view.until("the first change", ({ all }) => all.some((endpoint) => endpoint.includes("10.37.0.0")), 60_000);
  await eventually(`${watches} watches`, async () => (await watchCount(server)) >= watches);
  let [connections, slowest] = [0, 0];
  for (let at = 1; at <= times; at++) {
    const once = await reconnects.once(`10.37.0.${at}`, change);
    connections += once.connections;
    slowest = Math.max(slowest, once.seen);
  }
  t.diagnostic(
    `${await watchCount(server)} watches; ${connections} connections for ${times} breaks, changes seen after at most ${Math.round(slowest)} ms`,
  );
  assert.equal(connections, times);
  const wrong = reconnects.view.removals;
  assert.deepEqual(wrong, []);
  table.addReconnect({ what, times, connections, slowest, wronglyRemoved: wrong.length });
  return reconnects.tributary.output();
}

async function watchCount(server: ZooKeeper): Promise<number> {
  return Number(/^zk_watch_count\s+(\d+)/m.exec(await server.command("mntr"))?.[1]);
}

/** Of sorted ms, rounded. */
function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!);
}
