import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { op } from "../../../support/fake-zookeeper/protocol.ts";
import type { Fault } from "../../../support/fake-zookeeper/server.ts";
import { TcpProxy } from "../../../support/tcp-proxy.ts";
import { fakeServer, nothingLost, open, orders, register, waits } from "./session-rig.ts";

suite("a session under faults", { concurrency: true }, () => {
  test("passes over a first server that accepts and says nothing", async (context) => {
    context.mock.method(Math, "random", () => 0.999);
    const mute = await fakeServer(context);
    mute.behaviour = "mute";
    const good = await fakeServer(context);
    register(good, orders, "10.0.0.1");
    const recorded = open(context, [mute.port, good.port]);
    await recorded.synced();
    assert.deepEqual(recorded.instances(orders), ["dubbo://10.0.0.1:20880"]);
    assert.match(recorded.last("unreachable")?.text ?? "", /no answer to the greeting within 300 ms/);
    assert.equal(mute.accepted, 1);
  });

  test("notices a black hole within two thirds of its time-out, and lists anew behind it", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    const proxy = await TcpProxy.start(fake.port);
    context.after(() => proxy.close());
    const recorded = open(context, [proxy.port]);
    await recorded.synced();
    await proxy.set("black-hole");
    const begin = performance.now();
    await recorded.until("the doubt", () => recorded.count("unreachable") > 0);
    const took = performance.now() - begin;
    assert.ok(took < 600 + 250, `${took} ms`);
    assert.match(recorded.last("unreachable")?.text ?? "", /nothing heard for 600 ms/);
    register(fake, orders, "10.0.0.2");
    proxy.disconnectAll();
    await proxy.set("pass");
    await recorded.until("what came meanwhile", () => recorded.instances(orders)?.length === 2);
    nothingLost(recorded);
  });

  test("notices silence as soon with a server that grants a longer time-out", async (context) => {
    const fake = await fakeServer(context);
    fake.minSessionTimeout = 2_147_483_647;
    register(fake, orders, "10.0.0.1");
    const recorded = open(context, [fake.port]);
    await recorded.synced();
    fake.behaviour = "mute";
    await recorded.until("the doubt", () => recorded.count("unreachable") > 0);
    assert.match(recorded.last("unreachable")?.text ?? "", /nothing heard for 600 ms/);
  });

  test("opens a new one when it expires", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    const recorded = open(context, [fake.port]);
    await recorded.synced();
    fake.expire(fake.sessions[0] as bigint);
    await recorded.synced(2);
    register(fake, orders, "10.0.0.2");
    await recorded.until("a change in the new session", () => recorded.instances(orders)?.length === 2);
    nothingLost(recorded);
  });

  const faults: [fault: Fault, reason: RegExp][] = [
    [-127, /THROTTLED_OP \(-127\) at /],
    [-1, /SYSTEM_ERROR/],
    [-118, /SESSION_MOVED \(-118\) at /],
    [-999, /ERROR \(-999\) at /],
    ["garbage", /cannot be understood/],
    ["endless", /cannot be understood: a frame of 2147483647 bytes/],
    ["cut", /closed the connection/],
    ["close", /closed the connection/],
    ["silence", /no answer about \/dubbo\/com\.acme\.\w+\/providers for \d+ ms/],
  ];
  for (const [fault, reason] of faults) {
    test(`a reading answered by ${fault} ends the session only, and removes nothing`, async (context) => {
      const fake = await fakeServer(context);
      for (const name of [orders, "com.acme.Users", "com.acme.Items"]) register(fake, name, "10.0.0.1");
      const recorded = open(context, [fake.port]);
      await recorded.synced();
      let faulty = true;
      fake.answer = ({ type, path }) => (faulty && type === op.getChildren && path.startsWith("/dubbo/com.acme.Users") ? fault : undefined);
      recorded.session.relist();
      await recorded.until("the doubt", () => recorded.count("unreachable") > 0);
      assert.match(recorded.told.find(({ what }) => what === "unreachable")?.text ?? "", reason);
      assert.ok(recorded.count("abandon") > 0);
      assert.equal(recorded.count("commit"), 1);
      faulty = false;
      await recorded.synced(2);
      nothingLost(recorded);
      assert.equal(recorded.view.size, 3);
    });
  }

  test("has a bounded number of requests on their way, and a server that answers none of them is no contact", async (context) => {
    const fake = await fakeServer(context);
    fake.recursiveWatches = false;
    for (let at = 0; at < 50; at++) register(fake, `com.acme.Many${at}`, "10.0.0.1");
    const isProviders = ({ type, path }: { type: number; path: string }) => type === op.getChildren && path.endsWith("/providers");
    fake.answer = (request) => (isProviders(request) ? "silence" : undefined);
    const recorded = open(context, [fake.port], { maxInFlight: 5 });
    await recorded.until("the doubt", () => recorded.count("unreachable") > 0);
    assert.equal(fake.requests.filter(isProviders).length, 5);
    assert.equal(recorded.count("contact"), 0);
  });

  test("waits ever longer between sessions that are established and lost", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    fake.answer = ({ type }) => (type === op.getChildren ? "close" : undefined);
    const recorded = open(context, [fake.port]);
    await recorded.until("four losses", () => recorded.count("unreachable") >= 4);
    for (const [at, wait] of waits(recorded).entries()) {
      const full = 200 * 2 ** at;
      assert.ok(wait >= full / 2 - 1 && wait <= full + 1, `loss ${at}: ${wait} ms`);
    }
  });

  test("does not spin while servers accept and hang up, and is quick when they serve again", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    fake.behaviour = "hang-up";
    const recorded = open(context, [fake.port]);
    await recorded.until("four attempts", () => recorded.count("unreachable") >= 4);
    for (const [at, wait] of waits(recorded).entries()) {
      const full = Math.min(1_000, 200 * 2 ** at);
      assert.ok(wait >= full / 2 - 1 && wait <= full + 1, `attempt ${at}: ${wait} ms`);
    }
    fake.behaviour = "normal";
    await recorded.synced();
  });

  test("a server that was away is found again, on the same port", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    const recorded = open(context, [fake.port]);
    await recorded.synced();
    await fake.shutDown();
    await recorded.until("a refused attempt", () => /ECONNREFUSED/.test(recorded.last("unreachable")?.text ?? ""));
    await fake.listen();
    await recorded.synced(2);
    nothingLost(recorded);
  });

  test("says that it may not read, and asks again slowly", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    fake.protect("/dubbo", "app:secret");
    const recorded = open(context, [fake.port], { auth: { user: "app", password: "wrong" } });
    await recorded.until("the refusal", () => recorded.count("unreachable") > 0);
    assert.match(recorded.last("unreachable")?.text ?? "", /NO_AUTH \(-102\) at \/dubbo/);
    const wait = recorded.last("log")?.fields?.retryInMs;
    assert.ok(typeof wait === "number" && wait >= 2_500, `${wait} ms`);
    assert.equal(recorded.count("commit"), 0);
  });

  test("authenticates before it asks for anything", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    fake.protect("/dubbo", "app:secret");
    const recorded = open(context, [fake.port], { auth: { user: "app", password: "secret" } });
    await recorded.synced();
    assert.deepEqual(recorded.instances(orders), ["dubbo://10.0.0.1:20880"]);
    assert.equal(recorded.count("unreachable"), 0);
    assert.equal(fake.requests[0]?.type, op.auth);
  });

  test("a part that it may not read costs only itself", async (context) => {
    const fake = await fakeServer(context);
    register(fake, orders, "10.0.0.1");
    register(fake, "com.acme.Secret", "10.0.0.2");
    fake.protect("/dubbo/com.acme.Secret", "app:secret");
    const recorded = open(context, [fake.port]);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], ["service/||com.acme.Orders|"]);
    assert.deepEqual(
      recorded.problems.map(({ code, where }) => [code, where]),
      [["no-permission", "/dubbo/com.acme.Secret/providers"]],
    );
  });

  test("proves contact with every answered ping", async (context) => {
    const fake = await fakeServer(context);
    const recorded = open(context, [fake.port]);
    await recorded.synced();
    await recorded.until("two pings", () => recorded.count("contact") >= 2);
  });

  test("ends its session at the server when it is closed", async (context) => {
    const fake = await fakeServer(context);
    const recorded = open(context, [fake.port]);
    await recorded.synced();
    assert.equal(fake.sessions.length, 1);
    await recorded.session.close();
    assert.equal(fake.sessions.length, 0);
    assert.equal(recorded.count("unreachable"), 0);
  });

  test("can be closed while a server is mute", async (context) => {
    const fake = await fakeServer(context);
    fake.behaviour = "mute";
    const recorded = open(context, [fake.port], { connectTimeout: "10m" });
    const begin = performance.now();
    await recorded.session.close();
    assert.ok(performance.now() - begin < 1_000);
  });
});
