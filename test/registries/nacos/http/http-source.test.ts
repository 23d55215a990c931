import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { RequestRefused, SourceLost } from "../../../../src/registries/nacos/naming-source.ts";
import type { FakeVersion } from "../../../support/fake-nacos-http/routes.ts";
import type { FakeNacosHttp } from "../../../support/fake-nacos-http/server.ts";
import { addressesOf, orders, SourceRig, startFake } from "./source-rig.ts";

const one = { ip: "10.0.0.1", port: 80 };
const two = { ip: "10.0.0.2", port: 80 };

function put(fake: FakeNacosHttp, ...instances: { ip: string; port: number; clusterName?: string }[]): void {
  fake.state.put("public", orders.group, orders.name, instances);
}

function asked(fake: FakeNacosHttp, path: string): string[] {
  return fake.requests.filter((request) => request.includes(path));
}

suite("a source over HTTP", { concurrency: true }, () => {
  for (const version of ["1.4", "2.5", "3.0", "3.2"] satisfies FakeVersion[]) {
    test(`reads services and configurations of Nacos ${version}, and tells their changes`, async (context) => {
      const fake = await startFake(context, { version, users: { admin: { password: "x", admin: true } } });
      put(fake, one);
      fake.state.put("public", "blue", "orders", [two]);
      fake.state.put("public", "blue-green", "others", [two]);
      fake.state.putConfig("public", "mapping", "a.A", "shop");
      const rig = new SourceRig(context, fake, { auth: { user: "admin", password: "x", headers: {} } });
      await rig.established();
      assert.deepEqual(await rig.source.list("DEFAULT_GROUP"), [orders]);
      assert.deepEqual(await rig.source.list("blue"), [{ group: "blue", name: "orders" }]);
      assert.deepEqual(await rig.source.query({ group: "blue", name: "orders" }).then(addressesOf), ["10.0.0.2:80"]);
      assert.deepEqual(await rig.source.query({ group: "blue", name: "unknown" }).then(addressesOf), []);
      assert.equal(await rig.source.readConfig("a.A", "mapping"), "shop");
      assert.equal(await rig.source.readConfig("a.B", "mapping"), undefined);
      const first = await rig.source.subscribe(orders);
      assert.deepEqual(
        [first.namespace, first.group, first.name, addressesOf(first)],
        ["public", "DEFAULT_GROUP", "orders", ["10.0.0.1:80"]],
      );
      put(fake, one, two);
      await rig.until("changed", () => rig.changes.length > 0);
      assert.deepEqual(rig.addresses(), ["10.0.0.1:80", "10.0.0.2:80"]);
    });
  }

  test("reads every page of the names, and again if they changed meanwhile", async (context) => {
    const fake = await startFake(context);
    const names = Array.from({ length: 1_203 }, (_, number) => `service-${number}`);
    for (const name of names) fake.state.put("public", "g", name, []);
    const rig = new SourceRig(context, fake);
    await rig.established();
    let pages = 0;
    fake.fault = (path, parameters) => {
      if (path !== "/v1/ns/service/list") return undefined;
      // A name moves from a page that was not read to one that was.
      return ++pages === 2 ? { status: 200, body: { count: 1_203, doms: names.slice(501, 1_001) } } : void parameters;
    };
    const listed = await rig.source.list("g");
    assert.deepEqual(listed.map(({ name }) => name).sort(), names.toSorted());
    assert.equal(pages, 6);
  });

  test("of which a page fails is not a list at all", async (context) => {
    const fake = await startFake(context);
    for (let number = 0; number < 700; number++) fake.state.put("public", "g", `service-${number}`, []);
    const rig = new SourceRig(context, fake);
    await rig.established();
    fake.fault = (_, parameters) => (parameters.get("pageNo") === "2" ? { status: 500, body: "caused: broken" } : undefined);
    await assert.rejects(rig.source.list("g"), /service\/list: 500 caused: broken/);
  });

  test("asks for no more services at a time than it may, and for each when its time comes", async (context) => {
    const fake = await startFake(context);
    const rig = new SourceRig(context, fake, { maxInFlight: 3, pollInterval: 50 });
    await rig.established();
    const services = Array.from({ length: 20 }, (_, number) => ({ group: "g", name: `service-${number}` }));
    for (const service of services) fake.state.put("public", service.group, service.name, [one]);
    await Promise.all(services.map((service) => rig.source.subscribe(service)));
    fake.freeze();
    const before = fake.requests.length;
    await new Promise<void>((resolve) => setTimeout(resolve, 200));
    assert.ok(fake.requests.length - before <= 3, `${fake.requests.length - before} requests at a time`);
    fake.thaw();
    for (const service of services) fake.state.put("public", service.group, service.name, [two]);
    await rig.until("changed", () => new Set(rig.changes.map(({ name }) => name)).size === services.length);
  });

  test("logs in, and again when a token is no longer known, without anybody noticing", async (context) => {
    const fake = await startFake(context, { users: { reader: { password: "x" } }, tokenTtl: 1 });
    put(fake, one);
    const rig = new SourceRig(context, fake, { auth: { user: "reader", password: "x", headers: { "x-identity": "1" } } });
    await rig.established();
    await rig.source.subscribe(orders);
    await new Promise<void>((resolve) => setTimeout(resolve, 1_100));
    put(fake, two);
    await rig.until("changed", () => rig.changes.length > 0);
    assert.deepEqual([rig.addresses(), rig.doubt, rig.unreadable], [["10.0.0.2:80"], undefined, []]);
    assert.ok(asked(fake, "/v1/auth/login").length >= 2);
  });

  test("that is refused says so: a wrong password, or no right to list", async (context) => {
    const users = { reader: { password: "x" } };
    const wrong = new SourceRig(context, await startFake(context, { users }), { auth: { user: "reader", password: "y", headers: {} } });
    const { ending, reason } = await wrong.lost();
    assert.deepEqual(
      [ending, /login of reader failed: .*403 unknown user!; are user and password right\?/.test(reason)],
      ["refused", true],
    );
    const rig = new SourceRig(context, await startFake(context, { users, version: "3.2" }), {
      auth: { user: "reader", password: "x", headers: {} },
    });
    await rig.established();
    await assert.rejects(rig.source.list("g"), (error: Error) => {
      assert.ok(error instanceof RequestRefused);
      assert.equal(error.ending, "refused");
      assert.match(error.message, /\/v1\/ns\/service\/list: 404 No such path; \/v3\/admin\/ns\/service\/list: 403 authorization failed!/);
      return true;
    });
  });

  test("of a server that speaks no version of the API says which were tried and what each said", async (context) => {
    const fake = await startFake(context);
    fake.fault = (path) => ({
      status: path.startsWith("/v1") ? 410 : 404,
      body: path.startsWith("/v1") ? { message: "gone" } : "<html>no</html>",
    });
    const { ending, reason } = await new SourceRig(context, fake).lost();
    assert.equal(ending, "refused");
    assert.match(reason, /\/v1\/ns\/instance\/list: 410 gone; \/v3\/client\/ns\/instance\/list: 404 <html>no<\/html>/);
  });

  test("of a server that is still starting, or of another kind, waits for a better one", async (context) => {
    const fake = await startFake(context);
    fake.fault = () => ({ status: 503, body: "server is DOWN now, please try again later!" });
    const starting = await new SourceRig(context, fake).lost();
    assert.deepEqual([starting.ending, /503 server is DOWN now/.test(starting.reason)], ["unreachable", true]);
    fake.fault = () => ({ status: 200, body: "<html>a page</html>" });
    const other = await new SourceRig(context, fake).lost();
    assert.match(other.reason, /no JSON object: <html>a page/);
  });

  test("is lost when its server is gone, mute or frozen; and what is pending, with it", async (context) => {
    const fake = await startFake(context);
    put(fake, one);
    const rig = new SourceRig(context, fake);
    await rig.established();
    await rig.source.subscribe(orders);
    await fake.stop();
    const { ending, reason } = await rig.lost();
    assert.deepEqual([ending, /ECONNREFUSED|ECONNRESET|socket hang up/.test(reason)], ["broken", true]);
    await assert.rejects(rig.source.query(orders), SourceLost);
    assert.equal((await new SourceRig(context, fake).lost()).ending, "unreachable");
    await fake.start();
    const frozen = new SourceRig(context, fake, { requestTimeout: 300 });
    await frozen.established();
    fake.freeze();
    await assert.rejects(frozen.source.list("g"), SourceLost);
    assert.match((await frozen.lost()).reason, /no answer within 300 ms/);
  });

  test("notices a server that restarts between two readings", async (context) => {
    const fake = await startFake(context);
    put(fake, one);
    const rig = new SourceRig(context, fake, { pollInterval: 60_000, healthCheckInterval: 100 });
    await rig.established();
    await rig.source.subscribe(orders);
    await fake.stop();
    assert.equal((await rig.lost()).ending, "broken");
  });

  test("keeps what it told of a service that the server refuses to tell, and gives up a server that refuses all", async (context) => {
    const fake = await startFake(context);
    put(fake, one);
    const other = { group: "g", name: "other" };
    const rig = new SourceRig(context, fake, { pollInterval: 30 });
    await rig.established();
    await Promise.all([rig.source.subscribe(orders), rig.source.subscribe(other)]);
    fake.fault = (_, parameters) => (parameters.get("serviceName") === "orders" ? { status: 500, body: "caused: x" } : undefined);
    await rig.until("unreadable", () => rig.unreadable.length >= 2);
    assert.match(rig.unreadable[0] ?? "", /^DEFAULT_GROUP@@orders: \/v1\/ns\/instance\/list: 500 caused: x$/);
    assert.deepEqual([rig.changes, rig.doubt], [[], undefined]);
    fake.fault = () => ({ status: 500, body: "caused: all" });
    assert.match((await rig.lost()).reason, /5 readings in a row were refused: .*500 caused: all/);
  });

  test("of whatever a server answers, reads it or refuses it in words", async (context) => {
    for (const version of ["2.5", "3.2"] satisfies FakeVersion[]) {
      const fake = await startFake(context, { version });
      const rig = new SourceRig(context, fake);
      await rig.established();
      for (const body of [
        "",
        "null",
        "[]",
        "{}",
        '{"data":null}',
        '{"data":{"content":1}}',
        '{"count":1,"doms":[1]}',
        "{",
        '{"data":[null]}',
      ]) {
        fake.fault = () => ({ status: 200, body });
        const asking = [rig.source.list("g"), rig.source.list(), rig.source.query(orders), rig.source.readConfig("a", "b")];
        for (const outcome of await Promise.allSettled(asking)) {
          assert.ok(outcome.status === "fulfilled" || outcome.reason instanceof RequestRefused, `${version} ${body}`);
        }
      }
      assert.equal(rig.doubt, undefined);
    }
  });

  test("answers that are too large or no service are refused, not believed", async (context) => {
    const fake = await startFake(context);
    put(fake, one);
    const rig = new SourceRig(context, fake, { requestTimeout: 30_000 });
    await rig.established();
    fake.fault = () => ({ status: 200, body: { hosts: "none" } });
    await assert.rejects(rig.source.query(orders), /service "orders" of Nacos has no list of hosts but "none"/);
    fake.fault = () => ({ status: 200, body: "x".repeat(65 * 1024 * 1024) });
    await assert.rejects(rig.source.query(orders), SourceLost);
    assert.match((await rig.lost()).reason, /longer than/);
  });
});

/** Each of these is a defect of the `nacos` package (2.6.3) that its use here must not let through. */
suite("what the nacos package gets wrong", { concurrency: true }, () => {
  /** Subscribed, with pushes arriving, and polled so rarely that only they can tell. */
  async function pushed(context: Parameters<typeof startFake>[0], pollInterval = 60_000) {
    const fake = await startFake(context);
    put(fake, one);
    const rig = new SourceRig(context, fake, { pollInterval });
    await rig.established();
    await rig.source.subscribe(orders);
    assert.equal(fake.subscribers("public", orders.group, orders.name).length, 1);
    return { fake, rig };
  }

  async function acknowledged(fake: FakeNacosHttp, count: number): Promise<void> {
    while (fake.acknowledged.length < count) await turn();
  }

  test("a service that lost its last instance is told to be empty: by push and by poll", async (context) => {
    const { fake, rig } = await pushed(context);
    put(fake);
    fake.push("public", orders.group, orders.name);
    await rig.until("changed", () => rig.changes.length > 0);
    assert.deepEqual(rig.addresses(), []);
    const polled = await pushed(context, 30);
    put(polled.fake);
    await polled.rig.until("changed", () => polled.rig.changes.length > 0);
    assert.deepEqual([polled.rig.addresses(), await polled.rig.source.query(orders).then(addressesOf)], [[], []]);
  });

  test("instances of all clusters are seen", async (context) => {
    const { fake, rig } = await pushed(context);
    put(fake, one, { ...two, clusterName: "hz" }, { ...one, clusterName: "hz" });
    fake.push("public", orders.group, orders.name);
    await rig.until("changed", () => rig.changes.length > 0);
    assert.deepEqual(rig.addresses(), ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80"]);
    assert.equal(asked(fake, "clusters=DEFAULT").length, 0);
  });

  test("nobody asks for a service any more that was unsubscribed, nor for any after the end", async (context) => {
    const { fake, rig } = await pushed(context, 20);
    await rig.source.unsubscribe(orders);
    await rig.source.query({ group: "g", name: "other" });
    let before = asked(fake, "serviceName=orders").length;
    fake.push("public", orders.group, orders.name);
    await acknowledged(fake, 1);
    await new Promise<void>((resolve) => setTimeout(resolve, 100));
    // One may have been under way.
    assert.ok(asked(fake, "serviceName=orders").length <= before + 1);
    await rig.source.close();
    before = fake.requests.length;
    await new Promise<void>((resolve) => setTimeout(resolve, 100));
    assert.equal(fake.requests.length, before);
  });

  test("several may ask for an empty service at the same time", async (context) => {
    const { rig } = await pushed(context);
    const empty = { group: "g", name: "empty" };
    const answers = await Promise.all([rig.source.query(empty), rig.source.subscribe(empty), rig.source.query(empty)]);
    assert.deepEqual(answers.map(addressesOf), [[], [], []]);
  });

  test("packets that nobody understands are neither written to the console nor harmful", async (context) => {
    const written = context.mock.method(console, "error", () => {});
    const { fake, rig } = await pushed(context);
    const [subscriber] = fake.subscribers("public", orders.group, orders.name);
    const packets = [
      "",
      "{",
      "{}",
      '{"type":"dump"}',
      '{"type":"dom","data":"{"}',
      '{"type":"dom","data":"{\\"name\\":1}"}',
      "\u001f\u008bxx",
    ];
    for (const packet of packets) fake.sendPacket(subscriber!, Buffer.from(packet, "latin1"));
    put(fake, two);
    fake.push("public", orders.group, orders.name);
    await rig.until("changed", () => rig.changes.length > 0);
    assert.deepEqual([rig.addresses(), written.mock.callCount()], [["10.0.0.2:80"], 0]);
  });

  test("an old or false push tells nothing but that something happened", async (context) => {
    const { fake, rig } = await pushed(context);
    put(fake, one, two);
    fake.push("public", orders.group, orders.name, { hosts: [], lastRefTime: 1 });
    await rig.until("changed", () => rig.changes.length > 0);
    assert.deepEqual(rig.addresses(), ["10.0.0.1:80", "10.0.0.2:80"]);
  });

  test("a server that pushes again and again, since it cannot read the acknowledgement, is not asked as often", async (context) => {
    const { fake } = await pushed(context);
    const before = asked(fake, "serviceName=orders").length;
    const begun = performance.now();
    for (let pushes = 1; pushes <= 50; pushes++) {
      fake.push("public", orders.group, orders.name);
      await acknowledged(fake, pushes);
    }
    await new Promise<void>((resolve) => setTimeout(resolve, 600));
    const asking = asked(fake, "serviceName=orders").length - before;
    assert.ok(asking >= 1 && asking <= 1 + (performance.now() - begun) / 500, `asked ${asking} times`);
  });

  test("a large push is unpacked, and one that would be far too large is not", async (context) => {
    const { fake, rig } = await pushed(context);
    put(fake, two);
    fake.push("public", orders.group, orders.name, { padding: "x".repeat(8 * 1024 * 1024) });
    fake.push("public", orders.group, orders.name, { padding: "x".repeat(100_000) });
    await rig.until("changed", () => rig.changes.length > 0);
    await acknowledged(fake, 1);
    assert.equal(fake.acknowledged.length, 1);
  });
});

test("a source that is closed at once tells nothing", async (context) => {
  const fake = await startFake(context);
  const rig = new SourceRig(context, fake);
  await rig.source.close();
  await assert.rejects(rig.source.list("g"), SourceLost);
  const other = new SourceRig(context, fake);
  await other.established();
  await once(
    {
      addEventListener: (_: string, done: () => void) => void other.source.close().then(done),
      removeEventListener: () => {},
    } as unknown as EventTarget,
    "closed",
  );
  assert.equal(rig.doubt ?? other.doubt, undefined);
});
