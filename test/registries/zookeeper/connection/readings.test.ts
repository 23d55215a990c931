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
