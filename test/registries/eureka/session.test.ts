import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { eurekaKind } from "../../../src/registries/eureka/kind.ts";
import { start } from "../../../src/registries/eureka/session.ts";
import { certificate, certificateFile } from "../../support/certificates.ts";
import { instanceJson } from "../../support/eureka-writer.ts";
import { FakeEureka, type Fault } from "../../support/fake-eureka/server.ts";
import { RecordedSession } from "../../support/recorded-session.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";

async function fakeServer(context: TestContext, tls?: Parameters<typeof FakeEureka.start>[0]): Promise<FakeEureka> {
  const fake = await FakeEureka.start(tls);
  context.after(() => fake.shutDown());
  register(fake, 1);
  return fake;
}

function register(fake: FakeEureka, number: number): void {
  fake.instances.register(instanceJson({ app: "order", id: String(number), address: `10.0.0.${number}`, port: 8080 }));
}

function open(context: TestContext, servers: string | readonly string[], settings = {}): RecordedSession {
  const quick = { pollInterval: "100ms", requestTimeout: "300ms" };
  const recorded = new RecordedSession({ servers, ...quick, ...settings }, [], { schema: eurekaKind.schema, start });
  context.after(() => recorded.session.close());
  return recorded;
}

function has(recorded: RecordedSession, ...ids: number[]): Promise<void> {
  return recorded.until(`instances ${ids.join()}`, () => recorded.instances("order")?.join() === ids.join());
}

async function isUnreachable(recorded: RecordedSession, reason: RegExp): Promise<void> {
  await recorded.until(`unreachable: ${reason}`, () => reason.test(recorded.last("unreachable")?.text ?? ""));
  assert.equal(recorded.count("commit"), 0, "what cannot be read is not an empty registry");
}

suite("servers of a cluster", { concurrency: true }, () => {
  test("are tried in order, and the first that answers is stayed with", async (context) => {
    const [first, second, third] = await Promise.all([fakeServer(context), fakeServer(context), fakeServer(context)]);
    await first.shutDown();
    const recorded = open(context, [first.url, second.url, third.url]);
    await recorded.synced();
    assert.equal(recorded.count("unreachable"), 0);
    await first.listen();
    register(second, 2);
    await has(recorded, 1, 2);
    await recorded.until("more polls", () => second.reads("/apps/delta") >= 4);
    assert.deepEqual([first.heard.length, third.heard.length, second.reads("/apps")], [0, 0, 1]);
  });

  for (const [what, fault] of [
    ["says nothing any more", "mute"],
    ["breaks off in the middle of its answers", "cut"],
    ["fails", 500],
    ["answers with something else", { body: "<html>please log in</html>" }],
  ] as readonly (readonly [string, Fault])[]) {
    test(`take the place of one that ${what}, without a loss`, async (context) => {
      const [first, second] = await Promise.all([fakeServer(context), fakeServer(context)]);
      const recorded = open(context, `${first.url}, ${second.url}`);
      await recorded.synced();
      register(second, 2);
      first.fault = () => fault;
      await has(recorded, 1, 2);
      assert.equal(recorded.count("unreachable"), 0);
      assert.equal(second.heard[0]?.path, "/apps", "everything first");
    });
  }

  test("that all fail are unreachable, each with what it said; nothing is taken away, and one that is back is read", async (context) => {
    const [first, second] = await Promise.all([fakeServer(context), fakeServer(context)]);
    const recorded = open(context, [first.url, second.url]);
    await recorded.synced();
    first.fault = () => 503;
    await second.shutDown();
    await recorded.until("unreachable", () => recorded.count("unreachable") > 0);
    assert.match(recorded.last("unreachable")?.text ?? "", /eureka: status 503; http:.*\/eureka: connection failed: ECONNREFUSED/);
    await recorded.until("more attempts", () => recorded.count("unreachable") > 2);
    assert.equal(recorded.told.filter(({ text }) => text.startsWith("warn: ")).length, 2, "an outage is said once");
    assert.deepEqual(recorded.instances("order"), ["1"]);
    first.fault = undefined;
    register(first, 2);
    await has(recorded, 1, 2);
  });

  test("of which one is not ready at its start (403) are waited for", async (context) => {
    const fake = await fakeServer(context);
    fake.fault = () => 403;
    const recorded = open(context, fake.url);
    await isUnreachable(recorded, /403: it is not ready, or this user may not read it/);
    fake.fault = undefined;
    await has(recorded, 1);
  });

  test("may close a connection that is kept: that is no outage", async (context) => {
    const fake = await fakeServer(context);
    const proxy = await TcpProxy.start(fake.port);
    context.after(() => proxy.close());
    const recorded = open(context, `http://127.0.0.1:${proxy.port}/eureka`);
    await recorded.synced();
    for (let number = 2; number < 6; number++) {
      proxy.disconnectAll();
      register(fake, number);
      await recorded.until("the change", () => recorded.instances("order")?.length === number);
    }
    assert.equal(recorded.count("unreachable"), 0);
    assert.ok(proxy.accepted <= 10, "but for that, it is kept");
  });
});

suite("whoever asks", { concurrency: true }, () => {
  const login = { user: "mesh", password: "p@ss,word:%" };
  const authority = `${login.user}:${encodeURIComponent(login.password)}@`;

  test("is let in by user and password, from the URL or from a section", async (context) => {
    const fake = await fakeServer(context);
    fake.login = login;
    const fromUrl = open(context, fake.url.replace("//", `//${authority}`));
    const fromSection = open(context, fake.url, { auth: login });
    await Promise.all([has(fromUrl, 1), has(fromSection, 1)]);
  });

  test("with a wrong password is told so, without the password, and asks again slowly", async (context) => {
    const fake = await fakeServer(context);
    fake.login = { ...login, password: "another" };
    const recorded = open(context, fake.url.replace("//", `//${authority}`));
    await isUnreachable(recorded, /401: it does not let user mesh with this password in/);
    const nobody = open(context, fake.url);
    await isUnreachable(nobody, /401: it does not let anybody without user and password in/);
    const heard = fake.heard.length;
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(fake.heard.length, heard);
    assert.doesNotMatch(JSON.stringify([recorded.told, nobody.told]), /p@ss|p%40ss/);
  });

  test("gets compressed answers", async (context) => {
    const fake = await fakeServer(context);
    for (let number = 2; number < 200; number++) register(fake, number);
    const recorded = open(context, fake.url);
    await recorded.synced();
    assert.equal(recorded.instances("order")?.length, 199);
    assert.ok((fake.heard[0]?.bytes ?? 0) < JSON.stringify(fake.instances.full()).length / 5);
  });
});

suite("a server that is none", { concurrency: true }, () => {
  for (const [what, fault, reason] of [
    ["a page", { body: "<html>hello</html>", type: "text/html;charset=UTF-8" }, /answers text\/html;charset=UTF-8 that is no JSON/],
    ["other JSON", { body: '{"status":"UP"}', type: "application/json" }, /answers JSON without applications: it is no Eureka server/],
    ["not found", 404, /404: there is no Eureka at this path; applications of Spring name one that ends in \/eureka\//],
    ["a redirection", 302, /status 302/],
  ] as readonly (readonly [string, Fault, RegExp])[]) {
    test(`is told by its answer: ${what}`, async (context) => {
      const fake = await fakeServer(context);
      fake.fault = () => fault;
      await isUnreachable(open(context, fake.url), reason);
    });
  }

  test("is told where it speaks TLS and we do not, and the other way round", async (context) => {
    const [secure, plain] = await Promise.all([fakeServer(context, certificate("server")), fakeServer(context)]);
    await isUnreachable(open(context, secure.url.replace("https:", "http:")), /connection failed: |is no HTTP/);
    await isUnreachable(open(context, plain.url.replace("http:", "https:")), /no TLS: |within the TLS handshake/);
  });
});

suite("TLS", { concurrency: true }, () => {
  const ca = certificateFile("authority.pem");

  test("is trusted when the certificate is of the authority", async (context) => {
    const fake = await fakeServer(context, certificate("server"));
    const recorded = open(context, fake.url, { tls: { ca } });
    await has(recorded, 1);
    register(fake, 2);
    await has(recorded, 1, 2);
  });

  for (const [what, tls, reason] of [
    ["of no authority that is known", {}, /the server's certificate is not trusted: /],
    ["for another name", { ca, serverName: "eureka-0" }, /the server's certificate is for another name: .*eureka-0/],
    ["with a file of authorities that is not there", { ca: "/nowhere/ca.pem" }, /tls\.ca: cannot read \/nowhere\/ca\.pem/],
  ] as const) {
    test(`is refused with a certificate ${what}, in words`, async (context) => {
      const fake = await fakeServer(context, certificate("server"));
      await isUnreachable(open(context, fake.url, { tls }), reason);
      assert.equal(fake.heard.length, 0);
    });
  }
});

test("clusters are registries of their own: one that is away costs the other nothing", async (context) => {
  const [one, other] = await Promise.all([fakeServer(context), fakeServer(context)]);
  const sessions = [open(context, one.url), open(context, other.url)] as const;
  await Promise.all(sessions.map((session) => session.synced()));
  await one.shutDown();
  register(other, 2);
  await has(sessions[1], 1, 2);
  await sessions[0].until("the outage", () => sessions[0].count("unreachable") > 0);
  assert.deepEqual(sessions[0].instances("order"), ["1"]);
});

test("a listing that is asked for while another is read follows it", async (context) => {
  const fake = await fakeServer(context);
  const recorded = open(context, fake.url, { pollInterval: "1m" });
  recorded.session.relist();
  await recorded.synced(2);
  recorded.session.relist();
  await recorded.synced(3);
});
