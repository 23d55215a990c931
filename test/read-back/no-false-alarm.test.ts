/** Whatever changes, is pushed and acknowledged while istiod is asked: what it took is never reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { silentLogger } from "../../src/log/logger.ts";
import { Comparison } from "../../src/read-back/comparison.ts";
import type { Outcome } from "../../src/read-back/findings.ts";
import { ReadBack } from "../../src/read-back/read-back.ts";
import { createStore } from "../../src/snapshot/sharded-store.ts";
import { ownedTypes, type ResourceTable } from "../../src/snapshot/snapshot.ts";
import type { ClientIdentity } from "../../src/xds/stream/client.ts";
import { configzObject } from "../support/fake-configz.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { serviceEntries, serviceEntry } from "../support/xds-rig.ts";

type Step =
  | { readonly do: "change" | "remove"; readonly name: string }
  | { readonly do: "push" | "ack" | "answer" }
  | { readonly do: "wait"; readonly ms: number };

const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("change" as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), name }) },
  { weight: 3, arbitrary: fc.constant({ do: "push" as const }) },
  { weight: 3, arbitrary: fc.constant({ do: "ack" as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(100, 3_000, 20_000, 40_000) }) },
  { weight: 3, arbitrary: fc.constant({ do: "answer" as const }) },
);

/** An istiod that takes everything but what it refuses, and what is asked about it. */
function world(shards: number, refused: ReadonlySet<string>) {
  const clock = new VirtualClock();
  const store = createStore(shards, { log: silentLogger });
  let question: { tables: readonly ResourceTable[]; resolve: (outcome: Outcome) => void } | undefined;
  const readBack = new ReadBack({
    source: store,
    settings: { enabled: true, ports: [1], after: 10_000, interval: 60_000 },
    log: silentLogger,
    clock,
    random: () => 0,
    ask: (tables) => {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      question = { tables, resolve };
      return { outcome: promise, cancel: () => resolve({ failure: "worker", detail: "cancelled" }) };
    },
  });
  const held = store.shards.map(() => new Map<string, string>());
  const unacknowledged = store.shards.map((): (() => void) | undefined => undefined);
  let revision = 0;

  const push = (shard: number): void => {
    if (unacknowledged[shard]) return;
    const client: ClientIdentity = { stream: shard + 1, peer: "p", nodeId: "istiod", kind: "istiod", shard };
    const answers = ownedTypes.map((type) => {
      const table = store.shards[shard]!.current().table(type);
      const event = { client, type, version: table.digest, bytes: 0, resources: 0, seenAt: undefined, msSincePush: 0 };
      readBack.observer.onPush(event);
      return { table, acknowledge: () => readBack.observer.onAck(event) };
    });
    const { table } = answers.find(({ table: { type } }) => type === serviceEntries)!;
    const state = held[shard]!;
    for (const known of [...state.keys()]) if (!table.get(known)) state.delete(known);
    for (const entry of table.entries()) if (!refused.has(entry.name)) state.set(entry.name, entry.version);
    unacknowledged[shard] = () => {
      for (const { acknowledge } of answers) acknowledge();
    };
  };
  const acknowledge = (shard: number): void => {
    unacknowledged[shard]?.();
    unacknowledged[shard] = undefined;
  };
  const answer = async (): Promise<void> => {
    if (!question) return;
    const { tables, resolve } = question;
    question = undefined;
    const types = ownedTypes.map((type) => {
      const entries = tables.filter((table) => table.type === type).flatMap((table) => [...table.entries()]);
      return [type, new Map(entries.map((entry) => [entry.name, entry.version]))] as const;
    });
    const comparison = new Comparison(new Map(types), 100);
    for (const [object, version] of held.flatMap((state) => [...state])) comparison.saw(configzObject(object, version));
    resolve({ port: 1, bytes: 1, objects: 1, ...comparison.finish() });
    await turn();
  };
  const all = (each: (shard: number) => void): void => store.shards.forEach((_, shard) => void each(shard));
  const run = async (next: Step): Promise<void> => {
    if (next.do === "change") store.publish({ upserts: [serviceEntry(next.name, ++revision)] });
    else if (next.do === "remove") store.publish({ removals: [{ type: serviceEntries, name: `tributary/${next.name}` }] });
    else if (next.do === "push") all(push);
    else if (next.do === "ack") all(acknowledge);
    else if (next.do === "wait") clock.advance(next.ms);
    else await answer();
  };
  return { store, readBack, run };
}

/** istiod is connected and has acknowledged something. */
const begin: readonly Step[] = [{ do: "change", name: "a" }, { do: "change", name: "b" }, { do: "push" }, { do: "ack" }];

/** Lets everything come to rest, so that what remains must have been found. */
const rest: readonly Step[] = [
  ...Array.from({ length: 2 }, (): Step[] => [{ do: "ack" }, { do: "push" }, { do: "ack" }]).flat(),
  ...Array.from({ length: 3 }, (): Step[] => [{ do: "wait", ms: 40_000 }, { do: "wait", ms: 40_000 }, { do: "answer" }]).flat(),
];

test("what istiod took is never said to be different, and what it refused is found in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60, size: "max" }),
      fc.constantFrom(1, 3),
      fc.subarray(["a", "b"]),
      async (steps, shards, refusing) => {
        const refused = new Set(refusing.map((one) => `tributary/${one}`));
        const { store, readBack, run } = world(shards, refused);
        for (const next of [...begin, ...steps, ...rest]) {
          await run(next);
          for (const entry of store.current().table(serviceEntries).entries()) {
            const known = readBack.view.resource(serviceEntries, entry.name);
            if (known?.state !== "unknown") assert.equal(known?.state, refused.has(entry.name) ? "missing" : "accepted", entry.name);
          }
          const { counts } = readBack.view.summary();
          assert.deepEqual(
            counts.filter(({ state, count }) => count > 0 && (state === "extra" || state === "other-version")),
            [],
          );
        }
        for (const entry of store.current().table(serviceEntries).entries()) {
          assert.equal(readBack.view.resource(serviceEntries, entry.name)?.state, refused.has(entry.name) ? "missing" : "accepted");
        }
        readBack.close();
      },
    ),
    {
      numRuns: 200,
      // Pushed, taken back before it was acknowledged: what is served equals again what was acknowledged.
      examples: [
        [[{ do: "change", name: "f" }, { do: "push" }, { do: "remove", name: "f" }, { do: "wait", ms: 20_000 }, { do: "answer" }], 1, []],
        // A shard that was empty when it was acknowledged, beside another one that still is.
        [[{ do: "remove", name: "a" }, { do: "push" }, { do: "change", name: "a" }, { do: "ack" }, { do: "wait", ms: 40_000 }], 3, ["a"]],
      ],
    },
  );
});
