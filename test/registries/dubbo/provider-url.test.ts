import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { isProvider, type ProviderUrl, parseProvider } from "../../../src/registries/dubbo/provider-url.ts";

/** As Java's `URLEncoder` writes it. */
function encoded(url: string): string {
  return encodeURIComponent(url)
    .replaceAll("%20", "+")
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function provider(url: string): ProviderUrl {
  const parsed = parseProvider(encoded(url));
  assert.ok(isProvider(parsed), JSON.stringify(parsed));
  return parsed;
}

function problem(nodeName: string): string | undefined {
  const parsed = parseProvider(nodeName);
  assert.ok(!isProvider(parsed), JSON.stringify(parsed));
  return parsed.problem?.code;
}

const facade = "com.acme.order.api.OrderFacade";

suite("provider URLs", () => {
  test("a whole one: identity, weight and tag are kept, machinery is not", () => {
    const url = `dubbo://10.20.1.15:20880/${facade}?anyhost=true&application=order-center&create.timeout=900&deprecated=false&dubbo=2.0.2&dubbo.tag=gray&dynamic=true&generic=false&group=g1&interface=${facade}&methods=create,cancel,query&pid=71&release=3.2.14&side=provider&timestamp=1730712000123&token=secret&version=1.2.0&weight=150&zone=hz-a`;
    assert.deepEqual(provider(url), {
      scheme: "dubbo",
      address: "10.20.1.15",
      ports: [{ number: 20880, protocol: "dubbo" }],
      interface: facade,
      group: "g1",
      version: "1.2.0",
      weight: 150,
      disabled: false,
      persistent: false,
      timestamp: 1730712000123,
      labels: { application: "order-center", group: "g1", version: "1.2.0", "dubbo.tag": "gray", zone: "hz-a" },
    });
  });

  test("a simplified one names no interface", () => {
    assert.equal(provider(`dubbo://10.0.0.1:20880/${facade}?application=a&group=g1`).interface, undefined);
  });

  test("the path may be anything, also absent", () => {
    assert.equal(provider("rest://10.20.1.16:8090/shop/api?application=item").scheme, "rest");
    assert.equal(provider("dubbo://10.20.1.16:8090?application=item").labels.application, "item");
    assert.equal(provider("dubbo://10.20.1.16:8090").address, "10.20.1.16");
  });

  const addresses: [authority: string, address: string][] = [
    ["10.0.0.1:20880", "10.0.0.1"],
    ["[2001:db8::15]:20880", "2001:db8::15"],
    ["2001:db8::15:20880", "2001:db8::15"],
    ["[2001:DB8::15]:20880", "2001:db8::15"],
    ["[fe80::1%eth0]:20880", "fe80::1"],
    ["fe80::1%eth0:20880", "fe80::1"],
    ["order-0.order.prod:20880", "order-0.order.prod"],
    ["user:p@ss:word@10.0.0.1:20880", "10.0.0.1"],
    ["user:pass@[2001:db8::15]:20880", "2001:db8::15"],
  ];
  for (const [authority, address] of addresses) {
    test(`the address of ${authority}`, () => {
      const parsed = provider(`dubbo://${authority}/x.Y?side=provider`);
      assert.equal(parsed.address, address);
      assert.deepEqual(parsed.ports, [{ number: 20880, protocol: "dubbo" }]);
    });
  }

  const bad: [name: string, nodeName: string, code: string][] = [
    ["a broken escape", "dubbo%3A%2F%2F10.0.0.1%3A20880%2Fcom.x.Y%3Fa%3D%ZZ", "bad-escape"],
    ["a broken escape in what is not read", "dubbo%3A%2F%2F10.0.0.1%3A20880%2Fcom.x.Y%3Fmethods%3D%E4%26side%3Dprovider", "bad-escape"],
    ["an escape cut off", "dubbo%3A%2F%2F10.0.0.1%3A20880%2Fcom.x.Y%3Fa%3D%4", "bad-escape"],
    ["a port too large", encoded("dubbo://10.0.0.1:99999/x.Y"), "bad-port"],
    ["port 0", encoded("dubbo://10.0.0.1:0/x.Y"), "bad-port"],
    ["no port", encoded("dubbo://10.0.0.1/x.Y"), "bad-port"],
    ["no port behind brackets", encoded("dubbo://[2001:db8::15]/x.Y"), "bad-port"],
    ["a port that is a word", encoded("dubbo://10.0.0.1:http/x.Y"), "bad-port"],
    ["no scheme", encoded("10.0.0.1:20880/x.Y"), "bad-url"],
    ["an empty name", "", "bad-url"],
    ["a name without end", "a".repeat(100_000), "bad-url"],
    ["every address", encoded("dubbo://0.0.0.0:20880/x.Y"), "bad-address"],
    ["no address", encoded("dubbo://:20880/x.Y"), "bad-address"],
    ["a broken IPv4 address", encoded("dubbo://10.0.0.256:20880/x.Y"), "bad-address"],
    ["a name that is none", encoded("dubbo://a b:20880/x.Y"), "bad-address"],
  ];
  for (const [name, nodeName, code] of bad) test(`${name} is a problem`, () => assert.equal(problem(nodeName), code));

  test("what claims to be no provider is passed over in silence", () => {
    for (const url of [
      "consumer://10.0.0.1:1/x.Y?side=consumer",
      "override://10.0.0.1:20880/x.Y?category=configurators",
      "injvm://127.0.0.1:1/x.Y?side=provider",
      "empty://0.0.0.0:1/x.Y?category=providers",
    ]) {
      assert.equal(problem(encoded(url)), undefined, url);
    }
  });

  test("a name is decoded once", () => {
    const { labels } = provider('dubbo://10.0.0.1:1/x.Y?note=a b+c&pct=100%25&json={"a":1}&mixed=é中~*-._\'()!');
    assert.deepEqual(labels, { note: "a b+c", pct: "100%25", json: '{"a":1}', mixed: "é中~*-._'()!" });
  });

  test("a semicolon separates parameters as an ampersand does", () => {
    const { weight, group, labels } = provider("dubbo://10.0.0.1:1/x.Y?note=a;weight=7;plain;group=g&zone=z");
    assert.deepEqual([weight, group, labels], [7, "g", { group: "g", note: "a", zone: "z" }]);
  });

  test("keys of Dubbo 2.6 count where the plain key is absent", () => {
    const old = provider("dubbo://10.0.0.1:1/x.Y?default.group=g&default.version=1&default.weight=5");
    assert.deepEqual([old.group, old.version, old.weight], ["g", "1", 5]);
    const both = provider("dubbo://10.0.0.1:1/x.Y?default.group=g&group=h&default.version=1&version=2&default.weight=5&weight=6");
    assert.deepEqual([both.group, both.version, both.weight], ["h", "2", 6]);
  });

  test("0.0.0 is no version, a star is one", () => {
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?version=0.0.0").version, undefined);
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?version=0.0.0&default.version=1").version, undefined);
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?version=*").version, "*");
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?version=&group=").group, undefined);
  });

  test("weight 0 is unset where dubbo-go wrote it, and only there", () => {
    assert.equal(provider("tri://10.0.0.1:1/x.Y?release=dubbo-golang-3.3.1&weight=0").weight, undefined);
    assert.equal(provider("tri://10.0.0.1:1/x.Y?release=dubbo-golang-3.3.1&weight=7").weight, 7);
    assert.equal(provider("tri://10.0.0.1:1/x.Y?release=3.3.6&weight=0").weight, 0);
    for (const weight of ["-1", "x", "1e9", ""]) assert.equal(provider(`tri://10.0.0.1:1/x.Y?weight=${weight}`).weight, undefined, weight);
  });

  test("disabled, enabled and dynamic", () => {
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?disabled=true").disabled, true);
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?enabled=false").disabled, true);
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?enabled=true&disabled=false").disabled, false);
    assert.equal(provider("dubbo://10.0.0.1:1/x.Y?dynamic=false").persistent, true);
  });

  test("port unification: one number, two protocols", () => {
    assert.deepEqual(provider("dubbo://10.0.0.1:20880/x.Y?ext.protocol=tri,&ispuserver=true").ports, [
      { number: 20880, protocol: "dubbo" },
      { number: 20880, protocol: "tri" },
    ]);
    assert.deepEqual(provider("dubbo://10.0.0.1:20880/x.Y?ext.protocol=dubbo, ,!").ports, [{ number: 20880, protocol: "dubbo" }]);
  });

  test("a tag is a word or a list of labels", () => {
    assert.deepEqual(provider("dubbo://10.0.0.1:1/x.Y?dubbo.tag=gray").labels, { "dubbo.tag": "gray" });
    assert.deepEqual(provider("dubbo://10.0.0.1:1/x.Y?dubbo.tag=env=gray,zone=a").labels, { env: "gray", zone: "a" });
    assert.deepEqual(provider("dubbo://10.0.0.1:1/x.Y?dubbo.tag=env%3Dgray%2Czone%3Da").labels, { env: "gray", zone: "a" });
    assert.deepEqual(provider("dubbo://10.0.0.1:1/x.Y?dubbo.tag=a,b").labels, { "dubbo.tag": "a,b" });
  });

  test("what users add is bounded", () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `key${at}=v`).join("&");
    assert.equal(Object.keys(provider(`dubbo://10.0.0.1:1/x.Y?${many}`).labels).length, 32);
    assert.deepEqual(provider(`dubbo://10.0.0.1:1/x.Y?long=${"v".repeat(1_000)}&${"k".repeat(1_000)}=v`).labels, {});
  });

  test("the names of an object's own members are keys like others", () => {
    assert.deepEqual(Object.keys(provider("dubbo://10.0.0.1:1/x.Y?constructor=c&__proto__=p&a=b").labels).sort(), ["a", "constructor"]);
  });
});

suite("provider URLs, fuzzed", () => {
  const known = fc.constantFrom(
    "group",
    "version",
    "weight",
    "timestamp",
    "dubbo.tag",
    "interface",
    "ext.protocol",
    "side",
    "zone",
    "%",
    "=",
  );
  const part = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.constantFrom("dubbo://", "%3A%2F%2F", "[", "]", ":", "%ZZ", "%E4", "&", "?", "+"),
  );

  test("never throws, and whatever passes is within bounds", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => within(parseProvider(parts.join("")))),
      { numRuns: 2_000 },
    );
  });

  test("the same with a sound head and any parameters", () => {
    const pair = fc.tuple(fc.oneof(known, fc.string({ maxLength: 20 })), fc.string({ unit: "binary", maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 50 }), fc.integer({ min: 1, max: 65_535 }), (pairs, port) => {
        const url = `dubbo://10.0.0.1:${port}/x.Y?${pairs.map(([key, value]) => `${key}=${value}`).join("&")}`;
        within(parseProvider(encodeURIComponent(url.toWellFormed())));
      }),
      { numRuns: 2_000 },
    );
  });

  function within(parsed: ReturnType<typeof parseProvider>): void {
    if (!isProvider(parsed)) return;
    for (const { number, protocol } of parsed.ports) {
      assert.ok(Number.isInteger(number) && number >= 1 && number <= 65_535);
      assert.match(protocol, /^[a-z][a-z0-9+.-]*$/);
    }
    assert.ok(parsed.ports.length >= 1 && parsed.ports.length <= 17);
    assert.ok(parsed.address.length >= 1 && parsed.address.length <= 254);
    assert.ok(parsed.weight === undefined || (Number.isFinite(parsed.weight) && parsed.weight >= 0));
    assert.ok(Number.isFinite(parsed.timestamp));
    assert.ok(Object.keys(parsed.labels).length <= 70);
  }
});
