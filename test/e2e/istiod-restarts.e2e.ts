/**
 * Restarts while everything moves: of ours at random moments with the registry down, and of istiod
 * against a running us. What istiod holds never shrinks, and what did not change keeps its version.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { DubboWriter } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { freePorts } from "./servers/free-port.ts";
import { HangUp } from "./servers/hang-up.ts";
import { type AcceptedConfig, Istiod } from "./servers/istiod.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";
import { full } from "./tier.ts";

const kills = full ? 50 : 3;
const interfaces = 40;
/** How long the load runs between two kills, in ms: any moment of a change may be hit. */
const leastLoad = 50;
const mostLoad = 600;

suite("restarts under load", { concurrency: false }, () => {
  let zookeeper: ZooKeeper;
  let writer: DubboWriter;
  let tributary: Tributary;
  let istiod: Istiod;
  let load: Load;
  const folder = mkdtempSync(path.join(tmpdir(), "last-known-good-"));

  before(async () => {
    zookeeper = await ZooKeeper.start();
    writer = await DubboWriter.connect(zookeeper.address, 300_000);
    load = new Load(writer);
    for (let at = 0; at < interfaces; at++) await load.add();
    istiod = await Istiod.prepare();
    tributary = await Tributary.start({
      registries: [{ id: "zk", type: "zookeeper", servers: zookeeper.address, sessionTimeout: "4s" }],
      istiod: istiod.ports,
      lastKnownGood: folder,
    });
    await istiod.start(tributary.address);
  });

  after(async () => {
    await istiod?.stop();
    await tributary?.stop();
    await writer?.close();
    await zookeeper?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const live = (what: string) => eventually(`${what}: live again`, () => tributary.isIn("live", "zk"));

  test(`killed with -9 at ${kills} random moments, with ZooKeeper down at the restart, istiod's state never shrinks`, async (t) => {
    t.after(() => zookeeper.resume());
    for (let kill = 1; kill <= kills; kill++) {
      // Only a process that may end properly keeps encoded resources, of which the next load makes some outdated.
      if (kill % 3 === 1) {
        await tributary.terminate();
        await tributary.restart();
        await live("restarted");
      }
      const moment = leastLoad + Math.random() * (mostLoad - leastLoad);
      const changes = await load.runFor(moment);
      await tributary.kill();
      zookeeper.suspend();
      const [entries, endpoints] = [await istiod.serviceEntries(), await istiod.endpoints()];
      await tributary.restart();
      await acknowledged(tributary);
      const what = `kill ${kill}, after ${Math.round(moment)} ms and ${changes} changes`;
      await eventually(`${what}: istiod took it over`, async () => noneLost(endpoints, await istiod.endpoints()), { within: 5_000 });
      sameVersions(entries, await istiod.serviceEntries(), what);
      zookeeper.resume();
      await live(what);
    }
    await eventually("everything that was registered is there", async () => isDeepStrictEqual(await istiod.endpoints(), load.expected()));
  });

  test("istiod killed and restarted against a running us holds the same at once", async () => {
    const before = await istiod.serviceEntries();
    const started = (await tributary.metrics()).sum("process_start_time_seconds");
    await istiod.kill();
    istiod.launch(tributary.address);
    await istiod.synced();
    assert.deepEqual(versionsOf(await istiod.serviceEntries()), versionsOf(before));
    assert.equal((await tributary.metrics()).sum("process_start_time_seconds"), started, "we are the same process");
  });
});

suite("an istiod that holds state, and a registry that is away", { concurrency: false }, () => {
  for (const { how, warm } of [
    { how: "with its xDS port open, it is warm: it is told nothing rather than less, without limit", warm: true },
    { how: "with its xDS port closed, it counts as cold: after the time-out it is told what is known", warm: false },
  ]) {
    test(how, async (t) => {
      const istiod = await Istiod.prepare();
      t.after(() => istiod.stop());
      const [closed] = await freePorts(1);
      const ports = warm ? istiod.ports : { ...istiod.ports, grpc: closed! };
      const files = { id: "files", type: "file", path: path.join(import.meta.dirname, "catalogs/mixed") };
      const first = await Tributary.start({ registries: [files], istiod: ports, initialSyncTimeout: "3s" });
      t.after(() => first.stop());
      await istiod.start(first.address);
      const before = versionsOf(await istiod.serviceEntries());
      assert.ok(before.size > 0);

      // The same process started again without its file, its state or any registry that answers.
      const away = await HangUp.start();
      t.after(() => away.stop());
      await first.restart([{ id: "zk", type: "zookeeper", servers: away.address }]);
      await eventually("its stream", async () => (await first.metrics()).sum("tributary_xds_streams") === 1);
      if (warm) {
        // Twice as long as a cold one would be made to wait.
        await sleep(6_000);
        assert.deepEqual(versionsOf(await istiod.serviceEntries()), before);
      } else {
        await eventually("it was told that there is nothing", async () => (await istiod.serviceEntries()).size === 0, { within: 10_000 });
      }
      assert.ok(await first.ready());
    });
  }
});

/** Additions, and registrations anew with another weight, one after the other. */
class Load {
  readonly #writer: DubboWriter;
  /** By interface's number, how often it was registered anew. */
  readonly #weights: number[] = [];

  constructor(writer: DubboWriter) {
    this.#writer = writer;
  }

  async add(): Promise<void> {
    const at = this.#weights.length;
    await this.#writer.register(this.#provider(at, 0));
    this.#weights.push(0);
  }

  /** @returns the number of changes */
  async runFor(ms: number): Promise<number> {
    const end = performance.now() + ms;
    let changes = 0;
    while (performance.now() < end) {
      changes++;
      if (Math.random() < 0.2) await this.add();
      else await this.#renew(Math.floor(Math.random() * this.#weights.length));
    }
    return changes;
  }

  /** host → the endpoints that istiod must hold in the end. */
  expected(): Map<string, string[]> {
    return new Map(this.#weights.map((_, at) => [`com.acme.load${at}facade.dubbo`, [`10.30.${at >> 8}.${at & 255}:20880`]]));
  }

  /** As a provider that restarts quickly: the new node is there before the old one is gone. */
  async #renew(at: number): Promise<void> {
    const before = this.#weights[at]!;
    await this.#writer.register(this.#provider(at, before + 1));
    await this.#writer.unregister(this.#provider(at, before));
    this.#weights[at] = before + 1;
  }

  #provider(at: number, version: number) {
    const parameters = { weight: String(100 + (version % 50)), timestamp: String(1_795_234_569_000 + version), dynamic: "false" };
    return { interface: `com.acme.Load${at}Facade`, host: `10.30.${at >> 8}.${at & 255}`, port: 20880, parameters };
  }
}

type Entries = ReadonlyMap<string, AcceptedConfig>;

function versionsOf(entries: Entries): Map<string, string> {
  return new Map([...entries].map(([name, { metadata }]) => [name, metadata.resourceVersion]));
}

/** What we know by now may be ahead of what istiod had been told, never behind. */
function noneLost(before: ReadonlyMap<string, string[]>, now: ReadonlyMap<string, string[]>): boolean {
  return [...before].every(([host, endpoints]) => endpoints.every((endpoint) => now.get(host)?.includes(endpoint)));
}

function sameVersions(before: Entries, now: Entries, what: string): void {
  for (const [name, { metadata, spec }] of before) {
    const entry = now.get(name);
    assert.ok(entry, `${what}: ${name} is gone`);
    if (isDeepStrictEqual(entry.spec, spec)) assert.equal(entry.metadata.resourceVersion, metadata.resourceVersion, `${what}: ${name}`);
  }
}

async function acknowledged(tributary: Tributary): Promise<void> {
  await eventually("istiod acknowledged", async () => {
    const versions = (await tributary.metrics()).find("tributary_xds_client_version");
    return versions.some(({ labels }) => labels.type?.includes("ServiceEntry"));
  });
}
