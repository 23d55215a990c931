import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../src/registries/contract.ts";
import { applicationsOf, consumersOf, readConsumers } from "../../../src/registries/dubbo/consumer-url.ts";
import { servicesOf } from "../../../src/registries/dubbo/provider-services.ts";
import { keyText } from "../../../src/registries/service.ts";
import { KnownInterface } from "../../../src/registries/zookeeper/dubbo/known-interface.ts";

const name = "com.acme.Order";

function read(urls: readonly string[], consumers: readonly string[] = []) {
  const problems: Problem[] = [];
  const nodes = urls.map((url) => encodeURIComponent(url));
  const callers = readConsumers(consumers.map((url) => encodeURIComponent(url)));
  const services = servicesOf({ name, path: "/dubbo/com.acme.Order/providers", nodes, consumers: callers }, (problem) =>
    problems.push(problem),
  );
  return { services, problems };
}

function url(address: string, parameters = ""): string {
  return `dubbo://${address}:20880/${name}?interface=${name}${parameters}`;
}

suite("an interface's providers", () => {
  test("make one service per group and version", () => {
    const { services } = read([
      url("10.0.0.1"),
      url("10.0.0.2", "&group=a"),
      url("10.0.0.3", "&group=a&version=1"),
      url("10.0.0.4", "&version=1"),
    ]);
    assert.deepEqual(services.map(({ key }) => keyText(key)).sort(), [
      "|a|com.acme.Order|",
      "|a|com.acme.Order|1",
      "||com.acme.Order|",
      "||com.acme.Order|1",
    ]);
    const full = services.find(({ key }) => key.group && key.version);
    assert.deepEqual(full?.annotations, { "dubbo.interface": name, "dubbo.group": "a", "dubbo.version": "1" });
  });

  test("of one restarted process count once, the newer node wins in either order", () => {
    const nodes = [url("10.0.0.1", "&timestamp=1000&weight=1"), url("10.0.0.1", "&timestamp=2000&weight=2")];
    for (const order of [nodes, nodes.toReversed()]) {
      const { services } = read(order);
      assert.equal(services[0]?.instances.length, 1);
      assert.equal(services[0]?.instances[0]?.weight, 2);
    }
  });

  test("on two ports or with two protocols are two instances", () => {
    const { services } = read([url("10.0.0.1"), `tri://10.0.0.1:50051/${name}`, `dubbo://10.0.0.1:20881/${name}`]);
    assert.deepEqual(
      services[0]?.instances.map(({ id }) => id),
      ["dubbo://10.0.0.1:20880", "dubbo://10.0.0.1:20881", "tri://10.0.0.1:50051"],
    );
  });

  test("that are broken cost only themselves", () => {
    const { services, problems } = read([url("10.0.0.1"), "dubbo://10.0.0.2:99999/x"]);
    assert.equal(services[0]?.instances.length, 1);
    assert.equal(problems[0]?.code, "bad-port");
    assert.match(problems[0]?.where ?? "", /^\/dubbo\/com\.acme\.Order\/providers\/dubbo/);
  });

  test("of another interface are refused", () => {
    const { services, problems } = read([`dubbo://10.0.0.1:20880/${name}?interface=com.acme.Other`]);
    assert.deepEqual([services.length, problems[0]?.code], [0, "wrong-interface"]);
  });
});

suite("consumers", () => {
  const urls = [
    `consumer://10.1.0.1/${name}?application=shop&side=consumer&timestamp=1`,
    `consumer://10.1.0.1/${name}?application=shop&side=consumer&timestamp=2`,
    `consumer://10.1.0.2/${name}?application=desk&group=g1&version=1.0`,
    `consumer://[2001:db8::1]:0/${name}?application=any&group=*&version=*`,
    `consumer://10.1.0.3/${name}?application=list&group=g1,g2&version=1.0`,
    "%",
    `provider://10.1.0.4/${name}?application=no`,
  ];

  test("are told once each, in order, to the services they call", () => {
    const consumers = readConsumers(urls.map((text) => (text === "%" ? text : encodeURIComponent(text))));
    assert.deepEqual(consumersOf({ name }, consumers), [
      { application: "any", address: "2001:db8::1" },
      { application: "shop", address: "10.1.0.1" },
    ]);
    assert.deepEqual(
      consumersOf({ name, group: "g2", version: "1.0" }, consumers).map(({ application }) => application),
      ["any", "list"],
    );
    assert.deepEqual(
      consumersOf({ name, group: "g1", version: "1.0" }, consumers).map(({ application }) => application),
      ["any", "desk", "list"],
    );
  });

  test("may be any text: they are read within bounds, or left out", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(
        "consumer://",
        "consumer%3A%2F%2F",
        "10.0.0.1",
        "[",
        "]",
        ":",
        "%ZZ",
        "%E4",
        "&",
        ";",
        "?",
        "application=",
        "group=",
        "*",
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.array(part, { maxLength: 20 }), { maxLength: 3 }), (nodes) => {
        for (const consumer of readConsumers(nodes.map((parts) => parts.join("")))) {
          assert.ok(consumer.application !== undefined || consumer.address !== undefined);
          for (const text of Object.values(consumer)) assert.ok(typeof text === "string" && text.length >= 1 && text.length <= 256);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("are bounded", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => encodeURIComponent(`consumer://10.0.0.1/${name}?application=a${at}`));
    assert.equal(readConsumers(many).length, 10_000);
    assert.equal(consumersOf({ name }, readConsumers(many)).length, 1_000);
  });

  test("of very many machines miss no application", () => {
    const machines = Array.from({ length: 20_000 }, (_, at) => `consumer://10.0.${at >> 8}.${at & 255}/${name}?application=shop`);
    const consumers = readConsumers([...machines, `consumer://10.1.0.1/${name}?application=cart&group=*`].map(encodeURIComponent));
    assert.equal(consumers.length, 5_002);
    assert.deepEqual([...applicationsOf({ name, group: "g" }, consumers)], ["cart"]);
    assert.deepEqual([...applicationsOf({ name }, consumers)].sort(), ["cart", "shop"]);
  });
});

suite("what is known of an interface", () => {
  function known(urls: readonly string[]): KnownInterface {
    const result = new KnownInterface(name);
    for (const service of read(urls).services) result.emitted(service);
    return result;
  }

  test("tells growth from shrinkage, per service", () => {
    const interface_ = known([url("10.0.0.1"), url("10.0.0.2"), url("10.0.0.3", "&group=g")]);
    const { grown, shrunk } = interface_.compare(
      read([url("10.0.0.1"), url("10.0.0.3", "&group=g"), url("10.0.0.4", "&group=g")]).services,
    );
    assert.deepEqual([grown.map(({ key }) => key.group), shrunk.map(({ key }) => key.group)], [["g"], [undefined]]);
  });

  test("takes a few of many for a slight loss, but not those that add up within a second", () => {
    const providers = Array.from({ length: 9 }, (_, at) => url(`10.0.0.${at + 1}`));
    const interface_ = known(providers);
    const sizes: string[] = [];
    for (const [left, now] of [
      [8, 0],
      [6, 500],
      [5, 999],
      [5, 1_001],
      [4, 1_002],
      [3, 1_003],
    ] as const) {
      const { grown, shrunk } = interface_.compare(read(providers.slice(0, left)).services, now);
      sizes.push(`${left} ${grown.length > 0 ? "slight" : "great"}, ${interface_.canSpareOne(now) ? "can" : "cannot"} spare one`);
      for (const service of grown) interface_.emitted(service, now);
      assert.equal(grown.length + shrunk.length, 1);
    }
    assert.deepEqual(sizes, [
      "8 slight, can spare one",
      "6 slight, can spare one",
      "5 great, cannot spare one",
      "5 slight, can spare one",
      "4 slight, can spare one",
      "3 great, cannot spare one",
    ]);
  });

  test("takes one that is replaced for no loss", () => {
    const interface_ = known([url("10.0.0.1"), url("10.0.0.2")]);
    assert.equal(interface_.compare(read([url("10.0.0.1"), url("10.0.0.9")]).services).grown.length, 1);
  });

  test("gives a service without providers as an empty one, again and again", () => {
    const interface_ = known([url("10.0.0.1")]);
    const first = interface_.compare([]);
    assert.deepEqual([first.grown.length, first.shrunk[0]?.key, first.shrunk[0]?.instances], [0, { name }, []]);
    for (const service of first.shrunk) interface_.emitted(service);
    const second = interface_.compare([]);
    assert.deepEqual([second.grown[0]?.instances, second.shrunk.length], [[], 0]);
  });

  test("forgets the oldest of too many empty services", () => {
    const interface_ = new KnownInterface(name);
    for (let at = 0; at < 150; at++) interface_.emitted({ key: { name, version: `${at}` }, instances: [] });
    interface_.forgetSurplus();
    assert.deepEqual([interface_.keys.length, interface_.keys[0]?.version], [100, "50"]);
  });
});
