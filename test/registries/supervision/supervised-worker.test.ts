import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { SupervisedWorker } from "../../../src/registries/supervision/supervised-worker.ts";
import { defaultSupervisorOptions } from "../../../src/registries/supervision/supervisor-options.ts";
import type { WorkerEvents } from "../../../src/registries/supervision/worker-host.ts";
import type { FromSession, FromWorker, ToWorker } from "../../../src/registries/supervision/worker-messages.ts";

beforeEach(() => mock.timers.enable({ apis: ["setInterval", "setTimeout"] }));
afterEach(() => mock.timers.reset());

/** A worker that is nothing but its two ends. */
function supervised() {
  let events: WorkerEvents | undefined;
  const posted: ToWorker[] = [];
  const heard: FromSession[] = [];
  const ended: string[] = [];
  let terminated = 0;
  const worker = new SupervisedWorker(
    { sessions: [], worker: { beatMs: 1_000, logLevel: "info", givesWay: false } },
    {
      ...defaultSupervisorOptions,
      host: {
        start(_start, _limits, given) {
          events = given;
          return { post: (message) => posted.push(message), terminate: () => terminated++ };
        },
      },
    },
    { said: (_session, word) => heard.push(word), log() {}, ended: (reason) => ended.push(reason) },
  );
  const say = (message: FromWorker) => events?.message(message);
  const beat = (external = 0) => say({ type: "beat", heap: 1, external });
  return { worker, posted, heard, ended, say, beat, exit: (reason: string) => events?.exit(reason), terminated: () => terminated };
}

const contact: FromWorker = { type: "said", session: 1, word: { type: "contact", at: 1 } };

test("a worker whose heart beats lives on", () => {
  const { beat, terminated } = supervised();
  for (let second = 0; second < 3_600; second++) {
    mock.timers.tick(1_000);
    beat();
  }
  assert.equal(terminated(), 0);
});

test("a worker without a heartbeat is ended, even if it still talks", () => {
  const { say, terminated, exit, ended } = supervised();
  for (let second = 0; second < 10; second++) {
    mock.timers.tick(1_000);
    say(contact);
  }
  assert.equal(terminated(), 0);
  mock.timers.tick(1_000);
  assert.equal(terminated(), 1);
  exit("terminated");
  assert.deepEqual(ended, ["its worker hangs: no heartbeat for 11 s"]);
});

test("a worker that resists its end is given up, and not heard again", () => {
  const { worker, say, exit, ended, heard } = supervised();
  worker.kill("enough");
  assert.deepEqual(ended, []);
  mock.timers.tick(150);
  assert.deepEqual(ended, ["enough"]);
  say(contact);
  exit("at last");
  assert.deepEqual([heard, ended], [[], ["enough"]]);
});

test("memory outside the heap is watched", () => {
  const { beat, terminated, worker } = supervised();
  beat(512 * 1024 * 1024);
  assert.equal(terminated(), 0);
  assert.equal(worker.memory.external, 512 * 1024 * 1024);
  beat(513 * 1024 * 1024);
  assert.equal(terminated(), 1);
});

test("a session is asked to close, and has its time; whoever wants the worker's end says so", () => {
  const { worker, posted, say, heard, terminated } = supervised();
  worker.close(1);
  assert.deepEqual(posted, [{ type: "tell", session: 1, word: { type: "close" } }]);
  say({ type: "said", session: 1, word: { type: "closed" } });
  mock.timers.tick(800);
  assert.deepEqual([heard, terminated()], [[{ type: "closed" }], 0]);
});

test("a worker with a session that does not close in time is ended", () => {
  const { worker, terminated } = supervised();
  worker.close(1);
  worker.close(2);
  mock.timers.tick(799);
  assert.equal(terminated(), 0);
  mock.timers.tick(1);
  assert.equal(terminated(), 1);
});
