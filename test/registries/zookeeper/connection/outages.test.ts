/** Every way in which the client library of others was seen to fail in an outage (`docs/decisions/0013`): ours must not. */
import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { eventType, op } from "../../../support/fake-zookeeper/protocol.ts";
import type { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import type { RecordedSession } from "../../../support/recorded-session.ts";
import { TcpProxy } from "../../../support/tcp-proxy.ts";
import { fakeServer, nothingLost, open, orders, register, waits } from "./session-rig.ts";

const users = "com.acme.Users";

interface Listed {
  readonly fake: FakeZooKeeper;
  readonly proxy: TcpProxy;
  readonly recorded: RecordedSession;
}

/** A session that has listed one service, with a proxy between it and the server. */
async function listed(context: TestContext): Promise<Listed> {
  const fake = await fakeServer(context);
  register(fake, orders, "10.0.0.1");
  const proxy = await TcpProxy.start(fake.port);
  context.after(() => proxy.close());
  const recorded = open(context, [proxy.port]);
  await recorded.synced();
  return { fake, proxy, recorded };
}

/** Everything works as before: what changed meanwhile is there, later changes arrive, nothing was lost. */
async function recovered({ fake, recorded }: Listed): Promise<void> {
  await recorded.until("what changed meanwhile", () => recorded.instances(orders)?.length === 2);
  register(fake, users, "10.0.0.1");
  await recorded.until("a later change", () => recorded.instances(users)?.length === 1);
  nothingLost(recorded);
}

suite("an outage", { concurrency: true }, () => {
  for (const [what, longerThanSession] of [
    ["shorter than the session", false],
    ["longer than the session, which the server then restores", true],
  ] as const) {
    test(`of a killed server, ${what}`, async (context) => {
      const all = await listed(context);
      const { fake, recorded } = all;
      const sessions = [...fake.sessions];
      await fake.shutDown();
      await recorded.until("the loss", () => recorded.count("unreachable") > 0);
      // The waits between these are more than the session's 0.9 s.
      if (longerThanSession) await recorded.until("five attempts", () => waits(recorded).length >= 6);
      register(fake, orders, "10.0.0.2");
      await fake.listen();
      await recovered(all);
      assert.ok(
        fake.sessions.some((id) => !sessions.includes(id)),
        "the new session is a new one",
      );
    });
  }

  test("of the network, shorter than the session: what changed meanwhile is seen at once", async (context) => {
    const all = await listed(context);
    const { fake, proxy, recorded } = all;
    await proxy.set("refuse");
    await recorded.until("a refused attempt", () => /ECONNREFUSED/.test(recorded.last("unreachable")?.text ?? ""));
    register(fake, orders, "10.0.0.2");
    await proxy.set("pass");
    await recovered(all);
  });

  test("of the network, longer than the session: it has expired, and nobody has to be told", async (context) => {
    const all = await listed(context);
    const { fake, proxy, recorded } = all;
    await proxy.set("refuse");
    await recorded.until("the session's end", () => fake.sessions.length === 0);
    register(fake, orders, "10.0.0.2");
    await proxy.set("pass");
    await recovered(all);
  });

  test("in which the server is suspended is noticed within two thirds of the time-out, and over when it is resumed", async (context) => {
    const all = await listed(context);
    const { fake, recorded } = all;
    const begin = performance.now();
    fake.behaviour = "mute";
    await recorded.until("the doubt", () => recorded.count("unreachable") > 0);
    assert.ok(performance.now() - begin < 600 + 250);
    register(fake, orders, "10.0.0.2");
    fake.behaviour = "normal";
    await recovered(all);
  });

  test("leaves no request without an end", async (context) => {
    const all = await listed(context);
    const { fake, recorded } = all;
    fake.answer = ({ path }) => (path.startsWith("/dubbo/") ? "silence" : undefined);
    recorded.session.relist();
    await recorded.until("a listing is under way", () => fake.requests.filter(({ path }) => path.startsWith("/dubbo/")).length > 1);
    fake.disconnectAll();
    await recorded.until("its end", () => recorded.count("abandon") === 1);
    fake.answer = undefined;
    register(fake, orders, "10.0.0.2");
    await recovered(all);
  });

  for (const watches of ["auto", "one-shot"]) {
    test(`costs one connection and no request that grows with the watches (${watches})`, async (context) => {
      const fake = await fakeServer(context);
      // As 20,000 watches would be to a real one.
      fake.maxFrame = 2_000;
      for (let at = 0; at < 100; at++) register(fake, `com.acme.S${at}`, "10.0.0.1");
      const recorded = open(context, [fake.port], { watches });
      await recorded.synced();
      fake.disconnectAll();
      await recorded.synced(2);
      assert.equal(fake.accepted, 2);
      assert.ok(!fake.requests.some(({ type }) => type === op.setWatches));
      register(fake, "com.acme.S7", "10.0.0.2");
      await recorded.until("a change", () => recorded.instances("com.acme.S7")?.length === 2);
    });
  }

  test("without a quorum, where servers accept and hang up, lets nothing pile up", async (context) => {
    const { fake, recorded } = await listed(context);
    fake.behaviour = "hang-up";
    fake.disconnectAll();
    await recorded.until("four attempts", () => waits(recorded).length >= 5);
    const before = fake.requests.length;
    fake.behaviour = "normal";
    await recorded.synced(2);
    assert.deepEqual(
      fake.requests.slice(before).flatMap(({ type, path }) => (path === "/services" ? [] : type)),
      [op.sync, op.addWatch, op.getChildren, op.multiRead, op.getChildren],
      "one listing, however long it lasted",
    );
  });

  test("is not made by an event of a kind that nobody knows, nor by one about nothing that is followed", async (context) => {
    const all = await listed(context);
    const { fake, recorded } = all;
    for (const type of [5, 6, 99, -7, eventType.dataChanged]) fake.fire(type, `/dubbo/${orders}/providers`);
    fake.fire(eventType.created, "/elsewhere");
    fake.fire(-1, "");
    register(fake, orders, "10.0.0.2");
    await recovered(all);
    assert.equal(recorded.count("unreachable"), 0);
  });
});
