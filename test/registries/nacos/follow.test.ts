import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import { serviceFilter, WantedGroups } from "../../../src/registries/nacos/follow/wanted-services.ts";
import type { FakeNacos } from "../../support/fake-nacos/server.ts";
import { FakeNacosHttp } from "../../support/fake-nacos-http/server.ts";
import type { RecordedSession } from "../../support/recorded-session.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { addresses, fakeServer, hosts, open, warnings } from "./session-rig.ts";

const prod = { id: "8a1e", name: "Production" };

suite("the services of a Nacos", () => {
  test("of instances in all clusters are told", async (t) => {
    const fake = await fakeServer(t);
    const [first, second] = hosts(1, 2);
    fake.services.put("orders", [first!, { ...second!, clusterName: "east" }]);
    const recorded = open(t, fake);
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1", "10.0.0.2"]);
    assert.ok(fake.requests.every(({ fields }) => fields.clusters === undefined || fields.clusters === ""));
  });

  test("whose last instance goes are told empty, by push alone, and stay so when the server lists them no more", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake, { listInterval: "1h" });
    await recorded.synced();
    fake.services.put("orders", []);
    await recorded.until("emptiness", () => addresses(recorded, "||orders|")?.length === 0);
    fake.services.remove("orders");
    const lists = listsOf(fake);
    recorded.session.relist();
    await recorded.synced(2);
    recorded.session.relist();
    await recorded.synced(3);
    assert.ok(listsOf(fake) >= lists + 2);
    assert.deepEqual(addresses(recorded, "||orders|"), []);
    fake.services.put("orders", hosts(2));
    await recorded.until("the return, by push", () => addresses(recorded, "||orders|")?.length === 1);
  });

  test("that never had instances are not told, and given up when they are listed no more", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("empty", []);
    const recorded = open(t, fake);
    await recorded.synced();
    fake.services.remove("empty");
    const isGivenUp = () => fake.requests.some(({ fields }) => fields.subscribe === false && fields.serviceName === "empty");
    await recorded.until("the end of the subscription", isGivenUp);
    assert.equal(recorded.view.size, 0);
  });

  test("that are new are found by listing", async (t) => {
    const fake = await fakeServer(t);
    const recorded = open(t, fake);
    await recorded.synced();
    fake.services.put("late", hosts(1));
    await recorded.until("the new one", () => addresses(recorded, "||late|")?.length === 1);
    assert.equal(recorded.count("commit"), 1, "without a reading of everything");
  });

  test("whose pushes were lost are right again after everything was read anew", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1));
    const recorded = open(t, fake, { relistInterval: "1s", listInterval: "1h" });
    await recorded.synced();
    fake.losesPushes = true;
    fake.services.put("orders", hosts(1, 2));
    await recorded.until("the other instance", () => addresses(recorded, "||orders|")?.length === 2);
  });

  test("that cannot be read keep their last state and are named, the others go on", async (t) => {
    const fake = await fakeServer(t);
    for (const name of ["orders", "users"]) fake.services.put(name, hosts(1));
    const recorded = open(t, fake);
    await recorded.synced();
    fake.answer = (type, { serviceName }) =>
      type === "ServiceQueryRequest" && serviceName === "orders" ? { resultCode: 200, serviceInfo: "garbage" } : undefined;
    recorded.session.relist();
    await recorded.synced(2);
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1"]);
    assert.deepEqual(
      recorded.problems.map(({ code, where }) => [code, where]),
      [["bad-service", "public/DEFAULT_GROUP@@orders"]],
    );
  });

  test("that the server refuses cost themselves only, and are asked for again with every list", async (t) => {
    const fake = await fakeServer(t);
    for (const name of ["orders", "users"]) fake.services.put(name, hosts(1));
    let refused = 0;
    let code = 500;
    fake.answer = (type, { serviceName }) => {
      if (type !== "SubscribeServiceRequest" || serviceName !== "orders" || code === 0) return undefined;
      refused += 1;
      return { resultCode: 500, errorCode: code, message: "no such luck" };
    };
    const recorded = open(t, fake, {}, ["service/||orders|", "service/||vanished|"]);
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "||users|"), ["10.0.0.1"]);
    assert.equal(addresses(recorded, "||orders|"), undefined, "an earlier worker's word of it stays");
    const [problem] = recorded.problems;
    assert.deepEqual([problem?.code, problem?.where], ["bad-service", "public/DEFAULT_GROUP@@orders"]);
    // A right that is granted service by service is no other case.
    code = 403;
    await recorded.until("another question", () => refused >= 3);
    code = 0;
    await recorded.until("its answer", () => addresses(recorded, "||orders|")?.length === 1);
    assert.equal(recorded.count("unreachable"), 0);
    recorded.session.relist();
    await recorded.synced(2);
    assert.deepEqual(addresses(recorded, "||vanished|"), [], "what nobody can be is without instances");
  });

  for (const [what, code, reason] of [
    ["refuses most of them", 500, /too much \(500\)/],
    ["is still starting", 300, /too much \(300\)/],
  ] as const) {
    test(`of a server that ${what} are read anew from another connection`, async (t) => {
      const fake = await fakeServer(t);
      for (let at = 1; at <= 9; at++) fake.services.put(`orders-${at}`, hosts(at));
      fake.answer = (type, { serviceName }) =>
        type === "SubscribeServiceRequest" && serviceName !== "orders-1"
          ? { resultCode: 500, errorCode: code, message: "too much" }
          : undefined;
      const recorded = open(t, fake);
      await recorded.until("the doubt", () => warnings(recorded).some((text) => reason.test(text)));
      assert.equal(recorded.count("commit"), 0);
      fake.answer = undefined;
      await recorded.synced();
      assert.equal(recorded.view.size, 9);
    });
  }

  test("listed in pages that shift meanwhile are all there", async (t) => {
    const fake = await fakeServer(t);
    const names = Array.from({ length: 7_000 }, (_, at) => `service-${at}`);
    let first = true;
    fake.answer = (type, { pageNo, pageSize }) => {
      if (type !== "ServiceListRequest") return undefined;
      const from = (Number(pageNo) - 1) * Number(pageSize);
      // The second page begins one too late, once.
      const shift = first && pageNo === 2 ? 1 : 0;
      if (shift) first = false;
      return { resultCode: 200, count: names.length, serviceNames: names.slice(from + shift, from + Number(pageSize)) };
    };
    // Nothing is subscribed.
    const recorded = open(t, fake, { include: ["none"], requestTimeout: "5s" });
    await recorded.synced();
    assert.equal(listsOf(fake), 4, "two pages, twice");
  });

  test("that an earlier worker told are not forgotten while the server has none", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", []);
    const recorded = open(t, fake, {}, ["service/||orders|", "service/||vanished|"]);
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "||orders|"), []);
    assert.deepEqual(addresses(recorded, "||vanished|"), []);
  });

  test("are subscribed only if they are wanted, and never more at a time than allowed", async (t) => {
    const fake = await fakeServer(t);
    const wanted = Array.from({ length: 20 }, (_, at) => `shop-${at}`);
    for (const name of [...wanted, "other", "shop-old-1", "routers:com.acme.A"]) fake.services.put(name, hosts(1));
    const recorded = open(t, fake, { include: ["shop-*", "com.acme.*"], exclude: ["*-old-*"], maxInFlight: 2 });
    await recorded.synced();
    const subscribed = fake.requests.filter(({ type }) => type === "SubscribeServiceRequest").map(({ fields }) => fields.serviceName);
    assert.deepEqual(subscribed.sort(), wanted.sort());
  });

  test("wait for each other's answers: so many are asked for at a time, and no more", async (t) => {
    const fake = await fakeServer(t);
    for (let at = 0; at < 20; at++) fake.services.put(`orders-${at}`, hosts(1));
    const count = (wanted: string) => fake.requests.filter(({ type }) => type === wanted).length;
    fake.swallows = (type) => type === "SubscribeServiceRequest";
    open(t, fake, { maxInFlight: 3, requestTimeout: "10s" });
    // It has had time for more by then.
    while (count("HealthCheckRequest") < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(count("SubscribeServiceRequest"), 3);
  });
});

suite("names that a server like 3.0 tells by patterns", () => {
  test("are there before any list, are acknowledged, and ask for one pattern a namespace", async (t) => {
    const fake = await fakeServer(t, { version: "3.0" });
    const recorded = open(t, fake, { listInterval: "1h" });
    await recorded.synced();
    await patterned(recorded, fake);
    fake.services.put("late", hosts(1));
    fake.services.put("elsewhere", hosts(1), "OTHER");
    await recorded.until("the new one", () => addresses(recorded, "||late|")?.length === 1);
    const [connection] = fake.connections.values();
    assert.deepEqual([...connection!.patterns], ["public>>DEFAULT_GROUP>>*"]);
    assert.ok(connection!.acknowledged.some(({ type }) => type === "NamingFuzzyWatchChangeNotifyResponse"));
    assert.equal(addresses(recorded, "|OTHER|elsewhere|"), undefined);
  });

  for (const [what, limits, code] of [
    ["has no room for a pattern", { patterns: 0, services: 500 }, /50310/],
    ["does not tell all of them", { patterns: 20, services: 1 }, /50311/],
  ] as const) {
    test(`of a server that ${what} are found by listing, and that is told`, async (t) => {
      const fake = await fakeServer(t, { version: "3.0", limits });
      for (const name of ["orders", "users"]) fake.services.put(name, hosts(1));
      const recorded = open(t, fake);
      await recorded.synced();
      await recorded.until("the problem", () =>
        recorded.problems.some((each) => each.code === "names-not-watched" && code.test(each.message)),
      );
      for (const connection of fake.connections.values()) connection.patterns.clear();
      fake.services.put("late", hosts(1));
      await recorded.until("the new one", () => addresses(recorded, "||late|")?.length === 1);
      assert.equal(recorded.count("unreachable"), 0);
    });
  }

  test("that were lost on the way are found by what we say that we know, every three minutes", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const fake = await fakeServer(t, { version: "3.0", administrates: false, pushDelay: 0 });
    fake.services.put("orders", hosts(1), "A");
    fake.services.put("users", hosts(1), "A");
    const recorded = open(t, fake, { groups: "*", listInterval: "1h" });
    // No list is complete before the pattern is.
    while (recorded.count("commit") === 0) await nextTurn(t);
    const [connection] = fake.connections.values();
    const patterns = [...connection!.patterns];
    connection!.patterns.clear();
    fake.services.put("late", hosts(1), "A");
    fake.services.remove("users", "A");
    for (const pattern of patterns) connection!.patterns.add(pattern);
    t.mock.timers.tick(3 * 60_000);
    while (addresses(recorded, "|A|late|") === undefined) await nextTurn(t);
    const watches = fake.requests.filter(({ type }) => type === "NamingFuzzyWatchRequest").map(({ fields }) => fields);
    assert.deepEqual(watches.at(-1)?.receivedGroupKeys, ["public@@A@@orders", "public@@A@@users"]);
    assert.equal(watches.at(-1)?.initializing, false);
  });

  test("are the list of all groups for who may not administer", async (t) => {
    const fake = await fakeServer(t, { version: "3.0", administrates: false });
    fake.services.put("orders", hosts(1), "A");
    const recorded = open(t, fake, { groups: "*" });
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "|A|orders|"), ["10.0.0.1"]);
  });
});

suite("groups and namespaces", () => {
  test("several groups are several services of one name, unless they are merged", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("orders", hosts(1), "A");
    fake.services.put("orders", hosts(2), "B");
    fake.services.put("orders", hosts(3), "C");
    const apart = open(t, fake, { groups: ["A", "B"] });
    await apart.synced();
    assert.deepEqual([...apart.view.keys()].sort(), ["service/|A|orders|", "service/|B|orders|"]);
    const merged = open(t, fake, { groups: ["A", "B"], merge: "groups" });
    await merged.synced();
    assert.deepEqual(addresses(merged, "||orders|"), ["10.0.0.1", "10.0.0.2"]);
  });

  test("all groups are those of the HTTP API, page by page", async (t) => {
    const fake = await fakeServer(t);
    for (let at = 0; at < 1_100; at++) fake.services.put(`service-${at}`, hosts(1), `G${at % 3}`);
    const recorded = open(t, fake, { groups: "*", include: ["service-1", "service-1099"] });
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()].sort(), ["service/|G1|service-1099|", "service/|G1|service-1|"]);
    assert.equal(fake.httpRequests.filter((text) => text.endsWith("/v1/ns/catalog/services")).length, 3);
  });

  test("namespaces are named by id or show name, and pairs limit their groups", async (t) => {
    const fake = await fakeServer(t, { namespaces: [prod, { id: "b2", name: "Test" }] });
    for (const namespace of ["public", prod.id, "b2"]) {
      for (const group of ["A", "B"]) fake.services.put("orders", hosts(1), group, namespace);
    }
    const recorded = open(t, fake, { groups: ["Production:A", "b2:B"] });
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()].sort(), ["service/8a1e|A|orders|", "service/b2|B|orders|"]);
  });

  test("a namespace that comes is read, and one that goes takes its services with it", async (t) => {
    const fake = await fakeServer(t, { namespaces: [] });
    fake.services.put("orders", hosts(1), "DEFAULT_GROUP", prod.id);
    const recorded = open(t, fake, { namespaces: "*" });
    await recorded.synced();
    assert.equal(recorded.view.size, 0);
    fake.namespaces = [prod];
    await recorded.until("the new one", () => addresses(recorded, "8a1e||orders|")?.length === 1);
    fake.namespaces = [];
    await recorded.until("its end", () => !recorded.view.has("service/8a1e||orders|"));
    await recorded.until("its connection's end", () => fake.connections.size === 1);
  });

  test("a list of namespaces that fails takes none away", async (t) => {
    const fake = await fakeServer(t, { namespaces: [prod] });
    fake.services.put("orders", hosts(1), "DEFAULT_GROUP", prod.id);
    const recorded = open(t, fake, { namespaces: "*" });
    await recorded.synced();
    fake.namespaces = undefined;
    const asked = fake.httpRequests.length;
    await recorded.until("two more questions", () => fake.httpRequests.length >= asked + 4);
    assert.deepEqual(addresses(recorded, "8a1e||orders|"), ["10.0.0.1"]);
  });

  test("an unknown namespace is told and costs only itself; where none are listed, what is named is an id", async (t) => {
    const fake = await fakeServer(t, { namespaces: [prod] });
    fake.services.put("orders", hosts(1));
    fake.services.put("orders", hosts(2), "DEFAULT_GROUP", "never-created");
    const recorded = open(t, fake, { namespaces: ["public", "never-created", "Kein Name"] });
    await recorded.synced();
    assert.deepEqual(recorded.problems.map(({ code, where }) => [code, where]).slice(0, 2), [
      ["unknown-namespace", "never-created"],
      ["unknown-namespace", "Kein Name"],
    ]);
    assert.deepEqual([...recorded.view.keys()].sort(), ["service/never-created||orders|", "service/||orders|"]);
    fake.namespaces = undefined;
    const blind = open(t, fake, { namespaces: ["never-created"] });
    await blind.synced();
    assert.deepEqual(blind.problems[0]?.code, "namespaces-not-listed");
    const helpless = open(t, fake, { namespaces: "*" });
    await helpless.until("the reason", () => warnings(helpless).some((text) => /namespaces cannot be listed: .*404/.test(text)));
    assert.equal(helpless.count("commit"), 0);
  });

  test("names, pairs and wildcards say which groups of which namespace", () => {
    const of = (settings: { namespaces?: string[]; groups?: string[] }, namespace = { id: "public", name: "public" }) => {
      const wanted = new WantedGroups({ groups: [], ...settings });
      return [wanted.namespaces, wanted.of(namespace)];
    };
    assert.deepEqual(of({}), [["public"], ["DEFAULT_GROUP"]]);
    assert.deepEqual(of({ groups: ["*"] }), [["public"], undefined]);
    assert.deepEqual(of({ groups: ["a:B"] }), [["a"], []]);
    assert.deepEqual(of({ groups: ["A", "public:B", "*:c:d"] }), [
      ["public", "*"],
      ["A", "B", "c:d"],
    ]);
    assert.deepEqual(of({ namespaces: ["*"], groups: ["A", "Production:*"] }, prod)[1], undefined);
  });

  test("patterns are for whole names, of Dubbo also for interfaces", () => {
    const wanted = serviceFilter({ include: ["com.acme.*", "shop"], exclude: ["com.acme.Old"], consumers: false });
    const names = [
      "shop",
      "shops",
      "providers:com.acme.A:1:g",
      "providers:com.acme.Old::",
      "consumers:com.acme.A::",
      "configurators:com.acme.A",
    ];
    assert.deepEqual(names.filter(wanted), ["shop", "providers:com.acme.A:1:g"]);
  });
});

suite("a server that is read over HTTP, since its gRPC port is closed", () => {
  test("is asked there again after a minute, and then read there, without a loss in between", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const [http, fake] = [await new FakeNacosHttp().start(), await fakeServer(t)];
    t.after(() => http.stop());
    const gate = await TcpProxy.start(fake.grpcPort);
    t.after(() => gate.close());
    await gate.set("refuse");
    http.state.put("public", "DEFAULT_GROUP", "orders", hosts(1));
    fake.services.put("orders", hosts(1, 2));
    const recorded = open(t, { port: http.port, grpcPortOffset: gate.port - http.port }, { transport: "auto", listInterval: "1h" });
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1"]);
    await gate.set("pass");
    t.mock.timers.tick(60_000);
    await recorded.synced(2);
    assert.deepEqual(addresses(recorded, "||orders|"), ["10.0.0.1", "10.0.0.2"]);
    assert.equal(recorded.count("unreachable"), 0);
    assert.equal(recorded.count("suspicious"), 1, "another connection, perhaps to another server");
    // The one that only looked is gone, and nobody polls any more.
    while (fake.connections.size > 1) await new Promise((resolve) => setImmediate(resolve));
    const asked = http.requests.length;
    t.mock.timers.tick(60_000);
    fake.services.put("orders", hosts(3));
    t.mock.timers.tick(10);
    await recorded.until("the push", () => addresses(recorded, "||orders|")?.[0] === "10.0.0.3");
    assert.equal(http.requests.length, asked);
  });
});

suite("what a Dubbo application offers", () => {
  const info = JSON.stringify({
    app: "order-center",
    revision: "r1",
    services: {
      "com.acme.Orders:1.0.0:dubbo": { name: "com.acme.Orders", version: "1.0.0", protocol: "dubbo", path: "com.acme.Orders", params: {} },
    },
  });
  const instance = {
    ip: "10.0.0.1",
    port: 20880,
    metadata: {
      "dubbo.metadata.revision": "r1",
      "dubbo.endpoints": '[{"port":20880,"protocol":"dubbo"}]',
      "dubbo.metadata.storage-type": "remote",
    },
  };

  test("is read from the configurations of its namespace, also if it is written after the instance", async (t) => {
    const fake = await fakeServer(t);
    fake.services.configs.set("/r1/order-center", info);
    fake.services.put("order-center", [instance]);
    fake.services.put("order-center", [instance], "DEFAULT_GROUP", "late");
    const recorded = open(t, fake, { namespaces: ["public", "late"] });
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "||com.acme.Orders|1.0.0"), ["10.0.0.1"]);
    assert.equal(addresses(recorded, "late||com.acme.Orders|1.0.0"), undefined);
    fake.services.configs.set("late/r1/order-center", info);
    await recorded.until("the late one", () => addresses(recorded, "late||com.acme.Orders|1.0.0")?.length === 1);
  });

  test("and may not be read, makes the application a service, and that is told", async (t) => {
    const fake = await fakeServer(t);
    fake.services.put("order-center", [{ ...instance, metadata: { ...instance.metadata, "dubbo.metadata.storage-type": "local" } }]);
    fake.answer = (type) => (type === "ConfigQueryRequest" ? { resultCode: 500, errorCode: 403, message: "no right" } : undefined);
    const recorded = open(t, fake);
    await recorded.synced();
    assert.deepEqual(addresses(recorded, "||order-center|"), ["10.0.0.1"]);
    assert.equal(recorded.problems[0]?.code, "no-permission");
    assert.equal(recorded.count("unreachable"), 0);
  });
});

function listsOf(fake: FakeNacos): number {
  return fake.requests.filter(({ type }) => type === "ServiceListRequest").length;
}

/** Pushes and retries of a clock that is wound by hand, and all that follows from them. */
async function nextTurn({ mock }: TestContext): Promise<void> {
  mock.timers.tick(1);
  await new Promise((resolve) => setImmediate(resolve));
}

/** The server knows our pattern. */
function patterned(recorded: RecordedSession, fake: FakeNacos): Promise<void> {
  return recorded.until("the pattern", () => [...fake.connections.values()].some(({ patterns }) => patterns.size > 0));
}
