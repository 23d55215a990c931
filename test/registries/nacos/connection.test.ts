import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttp2Server, type ServerHttp2Session, type Settings } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { suite, type TestContext, test } from "node:test";
import { ServerCredentials } from "@grpc/grpc-js";
import fc from "fast-check";
import { SettlingHealth } from "../../../src/registries/nacos/follow/settling-health.ts";
import { decodeMessage, encodeMessage } from "../../../src/registries/nacos/grpc/message.ts";
import { NewestAnswers } from "../../../src/registries/nacos/grpc/newest-answers.ts";
import type { NacosInstance, NacosService } from "../../../src/registries/nacos/nacos-service.ts";
import { certificateFile } from "../../support/certificates.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { addresses, fakeServer, hosts, open, warnings } from "./session-rig.ts";

suite("a gRPC connection to Nacos", () => {
  for (const version of ["2.0", "2.5", "3.0"] as const) {
    test(`is set up with a server like ${version}, as a reader of services, and pushes are acknowledged`, async (t) => {
      const fake = await fakeServer(t, { version });
      fake.services.put("orders", hosts(1));
      const recorded = open(t, fake);
      await recorded.synced();
      const [connection] = fake.connections.values();
      assert.equal(connection?.labels.module, "naming");
      assert.equal(connection?.namespace, "public");
      fake.services.put("orders", hosts(1, 2));
      await recorded.until("the push", () => addresses(recorded, "||orders|")?.length === 2);
      const isAcknowledged = () => connection.acknowledged.some(({ type }) => type === "NotifySubscriberResponse");
      await recorded.until("any sign of life after it", isAcknowledged);
    });
  }

  test("is one for each namespace, and all requests travel on it", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    fake.services.put("orders", hosts(2), "DEFAULT_GROUP", "other");
    const recorded = open(t, fake, { namespaces: ["public", "other"] });
    await recorded.synced();
    assert.equal(fake.connections.size, 2);
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1"]);
    assert.deepEqual(addresses(recorded, "other||orders|"), ["10.0.0.2"]);
    // A push carries no namespace.
    fake.services.put("orders", hosts(3), "DEFAULT_GROUP", "other");
    await recorded.until("the push", () => addresses(recorded, "other||orders|")?.[0] === "10.0.0.3");
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1"]);
  });

  test("that is silent is checked, and answers when the server asks", async (t) => {
    const fake = await fakeServer(t);
    const recorded = open(t, fake);
    await recorded.synced();
    await recorded.until("contact by checks alone", () => recorded.count("contact") >= 3);
    assert.ok(fake.requests.some(({ type }) => type === "HealthCheckRequest"));
    const [connection] = fake.connections.values();
    const id = connection!.ask("ClientDetectionRequest", {}, "internal");
    const answered = () => connection!.acknowledged.some(({ type, requestId }) => type === "ClientDetectionResponse" && requestId === id);
    await recorded.until("the answer", answered);
  });

  test("to a server that says nothing any more is given up after three checks, and nothing is lost", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake, { listInterval: "1h", requestTimeout: "200ms" });
    await recorded.synced();
    fake.behaviour = "mute";
    await recorded.until("the doubt", () => warnings(recorded).some((text) => /nothing heard for \d+ ms/.test(text)));
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1"]);
    fake.behaviour = "normal";
    await recorded.synced(2);
  });

  test("to a server that is busy is kept while others are answered, and the question asked again", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake, { listInterval: "1h", requestTimeout: "300ms", healthCheckInterval: "100ms" });
    await recorded.synced();
    let swallowed = 0;
    fake.swallows = (type) => type === "ServiceQueryRequest" && ++swallowed === 1;
    const pushes = setInterval(() => fake.services.put("orders", hosts(1)), 50);
    t.after(() => clearInterval(pushes));
    recorded.session.relist();
    await recorded.synced(2);
    assert.equal(swallowed, 2);
    assert.equal(recorded.count("unreachable"), 0);
  });

  test("that a server wants elsewhere goes there, and everything is read anew", async (t) => {
    const [first, second] = [await fakeServer(t), await fakeServer(t)];
    // Both have to lie equally far from their gRPC ports.
    const proxies = await Promise.all([first, second].map(({ grpcPort }) => TcpProxy.start(grpcPort)));
    for (const proxy of proxies) t.after(() => proxy.close());
    for (const fake of [first, second]) fake.services.put("orders", hosts(1));
    const recorded = open(
      t,
      { port: 1, grpcPortOffset: 1 },
      { grpcPortOffset: 0, servers: proxies.map(({ port }) => `127.0.0.1:${port}`) },
    );
    await recorded.synced();
    const [here, there, port] = first.connections.size > 0 ? [first, second, proxies[1]!.port] : [second, first, proxies[0]!.port];
    for (let turn = 1; turn <= 2; turn++) {
      const [from, to] = turn === 1 ? [here, there] : [there, here];
      const target = turn === 1 ? port : proxies.find((proxy) => proxy.port !== port)!.port;
      const [connection] = from.connections.values();
      connection!.ask("ConnectResetRequest", { serverIp: "127.0.0.1", serverPort: String(target) }, "internal");
      await recorded.until("the other server", () => to.connections.size === 1 && recorded.count("commit") === turn + 1);
    }
    assert.match(recorded.last("unreachable")?.text ?? "", /asks us to connect anew/);
  });

  test("is made to the next server while one is away, starts, or never answers", async (t) => {
    const [mute, starting, good] = [
      await fakeServer(t, { behaviour: "mute" }),
      await fakeServer(t, { behaviour: "starting" }),
      await fakeServer(t),
    ];
    good.services.put("orders", hosts(1));
    const proxies = await Promise.all([mute, starting, good].map(({ grpcPort }) => TcpProxy.start(grpcPort)));
    for (const proxy of proxies) t.after(() => proxy.close());
    const away = await TcpProxy.start(1);
    t.after(() => away.close());
    await away.set("refuse");
    const servers = [away, ...proxies].map(({ port }) => `127.0.0.1:${port}`);
    const recorded = open(t, { port: 1, grpcPortOffset: 1 }, { grpcPortOffset: 0, servers, connectTimeout: "500ms" });
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1"]);
  });

  test("leaves no socket behind at a server that accepts it and never says a word", async (t) => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket.on("error", () => {}).once("close", () => sockets.delete(socket)));
      // Or the other end's farewell would not be noticed.
      socket.resume();
    }).listen(0, "127.0.0.1");
    await once(mute, "listening");
    t.after(() => {
      mute.close();
      for (const socket of sockets) socket.destroy();
    });
    const { port } = mute.address() as AddressInfo;
    for (const tls of [undefined, { ca: certificateFile("authority.pem") }]) {
      let most = 0;
      const recorded = open(t, { port, grpcPortOffset: 0 }, { connectTimeout: "100ms", ...(tls && { tls }) });
      const attempts = () => recorded.told.filter(({ what, text }) => what === "log" && text.includes("no connection was set up")).length;
      await recorded.until("five attempts", () => {
        most = Math.max(most, sockets.size);
        return attempts() >= 5;
      });
      assert.ok(most <= 2, `${most} sockets were open`);
      await recorded.session.close();
    }
  });

  test("lets the server push thousands of services ahead: one that has to wait gives pushes up, and repeats them for seconds", async (t) => {
    const server = createHttp2Server().listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    open(t, { port, grpcPortOffset: 0 });
    const [session] = (await once(server, "session")) as [ServerHttp2Session];
    t.after(() => session.destroy());
    const [{ initialWindowSize }] = (await once(session, "remoteSettings")) as [Settings];
    assert.ok((initialWindowSize ?? 0) >= 5_000 * 2_000, `${initialWindowSize}`);
  });

  test("a server that does not know it any more is asked anew", async (t) => {
    const fake = await fakeServer(t);
    const recorded = open(t, fake);
    await recorded.synced();
    // It gave us up without closing anything.
    fake.connections.clear();
    await recorded.synced(2);
    assert.match(recorded.last("unreachable")?.text ?? "", /301|does not know this connection/);
  });

  test("messages of unknown types and without sense hurt nobody", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake);
    await recorded.synced();
    const [connection] = fake.connections.values();
    connection!.ask("SomethingNewRequest", { with: ["anything"] });
    connection!.ask("NotifySubscriberRequest", { serviceInfo: "none" });
    connection!.ask("NamingFuzzyWatchSyncRequest", { groupKeyPattern: 5 });
    await recorded.until("the problem", () => recorded.problems.some(({ code }) => code === "bad-service"));
    fake.services.put("orders", hosts(2));
    await recorded.until("a change after it", () => addresses(recorded, "||orders|")?.[0] === "10.0.0.2");
    assert.equal(recorded.count("unreachable"), 0);
  });

  test("a restarted server whose clients are not back yet: contact was lost before anything shrinks, and all subscriptions are there for the return", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    fake.services.put("kept", [{ ip: "10.0.0.9", port: 1, ephemeral: false }]);
    const recorded = open(t, fake);
    await recorded.synced();
    await fake.shutDown();
    fake.services.forgetEphemeral();
    await fake.listen();
    await recorded.synced(2);
    const lost = recorded.told.findIndex(({ what }) => what === "unreachable");
    const shrunk = recorded.told.findIndex(({ service }) => service?.key.name === "orders" && service.instances.length === 0);
    assert.ok(lost >= 0 && lost < shrunk, "the catalog opens its hold first");
    assert.deepEqual(addresses(recorded, "||kept|"), ["10.0.0.9"]);
    assert.equal(recorded.view.get("service/||kept|")?.instances[0]?.health, undefined, "it has not been probed so far");
    assert.ok(recorded.view.has("service/||orders|"), "an unlisted service is empty, not gone");
    fake.services.put("orders", hosts(1, 2));
    await recorded.until("the return, by a push", () => addresses(recorded, "||orders|")?.length === 2, 900);
  });

  test("ends with its session, and nothing is asked any more", async (t) => {
    const fake = await fakeServer(t, { version: "3.0", namespaces: [] });
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake, { namespaces: "*", groups: "*" });
    await recorded.synced();
    await recorded.session.close();
    const told = recorded.told.length;
    const witness = open(t, fake);
    await witness.synced();
    assert.equal(fake.connections.size, 1, "the witness alone is connected");
    fake.services.put("orders", hosts(1, 2));
    await witness.until("the push", () => addresses(witness, "||orders|")?.length === 2);
    assert.equal(recorded.told.length, told);
  });

  suite("over TLS", () => {
    const credentials = () =>
      ServerCredentials.createSsl(null, [
        { cert_chain: readFileSync(certificateFile("server.pem")), private_key: readFileSync(certificateFile("server.key")) },
      ]);

    test("is verified by the authority that is given", async (t) => {
      const fake = await fakeServer(t, {}, credentials());
      fake.services.put("orders", hosts(1));
      const recorded = open(t, fake, { servers: `localhost:${fake.port}`, tls: { ca: certificateFile("authority.pem") } });
      await recorded.synced();
      assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1"]);
    });

    test("shows the certificate that the server asks for", async (t) => {
      const [cert_chain, private_key] = ["server.pem", "server.key"].map((file) => readFileSync(certificateFile(file as "server.pem")));
      const mutual = ServerCredentials.createSsl(
        readFileSync(certificateFile("authority.pem")),
        [{ cert_chain: cert_chain!, private_key: private_key! }],
        true,
      );
      const fake = await fakeServer(t, {}, mutual);
      const ca = certificateFile("authority.pem");
      const servers = `localhost:${fake.port}`;
      const known = { certificate: certificateFile("client.pem"), key: certificateFile("client.key") };
      await open(t, fake, { servers, tls: { ca, ...known } }).synced();
      const unknown = open(t, fake, { servers, tls: { ca } });
      await unknown.until("the reason", () => warnings(unknown).some((text) => /UNAVAILABLE/.test(text)));
      assert.equal(unknown.count("commit"), 0);
    });

    test("is refused under another authority or name, and in plain text, with the reason", async (t) => {
      const fake = await fakeServer(t, {}, credentials());
      const servers = `localhost:${fake.port}`;
      for (const [tls, reason] of [
        [{ ca: certificateFile("stranger-authority.pem") }, /certificate|self-signed|unable to/i],
        [{ ca: certificateFile("authority.pem"), serverName: "other.example" }, /other\.example|altnames/i],
        [undefined, /UNAVAILABLE/],
      ] as const) {
        const recorded = open(t, fake, { servers, ...(tls && { tls }) });
        await recorded.until(String(reason), () => warnings(recorded).some((text) => reason.test(text)));
        assert.equal(recorded.count("commit"), 0);
      }
    });
  });
});

suite("the health of persistent instances", () => {
  const service = (...healthy: boolean[]) => {
    const instances = healthy.map((each, at) => ({
      ip: `10.0.0.${at + 1}`,
      port: 1,
      clusterName: "DEFAULT",
      healthy: each,
      ephemeral: false,
    }));
    return { namespace: "public", group: "G", name: "orders", instances: instances as unknown as NacosInstance[] };
  };
  const health = ({ instances }: NacosService) => instances.map(({ healthy }) => healthy);

  test("is what it was for a while after a connection began, and then what the server says", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const told: NacosService[] = [];
    const settling = new SettlingHealth((each) => told.push(settling.settled(each)));
    settling.begin();
    assert.deepEqual(health(settling.settled(service(true, true, false))), [true, true, false], "nothing was known before");
    assert.deepEqual(health(settling.settled(service(false, false, false))), [true, true, false]);
    assert.deepEqual(health(settling.settled(service(true, false, false))), [true, true, false]);
    t.mock.timers.tick(30_000);
    assert.deepEqual(told.map(health), [[true, false, false]]);
    assert.deepEqual(health(settling.settled(service(false, false, false))), [false, false, false], "at once, as always");
    settling.stop();
  });
});

suite("an answer and a push that overtake each other", () => {
  const service = (ip: string) => ({ namespace: "public", group: "G", name: "orders", instances: [{ ip } as NacosInstance] });

  test("the newer one counts, whichever came last", () => {
    const answers = new NewestAnswers();
    const awaited = answers.await("G@@orders");
    answers.pushed("G@@orders", service("10.0.0.2"), 20);
    assert.equal(awaited.newest(service("10.0.0.1"), 10).instances[0]?.ip, "10.0.0.2");
    assert.equal(awaited.newest(service("10.0.0.3"), 30).instances[0]?.ip, "10.0.0.3");
  });

  test("what was pushed before the question, or by a clock that was set back, does not count for ever", () => {
    const answers = new NewestAnswers();
    answers.pushed("G@@orders", service("10.0.0.2"), 1_000);
    const awaited = answers.await("G@@orders");
    assert.equal(awaited.newest(service("10.0.0.1"), 10).instances[0]?.ip, "10.0.0.1");
    awaited.done();
  });
});

suite("what is no Nacos", () => {
  for (const [what, speak] of [
    ["hangs up", (socket: Socket) => socket.end()],
    ["speaks HTTP/1", (socket: Socket) => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")],
    ["says nothing", () => {}],
  ] as const) {
    test(`on both ports ${what}: it is said what was tried, and again slowly enough`, async (t) => {
      const server = await plainServer(t, speak);
      const recorded = open(
        t,
        { port: (server.address() as { port: number }).port, grpcPortOffset: 0 },
        {
          transport: "auto",
          connectTimeout: "300ms",
          requestTimeout: "300ms",
        },
      );
      await recorded.until("both reasons", () => warnings(recorded).some((text) => /over gRPC: .+; over HTTP: .+/.test(text)));
      await recorded.until("more attempts", () => recorded.count("unreachable") >= 4);
      assert.equal(new Set(warnings(recorded)).size, warnings(recorded).length, "each reason is said once");
      assert.equal(recorded.count("commit"), 0);
    });
  }
});

suite("a message", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.dictionary(fc.string(), fc.jsonValue()), (type, fields) => {
        const message = decodeMessage(encodeMessage({ type, fields, headers: { a: "b" } }));
        assert.deepEqual(JSON.stringify(message), JSON.stringify({ type, fields, headers: { a: "b" } }));
      }),
    );
  });

  test("of any bytes is a message or an Error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
    );
  });
});

async function plainServer(t: TestContext, speak: (socket: Socket) => void): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    speak(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}
