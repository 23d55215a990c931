import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { BroadcastChannel } from "node:worker_threads";
import { defaultSupervisorOptions } from "../../../src/registries/supervision/supervisor-options.ts";
import { prepareThread, threadHost } from "../../../src/registries/supervision/thread-host.ts";
import type { FromWorker, WorkerStart } from "../../../src/registries/supervision/worker-messages.ts";
import { scriptedSession } from "../../support/scripted-session.ts";

const { heap } = defaultSupervisorOptions;

function startOf(registry: string, channel: string): WorkerStart {
  const session = { session: 1, registry, module: scriptedSession.href, settings: { channel, items: [] }, known: [] };
  return { worker: { beatMs: 1_000, logLevel: "info", givesWay: false }, sessions: [session] };
}

function isStarted(message: FromWorker): boolean {
  return message.type === "said" && message.word.type === "started";
}

test("a thread made ready beforehand serves the first registry that starts, a new one the next", async () => {
  prepareThread(heap);
  for (const name of ["first", "second"]) {
    const channel = new BroadcastChannel(`thread-host-${name}`);
    const told = Promise.withResolvers<string>();
    const ended = Promise.withResolvers<string>();
    const start = startOf(name, channel.name);
    const worker = threadHost.start(start, heap, {
      message: (message) => isStarted(message) && told.resolve("started"),
      exit: ended.resolve,
    });
    assert.equal(await told.promise, "started", name);
    worker.terminate();
    await ended.promise;
    channel.close();
  }
});

test("a thread that nobody needs keeps no process alive", async () => {
  const program = `
    import { prepareThread } from ${JSON.stringify(new URL("../../../src/registries/supervision/thread-host.ts", import.meta.url).href)};
    prepareThread(${JSON.stringify(heap)});
  `;
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { timeout: 10_000 });
});

test("a thread that ended before anybody needed it is not taken for one that is ready", async () => {
  await prepareThread(heap)?.terminate();
  const channel = new BroadcastChannel("thread-host-dead");
  const told = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<string>();
  const start = startOf("r", channel.name);
  const worker = threadHost.start(start, heap, {
    message: (message) => isStarted(message) && told.resolve("started"),
    exit: ended.resolve,
  });
  const silence = new Promise((resolve) => setTimeout(resolve, 1_500, "nothing").unref());
  assert.equal(await Promise.race([told.promise, silence]), "started");
  worker.terminate();
  await ended.promise;
  channel.close();
});
