import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { MeaningSettings } from "../../../../src/registries/nacos/meaning/settings.ts";
import type { Instance, Service } from "../../../../src/registries/service.ts";
import { ItemsRig, read, reversed } from "./items-rig.ts";

interface Host {
  readonly [key: string]: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

function host(last: number, more: Host = {}): Record<string, unknown> {
  return { ip: `10.0.0.${last}`, port: 8080, weight: 1, healthy: true, enabled: true, ephemeral: true, clusterName: "DEFAULT", ...more };
}

function service(name: string, hosts: readonly Record<string, unknown>[], group = "DEFAULT_GROUP"): Record<string, unknown> {
  return { name, groupName: group, hosts };
}

/** What one instance of a plain service becomes. */
function instance(more: Host, changes: Partial<MeaningSettings> = {}): Partial<Instance> {
  const { items, problems } = read([service("orders", [host(1, more)])], {}, changes);
  assert.deepEqual(problems, []);
  const [item] = items;
  assert.ok(item?.kind === "service");
  return item.service.instances[0]!;
}

function ids({ instances }: Service): string[] {
  return instances.map(({ id }) => id);
}

suite("an instance of Nacos", () => {
  test("has its port, the server's weight, and nothing that the server calls normal", () => {
    assert.deepEqual(instance({}), {
      id: "10.0.0.1:8080",
      address: "10.0.0.1",
      ports: [{ number: 8080, protocol: "http" }],
      weight: 1,
      labels: {},
    });
  });

  test("keeps decimals of its weight, and with weight 0 is out, as for Nacos' own clients", () => {
    assert.equal(instance({ weight: 0.5 }).weight, 0.5);
    const { weight, health } = instance({ weight: 0 });
    assert.deepEqual([weight, health], [undefined, "disabled"]);
  });

  test("tells whether it is enabled, healthy and persistent", () => {
    assert.equal(instance({ enabled: false }).health, "disabled");
    assert.equal(instance({ healthy: false }).health, "unhealthy");
    assert.equal(instance({ ephemeral: false }).persistent, true);
  });

  test("says by its metadata what it speaks", () => {
    const protocol = (metadata: Record<string, string>, changes?: Partial<MeaningSettings>) => instance({ metadata }, changes).ports;
    assert.deepEqual(protocol({ protocol: "TRI" }), [{ number: 8080, protocol: "tri" }]);
    assert.deepEqual(protocol({ secure: "true" }), [{ number: 8080, protocol: "https" }]);
    assert.deepEqual(protocol({ secure: "false" }), [{ number: 8080, protocol: "http" }]);
    assert.deepEqual(protocol({ protocol: "no protocol" }, { protocol: "tcp" }), [{ number: 8080, protocol: "tcp" }]);
  });

  test("offers gRPC where its metadata name a port for it", () => {
    const ports = (metadata: Record<string, string>) => instance({ metadata }).ports?.slice(1);
    assert.deepEqual(ports({ gRPC_port: "9090" }), [{ number: 9090, protocol: "grpc" }]);
    assert.deepEqual(ports({ "gRPC.port": "9091", gRPC_port: "9091" }), [{ number: 9091, protocol: "grpc" }]);
    for (const port of ["0", "70000", "x", ""]) assert.deepEqual(ports({ gRPC_port: port }), [], port);
  });

  test("is reached by IPv6 where that is wanted and its metadata tell an address", () => {
    const metadata = { IPv6: "[2001:DB8::1]" };
    assert.equal(instance({ metadata }).address, "10.0.0.1");
    assert.equal(instance({ metadata }, { ipv6: true }).address, "2001:db8::1");
    assert.equal(instance({ metadata: { IPv6: "nonsense:" } }, { ipv6: true }).address, "10.0.0.1");
    assert.deepEqual(instance({ ip: "2001:db8::2" }).id, "[2001:db8::2]:8080");
  });

  test("may be registered by host name", () => {
    assert.equal(instance({ ip: "Orders.example.com" }).address, "orders.example.com");
  });

  test("has as labels what its metadata say of it, and neither machinery nor secrets nor texts", () => {
    const metadata = {
      version: "v2",
      "preserved.register.source": "SPRING_CLOUD",
      "management.port": "8081",
      IPv6: "2001:db8::1",
      secure: "false",
      "db.password": "x",
      long: "x".repeat(300),
      empty: "",
      none: null,
    };
    assert.deepEqual(instance({ metadata }).labels, { version: "v2" });
  });

  test("has its cluster as label, or as zone, or as region, and the default one as none", () => {
    const more = { clusterName: "hz", metadata: { region: "cn", zone: "a", subzone: "r1" } };
    const place = (clusters: MeaningSettings["clusters"]) => {
      const { labels, locality } = instance(more, { clusters });
      return [labels?.cluster, locality];
    };
    assert.deepEqual(place("label"), ["hz", { region: "cn", zone: "a", subzone: "r1" }]);
    assert.deepEqual(place("zone"), [undefined, { region: "cn", zone: "hz", subzone: "r1" }]);
    assert.deepEqual(place("region"), [undefined, { region: "hz", zone: "a", subzone: "r1" }]);
    assert.deepEqual(place("none"), [undefined, { region: "cn", zone: "a", subzone: "r1" }]);
    assert.deepEqual(instance({}, { clusters: "zone" }).locality, undefined);
  });

  test("in two clusters at one address is two", () => {
    const { items } = read([service("orders", [host(1), host(1, { clusterName: "hz" }), host(1, { weight: 7 })])]);
    assert.ok(items[0]?.kind === "service");
    assert.deepEqual(ids(items[0].service), ["10.0.0.1:8080", "10.0.0.1:8080#hz"]);
  });

  test("that nobody could reach costs only itself and is named", () => {
    const { items, problems } = read([
      service("orders", [host(1), host(2, { ip: "0.0.0.0" }), host(3, { port: 0 }), host(4, { ip: "a b" })]),
    ]);
    assert.ok(items[0]?.kind === "service");
    assert.deepEqual(ids(items[0].service), ["10.0.0.1:8080"]);
    assert.deepEqual(
      problems.map(({ code, where }) => `${code} ${where}`),
      [
        "bad-address public/DEFAULT_GROUP/orders#0.0.0.0:8080",
        "bad-address public/DEFAULT_GROUP/orders#a b:8080",
        "bad-port public/DEFAULT_GROUP/orders#10.0.0.3:0",
      ],
    );
  });
});

suite("services of the same name", () => {
  function told(merge: MeaningSettings["merge"]): Record<string, string[]> {
    const rig = new ItemsRig({ merge });
    rig.put([service("orders", [host(1)]), service("orders", [host(2)], "blue")]).put([service("orders", [host(1), host(3)])], "dev");
    return Object.fromEntries(Object.entries(rig.list().services).map(([key, each]) => [key, ids(each)]));
  }

  test("in several groups and namespaces are apart by default", () => {
    assert.deepEqual(told("none"), {
      "dev||orders|": ["10.0.0.1:8080", "10.0.0.3:8080"],
      "|blue|orders|": ["10.0.0.2:8080"],
      "||orders|": ["10.0.0.1:8080"],
    });
  });

  test("are one over all groups, or over all namespaces too, where that is wanted", () => {
    assert.deepEqual(told("groups"), {
      "dev||orders|": ["10.0.0.1:8080", "10.0.0.3:8080"],
      "||orders|": ["10.0.0.1:8080", "10.0.0.2:8080"],
    });
    assert.deepEqual(told("namespaces"), { "||orders|": ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"] });
  });

  test("that are one go when the last of them goes", () => {
    const rig = new ItemsRig({ merge: "groups" }).put([service("orders", [host(1)]), service("orders", [host(2)], "blue")]).tell();
    rig.items.delete("public", "blue", "orders");
    assert.deepEqual(ids(rig.tell().services["||orders|"]!), ["10.0.0.1:8080"]);
    rig.items.delete("public", "DEFAULT_GROUP", "orders");
    assert.deepEqual([rig.tell().services, rig.removed], [{}, ["service/||orders|"]]);
  });
});

suite("a service without instances", () => {
  test("is told if it had some, here or with an earlier worker, and else never", () => {
    const rig = new ItemsRig({}, ["service/||inherited|"]).put([
      service("orders", [host(1)]),
      service("never", []),
      service("inherited", []),
    ]);
    rig.put([service("orders", [])]).list();
    assert.deepEqual(
      Object.entries(rig.services).map(([key, { instances }]) => [key, instances]),
      [
        ["||inherited|", []],
        ["||orders|", []],
      ],
    );
  });

  test("is gone when the server no longer has it, and what was never told is not told to be gone", () => {
    const rig = new ItemsRig().put([service("orders", [host(1)]), service("never", [])]).tell();
    for (const name of ["orders", "never"]) rig.items.delete("public", "DEFAULT_GROUP", name);
    assert.deepEqual(rig.tell().removed, ["service/||orders|"]);
  });
});

suite("Dubbo's interfaces", () => {
  const facade = "com.acme.OrderFacade";
  const provider = (last: number, metadata: Record<string, string> = {}, more: Host = {}) =>
    host(last, {
      port: 20880,
      metadata: { interface: facade, protocol: "dubbo", side: "provider", category: "providers", ...metadata },
      ...more,
    });

  test("are named by their instances, however old the name of their service is", () => {
    const keys = (name: string, metadata: Record<string, string>) =>
      Object.keys(new ItemsRig().put([service(name, [provider(1, metadata)])]).list().services);
    assert.deepEqual(keys(`providers:${facade}::`, {}), [`||${facade}|`]);
    assert.deepEqual(keys(`providers:${facade}:1.0:g`, {}), [`|g|${facade}|1.0`]);
    assert.deepEqual(keys(`providers:${facade}:1.0:a:b/c`, { group: "a:b/c", version: "1.0" }), [`|a:b/c|${facade}|1.0`]);
    assert.deepEqual(keys(`providers:${facade}`, {}), [`||${facade}|`]);
    assert.deepEqual(keys(`providers:${facade}:g`, { group: "g" }), [`|g|${facade}|g`]);
    assert.deepEqual(keys(`providers:${facade}:0.0.0:`, { version: "0.0.0" }), [`||${facade}|`]);
    assert.deepEqual(keys("providers:a.B___C::", { interface: "a.B$C" }), ["||a.B$C|"]);
    assert.deepEqual(keys("providers:a.B___C::", { interface: "a.B___C" }), ["||a.B___C|"]);
  });

  test("keep their key when they lose their last provider, whatever the name of their service says", () => {
    const name = "providers:a.B___C:g";
    const rig = new ItemsRig().put([service(name, [provider(1, { interface: "a.B___C", group: "g" })])]).tell();
    const before = Object.keys(rig.services);
    rig.put([service(name, [])]).tell();
    assert.deepEqual([Object.keys(rig.services), rig.removed], [before, []]);
    assert.deepEqual(Object.values(rig.services)[0]?.instances, []);
  });

  test("have the weight and the state of their providers' metadata, and Nacos' zero counts too", () => {
    const rig = new ItemsRig().put([
      service(`providers:${facade}::`, [
        provider(1, { weight: "150" }, { weight: 1 }),
        provider(2, {}, { weight: 1 }),
        provider(3, { disabled: "true" }),
        provider(4, {}, { weight: 0 }),
        provider(5, { weight: "0", release: "dubbo-golang-3.3.1" }),
        provider(6, { dynamic: "false" }, { healthy: false }),
      ]),
    ]);
    assert.deepEqual(
      rig.list().services[`||${facade}|`]?.instances.map(({ weight, health, persistent }) => [weight, health, persistent]),
      [
        [150, undefined, undefined],
        [100, undefined, undefined],
        [100, "disabled", undefined],
        [100, "disabled", undefined],
        [100, undefined, undefined],
        [100, "disabled", undefined],
      ],
    );
  });

  test("have each protocol as an instance, and keep Nacos' own group and namespace apart from Dubbo's", () => {
    const rig = new ItemsRig();
    rig.put([service(`providers:${facade}::g`, [provider(1), provider(1, { protocol: "tri" }, { port: 50051 })], "blue")], "dev").list();
    assert.deepEqual(
      Object.entries(rig.services).map(([key, each]) => [key, ids(each)]),
      [[`dev/blue|g|${facade}|`, ["dubbo://10.0.0.1:20880", "tri://10.0.0.1:50051"]]],
    );
  });

  test("tell of providers that are none of theirs", () => {
    const rig = new ItemsRig().put([
      service(`providers:${facade}::`, [provider(1, { interface: "com.acme.Other" }), provider(2, { side: "consumer" })]),
    ]);
    assert.deepEqual(rig.list().services, {});
    assert.deepEqual(
      rig.problems.map(({ code, where }) => `${code} ${where}`),
      [`wrong-interface public/DEFAULT_GROUP/providers:${facade}::#10.0.0.1:20880`],
    );
  });

  test("have their consumers, which are told as facts, too; rules and routes are nobody's instances", () => {
    const consumer = host(9, { port: 0, metadata: { interface: facade, application: "web", side: "consumer", category: "consumers" } });
    const rig = new ItemsRig().put([
      service(`consumers:${facade}::`, [consumer]),
      service(`providers:${facade}::`, [provider(1)]),
      service(`routers:${facade}::`, [provider(2)]),
      service(`configurators:${facade}::`, [provider(3)]),
    ]);
    rig.list();
    assert.deepEqual(rig.services[`||${facade}|`]?.consumers, [{ application: "web", address: "10.0.0.9" }]);
    assert.deepEqual(
      rig.told.filter(({ kind }) => kind === "fact"),
      [{ kind: "fact", fact: { subject: "application", name: "web", calls: [{ name: facade }] } }],
    );
    assert.equal(rig.told.length, 2);
    rig.items.delete("public", "DEFAULT_GROUP", `consumers:${facade}::`);
    assert.deepEqual(rig.tell().removed, ["fact///application/web"]);
    assert.equal(rig.services[`||${facade}|`]?.consumers, undefined);
  });

  test("are not made of consumers alone", () => {
    assert.deepEqual(new ItemsRig().put([service(`consumers:${facade}::`, [])]).list().services, {});
  });
});

suite("Dubbo's applications", () => {
  const application = (last: number, metadata: Record<string, string> = {}, more: Host = {}) =>
    host(last, {
      port: 20880,
      metadata: {
        "dubbo.metadata.revision": "r1",
        "dubbo.metadata.storage-type": "local",
        "dubbo.endpoints": '[{"port":20880,"protocol":"dubbo"},{"port":50051,"protocol":"tri"}]',
        ...metadata,
      },
      ...more,
    });
  const metadata = (...names: string[]) =>
    JSON.stringify({
      app: "shop",
      revision: "r1",
      services: Object.fromEntries(
        names.map((name) => [`${name}:dubbo`, { name, protocol: "dubbo", port: 20880, params: { application: "shop", side: "provider" } }]),
      ),
    });

  function offer(rig: ItemsRig, content: string): ItemsRig {
    for (const revision of rig.items.unread()) rig.items.offer(revision, content);
    return rig;
  }

  test("are the interfaces that their metadata tell, in each instance's place", () => {
    const rig = new ItemsRig().put([service("shop", [application(1), application(2, {}, { clusterName: "hz", enabled: false })])]);
    offer(rig, metadata("a.A", "a.B")).list();
    assert.deepEqual(Object.keys(rig.services), ["||a.A|", "||a.B|"]);
    assert.deepEqual(
      rig.services["||a.A|"]?.instances.map(({ id, health, labels }) => [id, health, labels]),
      [
        ["dubbo://10.0.0.1:20880", undefined, { application: "shop" }],
        ["dubbo://10.0.0.2:20880", "disabled", { application: "shop", cluster: "hz" }],
      ],
    );
  });

  test("stay the empty services they were when their last instance leaves, and go with their name", () => {
    const rig = offer(new ItemsRig().put([service("shop", [application(1)])]), metadata("a.A")).tell();
    rig.put([service("shop", [])]).tell();
    assert.deepEqual([rig.services["||a.A|"]?.instances, rig.removed], [[], []]);
    rig.items.delete("public", "DEFAULT_GROUP", "shop");
    assert.deepEqual(rig.tell().removed, ["service/||a.A|"]);
  });

  test("of which nothing tells the services are a service by their own name, or none", () => {
    const name = "||shop|";
    const { items, problems } = read([service("shop", [application(1)])]);
    assert.deepEqual([items.length, problems], [1, []]);
    const none = read([service("shop", [application(1)])], {}, { applications: { enabled: true, fallback: "none" } });
    assert.deepEqual([none.items, none.problems.map(({ code }) => code)], [[], ["unknown-services"]]);
    const rig = new ItemsRig().put([service("shop", [application(1, { "dubbo.metadata.storage-type": "remote" })])]);
    const deadline = rig.items.judge(1_000, true);
    assert.equal(rig.tell().services[name], undefined);
    assert.equal(deadline, 31_000, "metadata of an instance that was seen first are waited for");
    assert.equal(rig.items.judge(deadline), Number.POSITIVE_INFINITY);
    assert.deepEqual(ids(rig.tell().services[name]!), ["dubbo://10.0.0.1:20880", "tri://10.0.0.1:50051"]);
    offer(rig, metadata("a.A")).tell();
    assert.deepEqual([rig.services[name]?.instances, ids(rig.services["||a.A|"]!)], [[], ["dubbo://10.0.0.1:20880"]]);
  });

  test("that register their interfaces, too, are told by those alone", () => {
    const provider = host(1, { port: 20880, metadata: { interface: "a.A", protocol: "dubbo", application: "shop" } });
    const { items } = read([service("shop", [application(1)]), service("providers:a.A::", [provider])]);
    assert.deepEqual(items.length, 1);
    const both = read([service("shop", [application(1)]), service("providers:a.A::", [provider])], { "r1 shop": metadata("a.A") });
    const alone = read([service("shop", [application(1)])], { "r1 shop": metadata("a.A") });
    assert.deepEqual(both, alone);
  });

  test("that are not understood so far take nothing away that an earlier worker told", () => {
    const inherited = "service/||a.A|";
    const remote = application(1, { "dubbo.metadata.storage-type": "remote" });
    const rig = new ItemsRig({}, [inherited]).put([service("shop", [remote])], "public", true);
    const deadline = rig.items.judge(0, true);
    assert.deepEqual(rig.list().kept, [inherited]);
    rig.items.judge(deadline);
    assert.deepEqual(rig.list().kept, []);
  });

  test("beside instances of another kind share their name with them", () => {
    const spring = host(2, { metadata: { "preserved.register.source": "SPRING_CLOUD", "dubbo.metadata.revision": "r1" } });
    const { items } = read([service("shop", [application(1), spring])]);
    assert.ok(items[0]?.kind === "service");
    assert.deepEqual(ids(items[0].service), ["10.0.0.2:8080", "dubbo://10.0.0.1:20880", "tri://10.0.0.1:50051"]);
  });

  test("are left out where only interfaces are wanted", () => {
    assert.deepEqual(
      read([service("shop", [application(1)])], {}, { applications: { enabled: false, fallback: "application" } }).items,
      [],
    );
  });

  test("with broken metadata are named, and cost only themselves", () => {
    const rig = offer(
      new ItemsRig().put([service("shop", [application(1), application(2, { "dubbo.endpoints": "x" }, { port: 0 })])]),
      "{",
    );
    assert.deepEqual(
      rig.problems.map(({ code, where }) => `${code} ${where}`),
      ["bad-instance public/DEFAULT_GROUP/shop#10.0.0.2:0", "bad-metadata public/r1/shop"],
    );
  });
});

test("neither the order of services nor that of instances changes what is told, whatever they say", () => {
  const word = fc.constantFrom(
    "",
    "1",
    "true",
    "dubbo",
    "tri",
    "a.A",
    "x y",
    "[]",
    "null",
    "0",
    "70000",
    '[{"port":1,"protocol":"dubbo"}]',
    "é中",
  );
  const key = fc.constantFrom(
    "interface",
    "protocol",
    "version",
    "group",
    "weight",
    "disabled",
    "side",
    "application",
    "dubbo.metadata.revision",
    "dubbo.endpoints",
    "dubbo.tag",
    "gRPC_port",
    "secure",
    "IPv6",
    "zone",
    "region",
    "__proto__",
  );
  const anyHost = fc.record({
    ip: fc.constantFrom("10.0.0.1", "10.0.0.2", "::1", "fe80::1%eth0", "a.example", "", "0.0.0.0"),
    port: fc.constantFrom(0, 1, 80, 65_535, 65_536),
    weight: fc.constantFrom(0, 0.01, 1, 100, -1),
    enabled: fc.boolean(),
    healthy: fc.boolean(),
    ephemeral: fc.boolean(),
    clusterName: fc.constantFrom("DEFAULT", "hz", ""),
    metadata: fc.dictionary(key, word, { maxKeys: 6 }),
  });
  const name = fc.constantFrom(
    "orders",
    "shop",
    "providers:a.A::",
    "providers:a.A:1",
    "providers:a.A:1:g",
    "consumers:a.A::",
    "providers:",
    "routers:a.A",
  );
  const anyService = fc.record({ name, groupName: fc.constantFrom("DEFAULT_GROUP", "blue"), hosts: fc.array(anyHost, { maxLength: 4 }) });
  const services = fc.uniqueArray(anyService, { selector: (each) => `${each.groupName} ${each.name}`, maxLength: 6 });
  const merge = fc.constantFrom("none" as const, "groups" as const);
  fc.assert(
    fc.property(services, merge, (all, how) => {
      const told = JSON.stringify(read(all, {}, { merge: how }).items);
      assert.equal(JSON.stringify(read(reversed(all), {}, { merge: how }).items), told);
    }),
    { numRuns: 300 },
  );
});
