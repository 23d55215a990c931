import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Readings } from "../../../../src/registries/zookeeper/connection/readings.ts";

/** A reading that takes until it is let go. */
function held() {
  const waiting: PromiseWithResolvers<void>[] = [];
  return {
    started: () => waiting.length,
    read(): Promise<void> {
      const reading = Promise.withResolvers<void>();
      waiting.push(reading);
      return reading.promise;
    },
    async end(at: number, error?: Error): Promise<void> {
      if (error) waiting[at]!.reject(error);
      else waiting[at]!.resolve();
      await new Promise(setImmediate);
    },
  };
}

suite("readings by name", () => {
  test("are joined: many calls during one cost one more", async () => {
    const readings = new Readings();
    const { started, read, end } = held();
    const all = Promise.all(Array.from({ length: 5 }, () => readings.run("a", read)));
    assert.equal(started(), 1, "starts at once");
    await end(0);
    assert.equal(started(), 2);
    await end(1);
    await all;
    assert.equal(started(), 2);
    readings.run("a", read);
    assert.equal(started(), 3);
  });

  test("of different names do not wait for each other", async () => {
    const readings = new Readings();
    const { started, read, end } = held();
    readings.run("a", read);
    const second = readings.run("b", read);
    assert.equal(started(), 2);
    await end(1);
    await second;
  });

  test("are made together, but for those that are under way, and again alone where they were asked for meanwhile", async () => {
    const readings = new Readings();
    const { started, read, end } = held();
    const alone: string[] = [];
    const readAlone = (name: string) => {
      alone.push(name);
      return read;
    };
    readings.run("a", read);
    let together: readonly string[] = [];
    const all = readings.runTogether(
      ["a", "b", "c"],
      (names) => {
        together = names;
        return read();
      },
      readAlone,
    );
    assert.deepEqual(together, ["b", "c"]);
    const joined = readings.run("b", read);
    assert.equal(readings.again("c"), true);
    assert.equal(started(), 2);
    await end(1);
    assert.equal(started(), 4, "b and c alone");
    assert.deepEqual(alone, ["a", "b", "c"]);
    await end(0);
    assert.equal(started(), 5, "a once more");
    for (const at of [2, 3, 4]) await end(at);
    await Promise.all([all, joined]);
    for (const name of ["a", "b", "c"]) assert.equal(readings.again(name), false);
  });

  test("made together fail together, and the next one starts anew", async () => {
    const readings = new Readings();
    const { started, read, end } = held();
    const failed = assert.rejects(
      readings.runTogether(["a", "b"], read, () => read),
      /broken/,
    );
    await end(0, new Error("broken"));
    await failed;
    readings.run("a", read);
    assert.equal(started(), 2);
    await end(1);
  });

  test("that fail fail every caller, and the next one starts anew", async () => {
    const readings = new Readings();
    const { started, read, end } = held();
    const calls = [readings.run("a", read), readings.run("a", read)].map((call) => assert.rejects(call, /broken/));
    await end(0, new Error("broken"));
    await Promise.all(calls);
    const next = readings.run("a", read);
    assert.equal(started(), 2);
    await end(1);
    await next;
  });
});
