import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../src/registries/contract.ts";
import { decodeBase64 } from "../../../src/registries/pod-records/base64.ts";
import { type Decoder, decoder } from "../../../src/registries/pod-records/decoder.ts";
import { parseRecords, recordsPayload } from "../../../src/registries/pod-records/records.ts";
import type { Registrations } from "../../../src/registries/pod-records/registrations.ts";
import { type ServiceTemplate, templateProblem } from "../../../src/registries/pod-records/service-template.ts";
import { keyText } from "../../../src/registries/service.ts";

const carrier = {
  namespace: "shop",
  name: "order-1",
  addresses: ["10.1.0.7"],
  labels: { app: "order", "app.kubernetes.io/name": "order-center", version: "v2" },
};

function decode(name: Decoder, payload: string, template?: ServiceTemplate) {
  const problems: Problem[] = [];
  const decoded = decoder(name, template)(payload, carrier, (problem) => problems.push(problem));
  return { decoded, problems, codes: problems.map(({ code }) => code) };
}

/** Fails unless the payload could be read. */
function registrations(name: Decoder, payload: string, template?: ServiceTemplate): Registrations & { codes: readonly string[] } {
  const { decoded, codes } = decode(name, payload, template);
  if (typeof decoded === "string") assert.fail(decoded);
  return { ...decoded, codes };
}

/** As Go's `url.QueryEscape`. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function payloadOf(...keys: readonly string[]): string {
  return recordsPayload(keys.map((k) => ({ k, v: "" })));
}

const user = "com.acme.UserProvider";

function provider(url: string, name = user): string {
  return `/dubbo/${queryEscape(name)}/providers/${queryEscape(url)}`;
}

suite("base64 of others", () => {
  test("is read in either alphabet, padded or not, with line breaks", () => {
    for (const text of ["-_-_", "+/+/", "YQ==", "YQ", "YW\nJj\r\n", ""]) {
      assert.deepEqual(decodeBase64(text), Buffer.from(text, "base64"), text);
    }
  });

  test("is refused where it is none: both alphabets, other characters, wrong padding, stray bits, a single character", () => {
    for (const text of ["-/", "a b=", "YQ=", "YWJj=", "YR==", "Y", "不", "YQ==YQ==", "YQ=A"])
      assert.equal(decodeBase64(text), undefined, text);
  });

  test("gives back what was written, whatever it was", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom("base64", "base64url"), (bytes, alphabet) => {
        const read = decodeBase64(Buffer.from(bytes).toString(alphabet as BufferEncoding));
        return read !== undefined && Buffer.compare(read, bytes) === 0;
      }),
    );
  });
});

suite("records of dubbo-go", () => {
  /** The annotation that the article about dubbo-go's registry shows: a pod that only calls. */
  const article =
    "W3siayI6Ii9kdWJibyIsInYiOiIifSx7ImsiOiIvZHViYm8vY29tLmlrdXJlbnRvLnVzZXIuVXNlclByb3ZpZGVyIiwidiI6IiJ9LHsiayI6Ii9kdWJiby9jb20uaWt1cmVudG8udXNlci5Vc2VyUHJvdmlkZXIvY29uc3VtZXJzIiwidiI6IiJ9LHsiayI6Ii9kdWJibyIsInYiOiIifSx7ImsiOiIvZHViYm8vY29tLmlrdXJlbnRvLnVzZXIuVXNlclByb3ZpZGVyIiwidiI6IiJ9LHsiayI6Ii9kdWJiby9jb20uaWt1cmVudG8udXNlci5Vc2VyUHJvdmlkZXIvcHJvdmlkZXJzIiwidiI6IiJ9LHsiayI6Ii9kdWJiby9jb20uaWt1cmVudG8udXNlci5Vc2VyUHJvdmlkZXIvY29uc3VtZXJzL2NvbnN1bWVyJTNBJTJGJTJGMTcyLjE3LjAuOCUyRlVzZXJQcm92aWRlciUzRmNhdGVnb3J5JTNEY29uc3VtZXJzJTI2ZHViYm8lM0RkdWJib2dvLWNvbnN1bWVyLTIuNi4wJTI2cHJvdG9jb2wlM0RkdWJibyIsInYiOiIifV0=";

  test("of the article: seven, no provider, one consumer", () => {
    assert.equal(parseRecords(article).length, 7);
    const { offers, calls, codes } = registrations("dubbo-records", article);
    assert.deepEqual(offers, []);
    assert.deepEqual(calls, [{ interface: "com.ikurento.user.UserProvider", consumers: [{ address: "172.17.0.8" }] }]);
    assert.deepEqual(codes, []);
  });

  test("with values encoded once more (before 1.5.4) and without give the same service", () => {
    const parameters = { interface: user, group: "g 1", version: "1.0.0", application: "user,center", "service.filter": "echo,token" };
    const query = (encode: (text: string) => string) =>
      Object.entries(parameters)
        .map(([key, value]) => `${key}=${encode(value)}`)
        .join("&");
    const [old, recent] = [(text: string) => encodeURIComponent(text), (text: string) => text].map((encode) =>
      registrations("dubbo-records", payloadOf(provider(`dubbo://10.1.0.7:20000/UserProvider?anyhost=true&${query(encode)}`))),
    );
    assert.deepEqual(old, recent);
    const [offer] = recent!.offers;
    assert.deepEqual(offer?.key, { group: "g 1", name: user, version: "1.0.0" });
    assert.deepEqual(offer?.annotations, { "dubbo.interface": user, "dubbo.group": "g 1", "dubbo.version": "1.0.0" });
    assert.deepEqual(offer?.instance, {
      id: "dubbo://10.1.0.7:20000",
      address: "10.1.0.7",
      ports: [{ number: 20000, protocol: "dubbo" }],
      labels: { application: "user,center", group: "g 1", version: "1.0.0" },
    });
  });

  test("left by an earlier process of the pod give way to the newer ones", () => {
    const at = (timestamp: number, weight: number) =>
      provider(`dubbo://10.1.0.7:20000/U?interface=${user}&timestamp=${timestamp}&weight=${weight}`);
    const weights = (...keys: string[]) => registrations("dubbo-records", payloadOf(...keys)).offers.map(({ instance }) => instance.weight);
    assert.deepEqual(weights(at(100, 1), at(200, 2)), [2]);
    assert.deepEqual(weights(at(200, 2), at(100, 1)), [2]);
    assert.deepEqual(weights(at(200, 1), at(200, 2)), [2], "the one that was appended later");
  });

  test("tell protocols, ports, groups and versions apart", () => {
    const { offers } = registrations(
      "dubbo-records",
      payloadOf(
        provider(`dubbo://10.1.0.7:20000/U?interface=${user}`),
        provider(`tri://10.1.0.7:20000/U?interface=${user}`),
        provider(`dubbo://10.1.0.7:20001/U?interface=${user}&version=0.0.0`),
        provider(`dubbo://10.1.0.7:20000/U?interface=${user}&group=a&version=2.0.0`),
      ),
    );
    assert.deepEqual(
      offers.map(({ key, instance }) => [keyText(key), instance.id]),
      [
        [`||${user}|`, "dubbo://10.1.0.7:20000"],
        [`||${user}|`, "tri://10.1.0.7:20000"],
        [`||${user}|`, "dubbo://10.1.0.7:20001"],
        [`|a|${user}|2.0.0`, "dubbo://10.1.0.7:20000"],
      ],
    );
  });

  test("that are bad cost only themselves", () => {
    const good = provider(`dubbo://10.1.0.7:20000/U?interface=${user}`);
    const { offers, codes } = registrations(
      "dubbo-records",
      payloadOf(
        "/dubbo/a/providers/%zz",
        "/dubbo/%zz/providers/x",
        provider("dubbo://10.1.0.7/U"),
        provider("dubbo://:::20000/U"),
        provider("dubbo://10.1.0.7:20000/U?interface=com.acme.Other"),
        "/other/a/providers/x",
        "/dubbo/a/routers/x",
        good,
      ),
    );
    assert.equal(offers.length, 1);
    assert.deepEqual(codes, ["bad-escape", "bad-escape", "bad-port", "bad-address", "wrong-interface"]);
  });

  test("with an address in IPv6, which dubbo-go writes without brackets", () => {
    const { offers } = registrations("dubbo-records", payloadOf(provider(`dubbo://fd00::7:20000/U?interface=${user}`)));
    assert.equal(offers[0]?.instance.address, "fd00::7");
  });

  test("in an inner class's name", () => {
    const { offers } = registrations("dubbo-records", payloadOf(provider("dubbo://10.1.0.7:1/U", "com.acme.A$B")));
    assert.equal(offers[0]?.key.name, "com.acme.A$B");
  });
});

suite("a payload that is none", () => {
  test("is told in words: the plain sentence of the other article, no base64, no JSON, no records", () => {
    const sentence = Buffer.from("不用看了就是一个文本协议").toString("base64");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    assert.equal(decode("dubbo-records", sentence).decoded, "its text is not JSON");
    assert.equal(decode("json-services", sentence).decoded, "its text is not JSON");
    assert.equal(decode("dubbo-records", "!").decoded, "it is not base64");
    assert.equal(decode("dubbo-records", "/w==").decoded, "its bytes are not UTF-8");
    assert.equal(decode("dubbo-records", base64("{}")).decoded, "its JSON is not an array");
    assert.equal(decode("dubbo-records", base64('[{"k":"","v":""},{"k":1}]')).decoded, "entry 1 has no texts k and v");
    assert.equal(decode("dubbo-metadata", "[]").decoded, "its JSON is not an object");
    assert.equal(decode("json-services", '{"services":{}}').decoded, "it has no list of services");
  });

  test("never throws, in any form", () => {
    const template = { name: "{annotation.name}", port: "{annotation.port}", protocol: "http" };
    const names: Decoder[] = ["dubbo-records", "dubbo-metadata", "json-services", "template"];
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => Buffer.from(text).toString("base64")),
      fc.array(fc.record({ k: fc.webPath().map((path) => `/dubbo${path}`), v: fc.string() })).map(recordsPayload),
      fc.record({ services: fc.array(fc.object()) }).map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(...names), (payload, name) => {
        const { decoded } = decode(name, payload, template);
        if (typeof decoded === "string") return;
        for (const { instance } of decoded.offers) for (const { number } of instance.ports) assert.ok(number >= 1 && number <= 65_535);
      }),
    );
  });
});

suite("services as JSON", () => {
  const document = {
    services: [
      {
        name: "orders",
        namespace: "shop",
        version: "2",
        hosts: ["Orders.Shop.Example"],
        ports: [
          { name: "http", number: 8080, protocol: "HTTP" },
          { number: 9090, protocol: "grpc" },
        ],
        weight: 3,
        labels: { zone: "a" },
        annotations: { owner: "team-a" },
      },
      { name: "raw", ports: [{ number: 7 }], address: "10.9.9.9" },
    ],
  };

  test("are read plain and in base64", () => {
    const text = JSON.stringify(document);
    const plain = registrations("json-services", text);
    assert.deepEqual(registrations("json-services", Buffer.from(text).toString("base64url")), plain);
    assert.deepEqual(plain.offers, [
      {
        key: { namespace: "shop", name: "orders", version: "2" },
        hosts: ["orders.shop.example"],
        annotations: { owner: "team-a" },
        instance: {
          id: "10.1.0.7:8080",
          address: "10.1.0.7",
          ports: [
            { name: "http", number: 8080, protocol: "http" },
            { number: 9090, protocol: "grpc" },
          ],
          weight: 3,
          labels: { zone: "a" },
        },
      },
      {
        key: { namespace: "shop", name: "raw" },
        instance: { id: "10.9.9.9:7", address: "10.9.9.9", ports: [{ number: 7, protocol: "tcp" }] },
      },
    ]);
  });

  test("that are bad are left out one by one", () => {
    const ports = [{ number: 80 }];
    const bad = [
      7,
      { ports },
      { name: "a" },
      { name: "a", ports: [{ number: 0 }] },
      { name: "a", ports, weight: -1 },
      { name: "a", ports, hosts: [1] },
    ];
    const { offers, codes } = registrations("json-services", JSON.stringify({ services: [...bad, { name: "b", ports, colour: "red" }] }));
    assert.deepEqual(
      offers.map(({ key }) => key.name),
      ["b"],
    );
    assert.deepEqual(codes, [...bad.map(() => "bad-value"), "unknown-key"]);
  });
});

suite("metadata of Dubbo for Java", () => {
  test("is the application as a service, called as the pod's label says", () => {
    const metadata = {
      "dubbo.endpoints": '[{"port":20880,"protocol":"dubbo"},{"port":50051,"protocol":"tri"}]',
      "dubbo.metadata.revision": "835cd30b757fba4a3069042fb4091bc2",
      "dubbo.metadata.storage-type": "local",
      zone: "a",
    };
    const { offers } = registrations("dubbo-metadata", JSON.stringify(metadata));
    assert.deepEqual(
      offers.map(({ key, instance }) => [key.name, instance.id, instance.labels]),
      [
        ["order-center", "dubbo://10.1.0.7:20880", { application: "order-center", zone: "a" }],
        ["order-center", "tri://10.1.0.7:50051", { application: "order-center", zone: "a" }],
      ],
    );
    assert.deepEqual(registrations("dubbo-metadata", '{"dubbo.metadata.revision":"0"}').offers, []);
  });
});

suite("a template", () => {
  test("puts a service together from the annotation and the labels", () => {
    const template = {
      name: "{labels.app}",
      version: "{labels.version}",
      group: "{labels.none}",
      port: "{annotation.port}",
      protocol: "http",
    };
    assert.deepEqual(registrations("template", '{"port":8080}', template).offers, [
      {
        key: { name: "order", version: "v2" },
        instance: { id: "10.1.0.7:8080", address: "10.1.0.7", ports: [{ number: 8080, protocol: "http" }] },
      },
    ]);
    const whole = { name: "{annotation}.{namespace}", port: "80", protocol: "{labels.none}tcp" };
    assert.equal(registrations("template", " orders ", whole).offers[0]?.key.name, "orders.shop");
  });

  test("whose name or port comes out empty gives nothing, in words", () => {
    const port = { name: "a", port: "{annotation.port}", protocol: "http" };
    assert.match(decode("template", "{}", port).decoded as string, /port/);
    assert.match(decode("template", '{"port":99999}', port).decoded as string, /99999/);
    assert.match(decode("template", "", { name: "{labels.none}", port: "1", protocol: "http" }).decoded as string, /name/);
  });

  test("with a placeholder that does not exist is refused", () => {
    for (const text of ["plain", "{annotation}-{annotation.a.b}", "{labels.app.kubernetes.io/name}", "{pod}.{namespace}"]) {
      assert.equal(templateProblem(text), undefined, text);
    }
    for (const text of ["{labels}", "{pod.x}", "{name}", "{", "a}"]) assert.ok(templateProblem(text), text);
  });
});
