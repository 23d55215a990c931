import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type Logger, silentLogger } from "../../../src/log/logger.ts";
import { itemId } from "../../../src/registries/service.ts";
import { Supervisor } from "../../../src/registries/supervision/supervisor.ts";
import type { SupervisorOptions } from "../../../src/registries/supervision/supervisor-options.ts";
import type { WorkerHost } from "../../../src/registries/supervision/worker-host.ts";
import { eventually } from "../../e2e/servers/eventually.ts";
import { RecordingFeed } from "../../support/recording-feed.ts";
import { type Command, type ScriptedSettings, scriptedSession, serviceItem } from "../../support/scripted-session.ts";
import { ScriptedWorker, scriptedRegistry } from "../../support/scripted-worker.ts";

const a = serviceItem("a");
const b = serviceItem("b");

/** Runs a scripted registry that listed `a` and `b`, and ends it whatever happens. */
async function withWorker(
  body: (worker: ScriptedWorker) => Promise<void>,
  options: Partial<SupervisorOptions> = {},
  settings: Partial<ScriptedSettings> = {},
  log?: Logger,
): Promise<void> {
  const worker = new ScriptedWorker({ items: [a, b], ...settings }, options, log);
  try {
    await worker.live();
    await body(worker);
  } finally {
    await worker.end();
  }
}

const deaths: readonly [name: string, command: Command, reason: RegExp, options?: Partial<SupervisorOptions>][] = [
  ["throws", { do: "throw", text: "out of thin air" }, /crashed: .*out of thin air/],
  ["rejects a promise", { do: "reject", text: "nobody listens" }, /crashed: .*nobody listens/],
  ["exits", { do: "exit" }, /ended with code 3/],
  ["hangs", { do: "hang" }, /hangs/, { beatMs: 50, missedBeats: 20 }],
  ["fills its heap", { do: "heap" }, /heap limit/, { heap: { oldGenerationMb: 24, youngGenerationMb: 4 } }],
  [
    "fills memory outside its heap",
    { do: "external", megabytes: 96 },
    /holds \d+ MiB outside/,
    { externalMb: 48, beatMs: 50, missedBeats: 200 },
  ],
];

for (const [name, command, reason, options] of deaths) {
  test(`a worker that ${name} is started again, and nothing is removed`, async () => {
    await withWorker(async (worker) => {
      const epoch = worker.feed.last?.epoch ?? 0;
      const mark = worker.feed.mark();
      worker.tell(command);
      await worker.lost(reason);
      assert.equal(worker.feed.last?.phase, "stale");
      assert.equal(worker.feed.last?.epoch, epoch + 1, "the loss is a new epoch at once");
      assert.equal(worker.feed.items.size, 2);
      await worker.live();
      assert.equal(worker.feed.last?.restarts, 1);
      assert.equal(worker.feed.last?.reason, undefined);
      assert.equal(worker.feed.items.size, 2);
      assert.equal(worker.feed.since(mark).filter(({ type }) => type === "remove").length, 0);
    }, options);
  });
}

test("what only an earlier worker told goes with the first complete listing of the next, not before", async () => {
  await withWorker(async (worker) => {
    const late = serviceItem("late");
    worker.tell({ do: "changed", items: [late] });
    await worker.feed.until("late", () => worker.feed.items.has(itemId(late)));
    worker.tell({ do: "exit" });
    await worker.lost(/ended/);
    assert.ok(worker.feed.items.has(itemId(late)));
    await worker.live();
    assert.ok(!worker.feed.items.has(itemId(late)));
    assert.equal(worker.feed.items.size, 2);
  });
});

test("a main thread that is held up does not take its workers for dead", async () => {
  await withWorker(
    async (worker) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_200);
      const mark = worker.feed.mark();
      worker.tell({ do: "changed", items: [serviceItem("after")] });
      await worker.feed.until("a change", () => worker.feed.since(mark).some(({ type }) => type === "upsert"));
      assert.equal(worker.feed.last?.restarts, 0);
    },
    { beatMs: 50, missedBeats: 15 },
  );
});

const hasPriorities = process.platform === "linux";
test("a worker that spins leaves the processor to others long before it is ended", { skip: !hasPriorities }, async () => {
  await withWorker(
    async (worker) => {
      assert.deepEqual(priorities(), []);
      await eventually("a heartbeat, which tells the thread", () => (worker.supervisor.memory(scriptedRegistry)?.heap ?? 0) > 0);
      worker.tell({ do: "hang" });
      await eventually("the low priority", () => priorities().includes(10));
      assert.equal(worker.supervisor.status(scriptedRegistry)?.restarts, 0);
    },
    { beatMs: 50, missedBeats: 1_000 },
  );
});

/** Of the threads of this process, those that are not the usual one. */
function priorities(): number[] {
  const statusOf = (thread: string) => readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
  // Behind the name, which may hold anything: state, then fifteen numbers, then the priority as `nice` counts.
  const nice = (status: string) => Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[16]);
  return readdirSync("/proc/self/task")
    .map((thread) => nice(statusOf(thread)))
    .filter((value) => value !== 0);
}

test("a registry whose session cannot be loaded says why, and its neighbour lives", async () => {
  await withWorker(async (worker) => {
    worker.supervisor.add({ id: "broken", session: new URL("file:///nowhere/session.ts"), settings: {} });
    await worker.lost(/crashed: Cannot find module/);
    const mark = worker.feed.mark();
    worker.tell({ do: "changed", items: [serviceItem("c")] });
    await worker.feed.until("the neighbour's change", () => worker.feed.since(mark).some(({ type }) => type === "upsert"));
    assert.equal(worker.supervisor.status(scriptedRegistry)?.phase, "live");
    assert.equal(worker.supervisor.status("broken")?.phase, "starting");
  });
});

test("a session that does not close is ended within a second", async () => {
  await withWorker(
    async (worker) => {
      const begin = performance.now();
      await worker.supervisor.stop();
      assert.ok(performance.now() - begin < 1_000);
      assert.deepEqual(worker.supervisor.registries, []);
    },
    {},
    { neverCloses: true },
  );
});

test("a hanging worker is ended within a second when its registry is removed", async () => {
  await withWorker(async (worker) => {
    worker.tell({ do: "hang" });
    const begin = performance.now();
    await worker.supervisor.remove(scriptedRegistry);
    assert.ok(performance.now() - begin < 1_000);
  });
});

test("a removed registry is silent, and its id is free again", async () => {
  await withWorker(async (worker) => {
    worker.tell({ do: "flood", changes: 20_000, services: 20_000 });
    await worker.feed.until("the flood", () => worker.feed.items.size > 2);
    const removed = worker.supervisor.remove(scriptedRegistry);
    const mark = worker.feed.mark();
    await removed;
    assert.deepEqual(worker.feed.since(mark), []);
    worker.supervisor.add({ id: scriptedRegistry, session: scriptedSession, settings: { ...worker.settings, items: [a] } });
    await worker.feed.until("the new one", () => worker.feed.since(mark).some(({ type }) => type === "listed"));
    assert.throws(() => worker.supervisor.add({ id: scriptedRegistry, session: scriptedSession, settings: {} }), /runs already/);
  });
});

test("new settings start a new worker at once and keep what is known until its listing", async () => {
  await withWorker(
    async (worker) => {
      const mark = worker.feed.mark();
      worker.supervisor.replace({
        id: scriptedRegistry,
        session: scriptedSession,
        settings: { ...worker.settings, items: [a, serviceItem("c")] },
      });
      await worker.lost(/settings changed/);
      assert.equal(worker.feed.items.size, 2);
      await worker.live();
      assert.deepEqual([...worker.feed.items.keys()].sort(), [itemId(a), itemId(serviceItem("c"))]);
      assert.deepEqual(
        worker.feed.since(mark).filter(({ type }) => type === "remove"),
        [],
      );
    },
    { backOff: { firstMs: 60_000, mostMs: 60_000 } },
  );
});

test("new settings, a pause and its end while a session still closes leave one session, which a later pause ends", async () => {
  await withWorker(
    async (worker) => {
      const { feed, supervisor } = worker;
      const isPaused = { isDormant: true, dormancy: "paused" } as const;
      const next = { id: scriptedRegistry, session: scriptedSession, settings: { ...worker.settings, items: [a] } };
      supervisor.replace(next);
      await worker.lost(/settings changed/);
      supervisor.replace({ ...next, ...isPaused });
      supervisor.replace(next);
      await worker.live();
      supervisor.replace({ ...next, ...isPaused });
      const mark = feed.mark();
      worker.tell({ do: "replaced", items: [b] });
      // That takes its time, in which a session that was left over would be heard.
      await supervisor.stop();
      assert.deepEqual(
        feed.since(mark).filter(({ type }) => type !== "status"),
        [],
      );
    },
    {},
    { neverCloses: true },
  );
});

test("a flood on few services costs few events and ends with the newest word of each", async () => {
  await withWorker(async (worker) => {
    const mark = worker.feed.mark();
    worker.tell({ do: "flood", changes: 50_000, services: 100 });
    const newest = Array.from({ length: 100 }, (_, at) => serviceItem(`flood-${at}`, 49_900 + at));
    await worker.feed.until("the last words", () => newest.every((item) => worker.feed.items.get(itemId(item)) === JSON.stringify(item)));
    assert.ok(worker.feed.since(mark).length <= 1_000, `${worker.feed.since(mark).length} events`);
  });
});

test("a flood on many services arrives whole", async () => {
  await withWorker(async (worker) => {
    worker.tell({ do: "flood", changes: 5_000, services: 5_000 });
    await worker.feed.until("all", () => worker.feed.items.size === 5_002);
  });
});

test("an item that changes while a listing is open survives its commit", async () => {
  await withWorker(async (worker) => {
    const during = serviceItem("during");
    worker.tell({ do: "listing" });
    worker.tell({ do: "add", items: [a] });
    worker.tell({ do: "changed", items: [during] });
    worker.tell({ do: "commit" });
    await worker.feed.until("b is gone", () => !worker.feed.items.has(itemId(b)));
    assert.deepEqual([...worker.feed.items.keys()].sort(), [itemId(a), itemId(during)]);
  });
});

test("an abandoned listing removes nothing and leaves a live registry live", async () => {
  await withWorker(async (worker) => {
    const c = serviceItem("c");
    worker.tell({ do: "listing" });
    worker.tell({ do: "add", items: [c] });
    worker.tell({ do: "abandon", text: "half of it" });
    await worker.feed.until("c", () => worker.feed.items.has(itemId(c)));
    assert.equal(worker.feed.items.size, 3);
    assert.equal(worker.feed.last?.phase, "live");
  });
});

test("lost contact is stale until the next complete listing", async () => {
  await withWorker(async (worker) => {
    worker.tell({ do: "unreachable", text: "no route" });
    await worker.lost(/no route/);
    const since = worker.feed.last?.since;
    worker.tell({ do: "unreachable", text: "still no route" });
    await worker.lost(/still no route/);
    assert.equal(worker.feed.last?.since, since);
    assert.equal(worker.feed.last?.epoch, 1);
    const mark = worker.feed.mark();
    worker.tell({ do: "contact" });
    await worker.feed.until("contact", () => worker.feed.mark() > mark);
    assert.equal(worker.feed.last?.phase, "stale");
    worker.supervisor.relist(scriptedRegistry);
    await worker.live();
    assert.equal(worker.feed.last?.epoch, 1);
  });
});

test("problems are counted, listed and logged a few times only", async () => {
  const lines: object[] = [];
  const log: Logger = { debug() {}, info() {}, warn: (fields) => lines.push(fields), error() {} };
  await withWorker(
    async (worker) => {
      worker.tell({ do: "problem", where: Array.from({ length: 3_000 }, (_, at) => `place ${at % 50}`) });
      const counted = () => worker.feed.events.reduce((sum, event) => sum + (event.type === "problem" ? event.count : 0), 0);
      await worker.feed.until("all problems", () => counted() === 3_000);
      assert.equal(worker.supervisor.problems(scriptedRegistry).length, 50);
      assert.equal(worker.supervisor.problems(scriptedRegistry)[0]?.count, 60);
      assert.equal(lines.length, 20);
    },
    {},
    {},
    log,
  );
});

test("what a worker logs and prints reaches the log under its registry's name", async () => {
  const lines: string[] = [];
  let told = () => {};
  const write = (fields: object, message: string) => {
    lines.push(`${(fields as { registry: string }).registry}: ${message}`);
    told();
  };
  await withWorker(
    async (worker) => {
      worker.tell({ do: "log", text: "hello" });
      worker.tell({ do: "print", text: "from a library" });
      const expected = [`${scriptedRegistry}: hello`, `${scriptedRegistry}: printed: from a library`];
      await new Promise<void>((resolve) => {
        told = () => expected.every((line) => lines.includes(line)) && resolve();
        told();
      });
    },
    {},
    {},
    { debug: write, info: write, warn: write, error: write },
  );
});

test("a failure downstream costs the word it happened at, not the process and not the queue", async () => {
  const refused = itemId(serviceItem("refused"));
  const errors: object[] = [];
  const log = { ...silentLogger, error: (fields: object) => errors.push(fields) };
  let failures = 0;
  await withWorker(
    async (worker) => {
      const { upsert } = worker.feed;
      worker.feed.upsert = (registry, id, text) => {
        if (id === refused) {
          failures += 1;
          throw new Error("out of thin air");
        }
        upsert.call(worker.feed, registry, id, text);
      };
      // More batches than the worker may have unacknowledged.
      for (let at = 0; at < 10; at++) {
        worker.tell({ do: "changed", items: [serviceItem("refused", at), serviceItem("good", at)] });
        await worker.feed.until(
          "good",
          () => worker.feed.items.get(itemId(serviceItem("good"))) === JSON.stringify(serviceItem("good", at)),
        );
      }
      assert.equal(worker.feed.last?.restarts, 0);
      assert.equal(failures, 10);
      assert.ok(errors.length >= 1, "it is told; how often is the contained feed's rule");
      assert.ok(!worker.feed.items.has(refused));
    },
    {},
    {},
    log,
  );
});

test("a registry that becomes one of another kind is not synced before the new kind has listed", async () => {
  await withWorker(async (worker) => {
    const { supervisor, settings } = worker;
    const another = new URL(`${scriptedSession.href}?another-kind`);
    supervisor.replace({ id: scriptedRegistry, session: another, settings: { channel: settings.channel } });
    const { phase, synced } = supervisor.status(scriptedRegistry) ?? {};
    assert.deepEqual([phase, synced], ["starting", false]);
    const mark = worker.feed.mark();
    supervisor.replace({ id: scriptedRegistry, session: another, settings: { ...settings, items: [a] } });
    await worker.feed.until("the new kind has listed", () => worker.feed.since(mark).some(({ type }) => type === "listed"));
    assert.equal(supervisor.status(scriptedRegistry)?.restarts, 0);
    assert.deepEqual(
      worker.feed.since(mark).flatMap((event) => (event.type === "upsert" ? event.id : [])),
      [itemId(a)],
    );
  });
});

test("a worker is told what is known from those before it", async () => {
  const told: unknown[] = [];
  const log = { ...silentLogger, info: (fields: object, message: string) => message.startsWith("what earlier") && told.push(fields) };
  const heard = (worker: ScriptedWorker, item: ReturnType<typeof serviceItem>) => {
    worker.tell({ do: "known" });
    worker.tell({ do: "changed", items: [item] });
    return worker.feed.until("the answer", () => worker.feed.items.has(itemId(item)));
  };
  await withWorker(
    async (worker) => {
      await heard(worker, serviceItem("first"));
      worker.tell({ do: "exit" });
      await worker.lost(/ended/);
      await worker.live();
      await heard(worker, serviceItem("second"));
    },
    {},
    {},
    log,
  );
  const registry = scriptedRegistry;
  assert.deepEqual(told, [
    { registry, known: [] },
    { registry, known: [a, b, serviceItem("first")].map(itemId) },
  ]);
});

test("a registry that was listed goes on only when what it told is worked off, and sends the newest of each item then", async () => {
  await withWorker(async (worker) => {
    const waiting: (() => void)[] = [];
    worker.supervisor.follow({ whenWorkedOff: (callback) => waiting.push(callback) });
    const mark = worker.feed.mark();
    const upserts = () => worker.feed.since(mark).filter(({ type }) => type === "upsert").length;
    worker.tell({ do: "flood", changes: 20_000, services: 200 });
    await worker.feed.until("its credit is used up", () => upserts() === 3 * 32);
    // Its next heartbeats come behind whatever else it would have sent.
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.deepEqual([upserts(), waiting.length], [3 * 32, 3]);
    worker.supervisor.follow({ whenWorkedOff: (callback) => callback() });
    for (const callback of waiting) callback();
    const newest = Array.from({ length: 200 }, (_, at) => serviceItem(`flood-${at}`, 19_800 + at));
    await worker.feed.until("the last words", () => newest.every((item) => worker.feed.items.get(itemId(item)) === JSON.stringify(item)));
    assert.ok(upserts() <= 1_000, `${upserts()} changes`);
  });
});

test("a registry's own limits hold for its worker alone", async () => {
  const limits: number[] = [];
  const host: WorkerHost = {
    start(_start, { oldGenerationMb }) {
      limits.push(oldGenerationMb);
      return { post() {}, terminate() {} };
    },
  };
  const supervisor = new Supervisor(new RecordingFeed(), silentLogger, { host, closeMs: 1, terminateMs: 1 });
  const spec = { session: scriptedSession, settings: {} };
  supervisor.add({ id: "small", ...spec, limits: { heapMb: 64, externalMb: 32 } });
  supervisor.add({ id: "plain", ...spec });
  assert.deepEqual(limits, [64, 512]);
  await supervisor.stop();
});
