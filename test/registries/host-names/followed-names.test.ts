import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, suite, test } from "node:test";
import { FollowedNames } from "../../../src/registries/host-names/followed-names.ts";
import type { NameAnswer } from "../../../src/registries/host-names/name-resolver.ts";

/** Names whose look-ups are answered by hand. */
function setUp() {
  const asked: string[] = [];
  const open = new Map<string, { resolve(answer: NameAnswer): void; reject(error: Error): void }>();
  const told: string[] = [];
  const names = new FollowedNames(
    (name) => {
      asked.push(name);
      const { promise, resolve, reject } = Promise.withResolvers<NameAnswer>();
      open.set(name, { resolve, reject });
      return promise;
    },
    {
      changed: (name) => told.push(`${name} ${names.state(name)?.addresses.join(" ")}`),
      failed: (name, reason) => told.push(`${name} failed: ${reason}`),
    },
  );
  /** Answers the question about a name; `undefined`: it cannot be told. */
  const answer = async (name: string, addresses: readonly string[] | undefined, ttl = 30_000): Promise<void> => {
    const question = open.get(name);
    open.delete(name);
    if (addresses) question?.resolve({ addresses, ttl });
    else question?.reject(new Error("SERVFAIL"));
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  };
  return { names, asked, told, answer };
}

suite("names that are followed", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  test("are asked for at once, and again when the answer no longer holds", async () => {
    const { names, asked, told, answer } = setUp();
    names.follow("a");
    await answer("a", ["10.0.0.1"], 20_000);
    mock.timers.tick(15_999);
    assert.deepEqual(asked, ["a"]);
    mock.timers.tick(4_001);
    assert.deepEqual(asked, ["a", "a"]);
    await answer("a", ["10.0.0.2"]);
    assert.deepEqual(told, ["a 10.0.0.1", "a 10.0.0.2"]);
  });

  test("tell nothing when the answer is the same", async () => {
    const { names, told, answer } = setUp();
    names.follow("a");
    await answer("a", ["10.0.0.1"]);
    mock.timers.tick(30_000);
    await answer("a", ["10.0.0.1"]);
    assert.deepEqual(told, ["a 10.0.0.1"]);
  });

  for (const [what, ttl, least, most] of [
    ["no time at all", 0, 8_000, 10_000],
    ["a day", 86_400_000, 48_000, 60_000],
  ] as const) {
    test(`are asked for in sensible intervals where an answer holds for ${what}`, async () => {
      const { names, asked, answer } = setUp();
      names.follow("a");
      await answer("a", ["10.0.0.1"], ttl);
      mock.timers.tick(least - 1);
      assert.equal(asked.length, 1);
      mock.timers.tick(most - least + 1);
      assert.equal(asked.length, 2);
    });
  }

  for (const [outage, answered] of [
    ["cannot be told", undefined],
    ["do not exist", []],
  ] as const) {
    test(`keep their addresses while they ${outage}, and are asked for ever more rarely`, async () => {
      const { names, asked, told, answer } = setUp();
      names.follow("a");
      await answer("a", ["10.0.0.1"]);
      mock.timers.tick(30_000);
      await answer("a", answered);
      assert.deepEqual(names.state("a")?.addresses, ["10.0.0.1"]);
      const reason = answered ? "there is no such name" : "SERVFAIL";
      assert.deepEqual(told, ["a 10.0.0.1", `a failed: ${reason}`]);
      for (let attempt = 0; attempt < 10; attempt++) {
        mock.timers.tick(Math.min(60_000, 1_000 * 2 ** attempt));
        assert.equal(asked.length, attempt + 3);
        await answer("a", answered);
      }
      mock.timers.tick(29_999);
      assert.equal(asked.length, 12);
    });
  }

  test("tell apart what was tried and what was answered", async () => {
    const { names, answer } = setUp();
    names.follow("a");
    assert.deepEqual(names.state("a"), { addresses: [], tried: false, answered: false });
    assert.equal(names.untried, 1);
    await answer("a", undefined);
    assert.deepEqual(names.state("a"), { addresses: [], tried: true, answered: false });
    assert.equal(names.untried, 0);
    mock.timers.tick(1_000);
    await answer("a", []);
    assert.deepEqual(names.state("a"), { addresses: [], tried: true, answered: true });
  });

  test("are remembered for ten minutes after their last user left, and asked for anew when another comes", async () => {
    const { names, asked, told, answer } = setUp();
    names.follow("a");
    await answer("a", ["10.0.0.1"]);
    names.release("a");
    mock.timers.tick(9 * 60_000);
    assert.deepEqual(asked, ["a"]);
    names.follow("a");
    assert.deepEqual(names.state("a"), { addresses: ["10.0.0.1"], tried: false, answered: true });
    await answer("a", undefined);
    assert.deepEqual(names.state("a"), { addresses: ["10.0.0.1"], tried: true, answered: true });
    assert.deepEqual(told, ["a 10.0.0.1", "a failed: SERVFAIL", "a 10.0.0.1"]);
    names.release("a");
    mock.timers.tick(10 * 60_000);
    assert.equal(names.state("a"), undefined);
    assert.deepEqual(asked, ["a", "a"]);
  });

  test("give way, where only remembered, to names that are used", async () => {
    const { names, answer } = setUp();
    names.follow("a");
    await answer("a", ["10.0.0.1"]);
    names.release("a");
    for (let at = 1; at < 10_000; at++) names.follow(`n${at}`);
    assert.equal(names.follow("one-more"), true);
    assert.equal(names.state("a"), undefined);
    assert.equal(names.follow("two-more"), false);
  });

  test("without an address are forgotten with their last user, whatever is on its way", async () => {
    const { names, asked, told, answer } = setUp();
    names.follow("a");
    names.follow("a");
    names.release("a");
    assert.notEqual(names.state("a"), undefined);
    names.release("a");
    assert.equal(names.untried, 0);
    await answer("a", ["10.0.0.1"]);
    assert.deepEqual(told, []);
    assert.equal(names.state("a"), undefined);
    mock.timers.tick(100_000);
    assert.deepEqual(asked, ["a"]);
  });

  test("are asked for a few at a time", async () => {
    const { names, asked, answer } = setUp();
    for (let at = 0; at < 100; at++) names.follow(`n${at}`);
    assert.equal(asked.length, 32);
    await answer("n0", ["10.0.0.1"]);
    await answer("n1", undefined);
    assert.equal(asked.length, 34);
  });

  test("are not endlessly many", () => {
    const { names } = setUp();
    for (let at = 0; at < 10_000; at++) assert.equal(names.follow(`n${at}`), true);
    assert.equal(names.follow("one-more"), false);
    assert.equal(names.follow("n0"), true);
    assert.equal(names.state("one-more"), undefined);
  });

  test("are left alone once stopped", async () => {
    const { names, asked, told, answer } = setUp();
    names.follow("a");
    names.follow("b");
    await answer("b", ["10.0.0.1"]);
    names.stop();
    await answer("a", ["10.0.0.1"]);
    mock.timers.tick(100_000);
    assert.deepEqual(asked, ["a", "b"]);
    assert.deepEqual(told, ["b 10.0.0.1"]);
  });
});
