/** What a session makes of the ways of session servers and their publishers, against a fake one. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, type TestContext, test } from "node:test";
import { readHostPort } from "../../../src/registries/host-port.ts";
import { dataInfoIdText } from "../../../src/registries/sofa/data-info-id.ts";
import { chooseOfTwo } from "../../../src/registries/sofa/discovery/session-servers.ts";
import { sofaKind } from "../../../src/registries/sofa/kind.ts";
import { start } from "../../../src/registries/sofa/session.ts";
import { FakeSofaRegistry } from "../../support/fake-sofa/server.ts";
import { RecordedSession } from "../../support/recorded-session.ts";
import { SofaPublisher } from "../../support/sofa-publisher.ts";

const pay = "com.acme.Pay";
const stock = "com.acme.Stock";

function idOf(name: string, tag = "DEFAULT"): string {
  return dataInfoIdText({ dataId: `${name}:1.0@${tag}`, instanceId: "DEFAULT_INSTANCE_ID", group: "SOFA" });
}

function bolt(...hosts: readonly number[]): string[] {
  return hosts.map((host) => `bolt://10.0.0.${host}:12200`);
}

async function startFake(context: TestContext): Promise<FakeSofaRegistry> {
  const fake = await FakeSofaRegistry.start();
  context.after(() => fake.shutDown());
  return fake;
}

/** Publishes as one publisher of the name; without hosts it leaves. */
function publish(fake: FakeSofaRegistry, id: string, ...hosts: readonly number[]): void {
  if (hosts.length === 0) fake.publications.remove(id, id);
  else fake.publications.put(id, id, { zone: "DEFAULT_ZONE", data: hosts.map((host) => `10.0.0.${host}:12200`) });
}

function open(context: TestContext, fake: FakeSofaRegistry, settings: object = {}, known: readonly string[] = []): RecordedSession {
  const quick = { endpoints: fake.endpoint, refreshInterval: "500ms", unknownGrace: "300ms" };
  const session = new RecordedSession({ ...quick, ...settings }, known, { schema: sofaKind.schema, start });
  context.after(() => session.session.close());
  return session;
}

const warnings = ({ told }: RecordedSession) =>
  told.filter(({ what, text }) => what === "log" && text.startsWith("warn")).map(({ text }) => text);

suite("a session", { concurrency: true }, () => {
  test("acknowledges every push, takes changes, and asks for no more at a time than it may", async (context) => {
    const fake = await startFake(context);
    for (let at = 1; at <= 60; at++) publish(fake, idOf(`com.acme.S${at}`), at);
    let [waiting, most] = [0, 0];
    fake.refuses = ({ event }) => {
      if (event !== "REGISTER") return undefined;
      most = Math.max(most, ++waiting);
      setImmediate(() => waiting--);
      return undefined;
    };
    const session = open(context, fake, { maxInFlight: 8 });
    await session.synced();
    assert.equal(session.view.size, 60);
    assert.ok(most <= 8, `${most} at a time`);
    publish(fake, idOf("com.acme.S1"), 1, 2);
    await session.until("the change", () => session.instances("com.acme.S1")?.length === 2);
    while (fake.acknowledged < fake.pushed) await once(fake.events, "acknowledged");
  });

  test("takes an empty first push for a fact, and a publisher that leaves as well", async (context) => {
    const fake = await startFake(context);
    const session = open(context, fake, { listing: "static", dataIds: [`${pay}:1.0@DEFAULT`, idOf(stock)] });
    await session.synced();
    assert.deepEqual([session.instances(pay), session.instances(stock)], [[], []]);
    publish(fake, idOf(pay), 1);
    await session.until("the publisher", () => session.instances(pay)?.length === 1);
    publish(fake, idOf(pay));
    await session.until("its end", () => session.instances(pay)?.length === 0);
  });

  test("ignores what is older than what it has", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    const session = open(context, fake);
    await session.synced();
    const { version } = fake.publications.get(idOf(pay));
    publish(fake, idOf(pay), 1, 2);
    await session.until("the newer", () => session.instances(pay)?.length === 2);
    context.mock.method(fake, "content", () => ({ version, zones: {} }));
    fake.openPush();
    context.mock.restoreAll();
    publish(fake, idOf(stock), 3);
    await session.until("another push behind it", () => session.instances(stock)?.length === 1);
    assert.deepEqual(session.instances(pay), bolt(1, 2));
  });

  test("keeps what a restarted server does not know, until its publishers are back", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    const session = open(context, fake, { unknownGrace: "10m" });
    await session.synced();
    await fake.shutDown();
    fake.publications.clear();
    await fake.listen();
    await session.synced(2);
    assert.ok(session.count("unreachable") > 0);
    assert.deepEqual(session.instances(pay), bolt(1), "version 1 is no removal");
    publish(fake, idOf(pay), 2);
    await session.until("the publisher's return", () => session.instances(pay)?.join() === bolt(2).join());
  });

  test("believes it after a while", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    const session = open(context, fake);
    await session.synced();
    await fake.shutDown();
    fake.publications.clear();
    await fake.listen();
    await session.synced(2);
    await session.until("the end of the grace", () => session.instances(pay)?.length === 0);
  });

  test("keeps what an earlier worker told until every id of a service has been pushed", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    publish(fake, idOf(pay, "tri"), 2);
    const session = open(context, fake, {}, [`service/||${pay}|`, "service/||com.acme.Gone|"]);
    await session.synced();
    const told = session.told.filter(({ service }) => service?.key.name === pay);
    assert.deepEqual(
      told.map(({ service }) => service?.instances.length),
      [2],
      "never a part of it",
    );
    assert.deepEqual(session.instances("com.acme.Gone"), [], "what nobody publishes any more is told empty");
  });

  test("says so by name when the push switch is closed, and goes on when it is open again", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    const session = open(context, fake);
    await session.synced();
    fake.pushStopped = true;
    await session.until("the reason", () => /push switch is closed/.test(session.last("unreachable")?.text ?? ""));
    publish(fake, idOf(pay), 1, 2);
    assert.deepEqual(session.instances(pay), bolt(1));
    fake.pushStopped = false;
    await session.synced(2);
    assert.deepEqual(session.instances(pay), bolt(1, 2));
  });

  test("removes nothing for a list that cannot be read whole, and says so", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    const session = open(context, fake);
    await session.synced();
    fake.pages.set("/digest/getDataInfoIdList", 500);
    await session.until("the failure", () => session.problems.some(({ code }) => code === "listing-failed"));
    fake.publications.put(idOf(pay), "other", { zone: "Z", data: ["10.0.0.9:12200"] });
    await session.until("a change all the same", () => session.instances(pay)?.length === 2);
    assert.equal(session.count("removed"), 0);
  });

  test("takes the data of several data centers, compressed, with where they are", async (context) => {
    const fake = await startFake(context);
    fake.encoding = "gzip";
    publish(fake, idOf(pay), 1);
    fake.otherDataCenters.set("west", { version: 5n, zones: { GZ: ["10.9.0.1:12200"] } });
    const session = open(context, fake, { acceptMulti: true });
    await session.synced();
    assert.deepEqual(
      session.view.get(`service/||${pay}|`)?.instances.map(({ address, locality }) => [address, locality]),
      [
        ["10.0.0.1", undefined],
        ["10.9.0.1", { region: "west", zone: "GZ" }],
      ],
    );
    const one = open(context, fake, { acceptMulti: true, dataCenter: "west" });
    await one.synced();
    assert.deepEqual(one.instances(pay), ["bolt://10.9.0.1:12200"]);
  });

  test("follows what it is asked to: groups, patterns, instance", async (context) => {
    const fake = await startFake(context);
    for (const name of [pay, stock, "com.acme.Secret", "org.other.X"]) publish(fake, idOf(name), 1);
    publish(fake, `${pay}:1.0@DEFAULT#@#DEFAULT_INSTANCE_ID#@#G2`, 2);
    publish(fake, `${pay}:1.0@DEFAULT#@#OTHER#@#SOFA`, 3);
    const session = open(context, fake, {
      listing: "data-servers",
      dataServers: fake.endpoint,
      groups: ["SOFA", "G2"],
      include: ["com.acme.*"],
      exclude: ["*Secret*"],
    });
    await session.synced();
    assert.deepEqual([...session.view.keys()].sort(), [`service/|G2|${pay}|`, `service/||${pay}|`, `service/||${stock}|`]);
  });

  test("asks again for what a server does not take at first", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    let refusals = 3;
    fake.refuses = () => (refusals-- > 0 ? "failure" : undefined);
    const session = open(context, fake);
    await session.synced();
    assert.deepEqual(session.instances(pay), bolt(1));
    assert.ok(session.problems.some(({ code, where }) => code === "not-pushed" && where === idOf(pay)));
  });

  test("tells a provider's own weight when it is warm, without another push", async (context) => {
    const fake = await startFake(context);
    const data = [`10.0.0.1:12200?weight=100&warmupWeight=10&warmupTime=1000&startTime=${Date.now()}`];
    fake.publications.put(idOf(pay), "warm", { zone: "DEFAULT_ZONE", data });
    const session = open(context, fake);
    const weight = () => session.view.get(`service/||${pay}|`)?.instances[0]?.weight;
    await session.until("the cold weight", () => weight() === 10);
    await session.until("the warm weight", () => weight() === 100);
    assert.equal(fake.pushed, 1);
  });

  test("notices a publisher that dies", async (context) => {
    const fake = await startFake(context);
    const publisher = new SofaPublisher(readHostPort(fake.session, 0)!);
    context.after(() => publisher.close());
    await publisher.publish({ dataId: `${pay}:1.0@DEFAULT`, instanceId: "DEFAULT_INSTANCE_ID", group: "SOFA" }, ["10.0.0.1:12200"]);
    const session = open(context, fake);
    await session.synced();
    publisher.close();
    await session.until("its end", () => session.instances(pay)?.length === 0);
  });
});

suite("a session server that pushes nothing", () => {
  const stall = 10_000;

  for (const [what, unpushed, outcome] of [
    ["for one subscription costs only that", [idOf(stock)], "commit"],
    ["at all is left", [idOf(pay), idOf(stock)], "unreachable"],
  ] as const) {
    test(what, async (context) => {
      const fake = await startFake(context);
      publish(fake, idOf(pay), 1);
      publish(fake, idOf(stock), 2);
      for (const id of unpushed) fake.unpushed.add(id);
      context.mock.timers.enable({ apis: ["setTimeout"] });
      const session = open(context, fake, {}, [`service/||${stock}|`]);
      await once(fake.events, "registered");
      if (outcome === "commit") await session.until("the other", () => session.instances(pay)?.length === 1);
      const settled = session.until(outcome, () => session.count(outcome) > 0, 10 * stall);
      // Once for the pushes that came, once for those that did not.
      context.mock.timers.tick(stall);
      context.mock.timers.tick(stall);
      await settled;
      assert.equal(
        session.problems.some(({ code, where }) => code === "not-pushed" && where === idOf(stock)),
        outcome === "commit",
      );
      if (outcome === "unreachable")
        assert.match(session.last("unreachable")!.text, /nothing was pushed for 2 subscriptions within 10000 ms/);
      else assert.equal(session.instances(stock), undefined, "what an earlier worker told of it is kept, not told");
    });
  }
});

suite("an id that no list names any more", () => {
  test("and nobody publishes is given up after ten minutes; its service stays, empty", async (context) => {
    const fake = await startFake(context);
    for (const [at, name] of [pay, stock].entries()) publish(fake, idOf(name), at);
    const now = performance.now.bind(performance);
    // Ten minutes in a second.
    context.mock.method(performance, "now", () => now() * 600);
    const session = open(context, fake, { listing: "data-servers", dataServers: fake.endpoint });
    await session.synced();
    publish(fake, idOf(stock));
    await session.until("its end", () => session.instances(stock)?.length === 0);
    fake.publications.forget(idOf(stock));
    while ([...fake.connections][0]?.subscribed.includes(idOf(stock))) await once(fake.events, "registered");
    assert.deepEqual([session.instances(pay)?.length, session.instances(stock)], [1, []]);
    assert.equal(session.count("removed"), 0);
  });
});

suite("session servers", { concurrency: true }, () => {
  test("of version 5 are spoken to in Hessian", async (context) => {
    const fake = await startFake(context);
    fake.speaks.delete("protobuf");
    fake.weights = false;
    publish(fake, idOf(pay), 1);
    const session = open(context, fake);
    await session.synced();
    assert.deepEqual(session.instances(pay), bolt(1));
    publish(fake, idOf(pay), 1, 2);
    await session.until("the change", () => session.instances(pay)?.length === 2);
    assert.deepEqual(warnings(session), [], "that is no outage");
  });

  test("of version 5 with `codec: protobuf` are told for what they are, with the remedy", async (context) => {
    const fake = await startFake(context);
    fake.speaks.delete("protobuf");
    publish(fake, idOf(pay), 1);
    const session = open(context, fake, { codec: "protobuf" });
    await session.until("the reason", () => session.count("unreachable") > 0);
    assert.match(
      session.last("unreachable")!.text,
      /does not understand .* as protobuf \(status 2, com\.alipay\.remoting\.rpc\.exception\.RpcServerException\): it is SOFARegistry 5.*set `codec: hessian` or `codec: auto`/,
    );
  });

  test("that know neither form are none", async (context) => {
    const fake = await startFake(context);
    fake.speaks.clear();
    publish(fake, idOf(pay), 1);
    const session = open(context, fake);
    await session.until("the reason", () => session.count("unreachable") > 0);
    assert.match(session.last("unreachable")!.text, /as hessian .*: it is no session server; its Bolt port is 9600/);
  });

  for (const [what, answer, settings, reason] of [
    [
      "a web page",
      "<html>hello</html>",
      {},
      /is no session server of SOFARegistry, whose HTTP port is 9603 by default: asked for session servers, it says "<html>/,
    ],
    ["an empty list", "", {}, /knows no session server/],
    ["a web server at the Bolt port", "", { sessions: true }, /cannot be understood: no Bolt server: what it says begins with "HTTP/],
  ] as const) {
    test(`that are ${what} are told`, async (context) => {
      const web = createServer((_, response) => response.end(answer)).listen(0, "127.0.0.1");
      context.after(() => closeServer(web));
      await once(web, "listening");
      const address = `127.0.0.1:${(web.address() as AddressInfo).port}`;
      const more = "sessions" in settings ? { sessions: address, listing: "static", dataIds: ["x@dubbo"] } : {};
      const session = new RecordedSession({ endpoints: address, ...more }, [], { schema: sofaKind.schema, start });
      context.after(() => session.session.close());
      await session.until("the reason", () => session.count("unreachable") > 0);
      assert.match(session.last("unreachable")!.text, reason);
    });
  }

  test("need no HTTP page where they and the services are named", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    const session = open(context, fake, {
      endpoints: "127.0.0.1:1",
      sessions: fake.session,
      listing: "static",
      dataIds: [`${pay}:1.0@DEFAULT`],
    });
    await session.synced();
    assert.deepEqual(session.instances(pay), bolt(1));
  });

  test("without the data center that is wanted are told with those that there are", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    for (const settings of [
      {},
      { listing: "data-servers", dataServers: fake.endpoint },
      { transport: "http", dataServers: fake.endpoint },
    ]) {
      const session = open(context, fake, { dataCenter: "Nowhere", ...settings });
      await session.until("the reason", () => session.count("unreachable") > 0);
      assert.match(session.last("unreachable")!.text, /there is no data center "Nowhere": the servers know DefaultDataCenter/);
      assert.equal(session.count("commit"), 0);
    }
  });

  test("that die or leave the list are left for others", async (context) => {
    const [first, second] = [await startFake(context), await startFake(context)];
    // Versions of one server say nothing of those of another.
    for (let higher = 0; higher < 3; higher++) publish(first, idOf(pay), 1);
    publish(second, idOf(pay), 2);
    first.pages.set("/api/servers/queryWithWeight", `${first.session}?weight=1;${second.session}?weight=9`);
    const session = open(context, first);
    await session.synced();
    assert.ok(first.connections.size > 0, "the one with fewer clients");
    first.pages.set("/api/servers/queryWithWeight", second.session);
    await session.synced(2);
    assert.equal(first.connections.size, 0);
    assert.equal(second.connections.size, 1);
    assert.deepEqual(session.instances(pay), bolt(2));
    first.pages.set("/api/servers/queryWithWeight", `${first.session};${second.session}`);
    second.disconnectAll();
    await session.synced(3);
    assert.equal(session.instances(pay)?.length, 1);
  });

  test("are chosen at random, of two the one with fewer clients", () => {
    const [a, b, c] = [1, 2, 3].map((weight) => ({ address: { host: String(weight), port: 9600 }, weight }));
    const pick = (...numbers: number[]) => chooseOfTwo([a!, b!, c!], () => numbers.shift() ?? 0)?.weight;
    assert.deepEqual([pick(0, 0), pick(0.5, 0), pick(0.99, 0), pick(0.99, 0.99)], [1, 2, 1, 2]);
    assert.equal(chooseOfTwo([], Math.random), undefined);
    assert.equal(chooseOfTwo([c!], Math.random), c);
  });
});

suite("data servers over HTTP", { concurrency: true }, () => {
  const settings = { transport: "http", refreshInterval: "500ms" };

  test("are read whole, again and again", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    publish(fake, `${stock}:1.0@DEFAULT#@#DEFAULT_INSTANCE_ID#@#OTHER`, 2);
    const session = open(context, fake, { ...settings, dataServers: fake.endpoint });
    await session.synced();
    assert.deepEqual([...session.view.keys()], [`service/||${pay}|`]);
    assert.deepEqual(session.instances(pay), bolt(1));
    publish(fake, idOf(pay), 1, 2);
    await session.until("the change", () => session.instances(pay)?.length === 2);
    publish(fake, idOf(pay));
    await session.until("an id held empty is empty", () => session.instances(pay)?.length === 0);
    assert.equal(session.count("suspicious"), 0);
  });

  test("that hold nothing after a restart are suspicious, and believed after a while", async (context) => {
    const fake = await startFake(context);
    publish(fake, idOf(pay), 1);
    const session = open(context, fake, { ...settings, dataServers: fake.endpoint, unknownGrace: "1s" });
    await session.synced();
    fake.publications.clear();
    await session.until("the suspicion", () => session.count("suspicious") === 1);
    await session.synced(2);
    assert.deepEqual(session.instances(pay), bolt(1));
    await session.until("the end of the grace", () => session.instances(pay)?.length === 0);
  });

  test("one of which does not answer make no reading", async (context) => {
    const [fake, other] = [await startFake(context), await startFake(context)];
    publish(fake, idOf(pay), 1);
    publish(other, idOf(stock), 2);
    const session = open(context, fake, { ...settings, dataServers: [fake.endpoint, other.endpoint] });
    await session.synced();
    await other.shutDown();
    await session.until("the failure", () => session.count("unreachable") > 0);
    assert.equal(session.last("abandon")?.text, session.last("unreachable")?.text);
    assert.deepEqual([session.instances(pay), session.instances(stock)], [bolt(1), bolt(2)]);
    await other.listen();
    await session.synced(session.count("commit") + 1);
    assert.deepEqual(session.instances(stock), bolt(2));
  });
});

function closeServer(server: Server): void {
  server.closeAllConnections();
  server.close();
}
