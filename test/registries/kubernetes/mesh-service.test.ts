import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { KubeObject } from "../../../src/registries/kubernetes/reflector/kube-object.ts";
import { isOlder } from "../../../src/registries/kubernetes/reflector/resource-version.ts";
import { watchEvents } from "../../../src/registries/kubernetes/reflector/watch-events.ts";
import { readEndpointSlice } from "../../../src/registries/kubernetes/services/endpoint-slice.ts";
import { meshService, type ServiceSurroundings } from "../../../src/registries/kubernetes/services/mesh-service.ts";
import { readNodeLocality } from "../../../src/registries/kubernetes/services/node-locality.ts";
import { readService } from "../../../src/registries/kubernetes/services/service-object.ts";
import type { Service } from "../../../src/registries/service.ts";
import { type ServiceOptions, type SliceOptions, serviceObject, sliceObject } from "../../support/kubernetes-objects.ts";

interface Translated {
  readonly service: Service | undefined;
  readonly problems: readonly string[];
}

function translate(service: ServiceOptions, slices: readonly SliceOptions[], around: Partial<ServiceSurroundings> = {}): Translated {
  const problems: string[] = [];
  const read = readService(serviceObject("orders", service) as KubeObject);
  const parts = slices.map((slice, at) => readEndpointSlice(sliceObject("orders", { name: `s${at}`, ...slice }) as KubeObject)!);
  const result = meshService(read!, parts, {
    cluster: { id: "east" },
    families: "primary",
    exportTo: undefined,
    nodeLocality: () => undefined,
    report: (code, message) => problems.push(`${code}: ${message}`),
    ...around,
  });
  return { service: result, problems };
}

/** `address state` of every instance. */
function states({ service }: Translated): string[] | undefined {
  return service?.instances.map(({ address, health }) => `${address} ${health}`);
}

const [ready, notReady] = [{ ready: true }, { ready: false }];
const draining = { ready: false, serving: true, terminating: true };

suite("a Kubernetes Service in registry-neutral words", () => {
  test("ports are the Service's, and instances tell their own number of each", () => {
    const ports = [
      { name: "http", port: 80 },
      { name: "grpc-api", port: 90 },
    ];
    const slice = {
      ports: [
        { name: "grpc-api", port: 9090 },
        { name: "http", port: 8080 },
      ],
      endpoints: [{ address: "10.0.0.1" }],
    };
    const { service, problems } = translate({ ports }, [slice]);
    assert.deepEqual(service, {
      key: { namespace: "shop", name: "orders" },
      ports: [
        { name: "http", number: 80, protocol: "http" },
        { name: "grpc-api", number: 90, protocol: "grpc" },
      ],
      instances: [
        {
          id: "10.0.0.1",
          address: "10.0.0.1",
          ports: [
            { name: "http", number: 8080, protocol: "http" },
            { name: "grpc-api", number: 9090, protocol: "grpc" },
          ],
          health: "healthy",
          cluster: "east",
        },
      ],
    });
    assert.deepEqual(problems, []);
  });

  const protocols: readonly (readonly [name: string | undefined, appProtocol: string | undefined, word: string])[] = [
    [undefined, undefined, "tcp"],
    ["http", undefined, "http"],
    ["HTTP-admin", undefined, "http"],
    ["http2-x", undefined, "http2"],
    ["https", undefined, "https"],
    ["grpc-web-x", undefined, "grpc-web"],
    ["grpc-api", undefined, "grpc"],
    ["httpx", undefined, "tcp"],
    ["web", undefined, "tcp"],
    ["web", "HTTP", "http"],
    ["http", "kubernetes.io/h2c", "h2c"],
    ["http", "kubernetes.io/ws", "ws"],
    ["x", "kubernetes.io/wss", "tls"],
    ["x", "mysql", "mysql"],
  ];
  for (const [name, appProtocol, word] of protocols) {
    test(`a port called ${name ?? "nothing"}${appProtocol ? ` with ${appProtocol}` : ""} speaks ${word}`, () => {
      const { service } = translate({ ports: [{ ...(name && { name }), port: 80, ...(appProtocol && { appProtocol }) }] }, []);
      assert.equal(service?.ports?.[0]?.protocol, word);
    });
  }

  test("UDP is carried, SCTP is left out and said", () => {
    const ports = [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "sig", port: 99, protocol: "SCTP" },
    ];
    const { service, problems } = translate({ ports }, []);
    assert.deepEqual(service?.ports, [{ name: "dns", number: 53, protocol: "udp" }]);
    assert.match(problems.join(), /bad-port: port 99 speaks SCTP/);
  });

  test("a port without a name is found without a name", () => {
    const { service } = translate({ ports: [{ port: 80 }] }, [{ ports: [{ port: 8080 }], endpoints: [{ address: "10.0.0.1" }] }]);
    assert.deepEqual(service?.instances[0]?.ports, [{ number: 8080, protocol: "tcp" }]);
  });

  test("who is not ready is unhealthy; who is ending serves only while nobody is ready", () => {
    const one = { address: "10.0.0.1", conditions: notReady };
    const two = { address: "10.0.0.2", conditions: draining };
    const three = { address: "10.0.0.3", conditions: ready };
    assert.deepEqual(states(translate({}, [{ endpoints: [one, two, three] }])), [
      "10.0.0.1 unhealthy",
      "10.0.0.2 unhealthy",
      "10.0.0.3 healthy",
    ]);
    assert.deepEqual(states(translate({}, [{ endpoints: [one, two] }])), ["10.0.0.1 unhealthy", "10.0.0.2 healthy"]);
    assert.deepEqual(states(translate({}, [{ endpoints: [{ ...one, conditions: {} }] }])), ["10.0.0.1 healthy"]);
    assert.deepEqual(states(translate({}, [{ endpoints: [{ ...one, conditions: { ready: false, terminating: true } }] }])), [
      "10.0.0.1 unhealthy",
    ]);
  });

  test("an endpoint in two slices is one, and the better word counts", () => {
    const slices = [{ endpoints: [{ address: "10.0.0.1", conditions: notReady }] }, { endpoints: [{ address: "10.0.0.1" }] }];
    assert.deepEqual(states(translate({}, slices)), ["10.0.0.1 healthy"]);
    assert.deepEqual(translate({}, slices).service, translate({}, slices.toReversed()).service);
  });

  test("of two families the Service's own is served, or what the setting says", () => {
    const slices: SliceOptions[] = [
      { family: "IPv6", endpoints: [{ address: "fd00::1" }] },
      { family: "IPv4", endpoints: [{ address: "10.0.0.1" }] },
    ];
    const spec = { ipFamilies: ["IPv6", "IPv4"], clusterIP: "fd00::ff" };
    const addresses = (families: ServiceSurroundings["families"], of: object = spec) =>
      translate({ spec: of }, slices, { families }).service?.instances.map(({ address }) => address);
    assert.deepEqual(addresses("primary"), ["fd00::1"]);
    assert.deepEqual(addresses("ipv4"), ["10.0.0.1"]);
    assert.deepEqual(addresses("ipv6"), ["fd00::1"]);
    assert.deepEqual(addresses("both"), ["10.0.0.1", "fd00::1"]);
    assert.deepEqual(addresses("primary", {}), ["10.0.0.1", "fd00::1"], "a Service that does not say");
  });

  test("headless is told apart, ExternalName is not served and said", () => {
    const headless = translate({ spec: { clusterIP: "None" } }, [{ endpoints: [{ address: "10.0.0.1" }] }]);
    assert.deepEqual(headless.service?.annotations, { "kubernetes.type": "headless" });
    assert.equal(headless.service?.instances.length, 1);
    const external = translate({ spec: { type: "ExternalName", externalName: "db.example.com" } }, []);
    assert.equal(external.service, undefined);
    assert.match(external.problems.join(), /^external-name: /);
  });

  test("only ports that all endpoints have are offered; without any, the one that most have", () => {
    const ports = [
      { name: "http", port: 80 },
      { name: "metrics", port: 90 },
    ];
    const [http, both, metrics] = [["http"], ["http", "metrics"], ["metrics"]].map((names, at) => ({
      ports: names.map((name) => ({ name, port: 8080 })),
      endpoints: [{ address: `10.0.0.${at}` }],
    }));
    const some = translate({ ports }, [http!, both!]);
    assert.deepEqual([some.service?.ports?.map(({ name }) => name), some.service?.instances.length], [["http"], 2]);
    assert.match(some.problems.join(), /port-not-offered: port metrics is on 1 of 2 endpoints/);
    const none = translate({ ports }, [http!, both!, metrics!]);
    assert.deepEqual([none.service?.ports?.map(({ name }) => name), none.service?.instances.length], [["http"], 2]);
    assert.match(none.problems.join(), /port-missing: 1 endpoints/);
    assert.equal(translate({ ports }, []).service?.ports?.length, 2, "without endpoints all are declared");
  });

  test("the annotation says who sees it, in names that hold in any namespace", () => {
    const exported = (annotation: string) => {
      const { service, problems } = translate({ annotations: { "networking.istio.io/exportTo": annotation } }, []);
      return [service?.exportTo, problems.length];
    };
    assert.deepEqual(exported("."), [["shop"], 0]);
    assert.deepEqual(exported("*"), [["*"], 0]);
    assert.deepEqual(exported("crm, . ,crm"), [["crm", "shop"], 0]);
    assert.deepEqual(exported("~"), [undefined, 0], "nobody: it is not served");
    assert.deepEqual(exported("Bad!,crm"), [["crm"], 1]);
    assert.deepEqual(exported("Bad!"), [["shop"], 1], "who meant to restrict is not exposed");
    assert.deepEqual(translate({}, [], { exportTo: ["crm"] }).service?.exportTo, ["crm"]);
  });

  test("the order of slices, endpoints and ports does not matter", () => {
    const address = fc.integer({ min: 1, max: 6 }).map((number) => `10.0.0.${number}`);
    const conditions = fc.constantFrom(ready, notReady, draining, {});
    const endpoint = fc.record({ address, conditions, zone: fc.constantFrom("a", "b") });
    const ports = fc.subarray(["http", "x", "y"]).map((names) => names.map((name, at) => ({ name, port: 8080 + at })));
    const slices = fc.array(fc.record({ ports, endpoints: fc.array(endpoint, { maxLength: 4 }) }), { maxLength: 4 });
    const service = { ports: ["http", "x", "y"].map((name, at) => ({ name, port: 80 + at })) };
    const property = fc.property(slices, (all) => {
      const reversed = all
        .toReversed()
        .map((slice) => ({ ...slice, endpoints: slice.endpoints.toReversed(), ports: slice.ports.toReversed() }));
      const name = (list: typeof all) => list.map((slice) => ({ ...slice, name: JSON.stringify(slice) }));
      assert.deepEqual(translate(service, name(all)).service, translate(service, name(reversed)).service);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("whatever an API server says, nothing throws", () => {
    const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>;
    const metadata = fc.record({ name: fc.string(), namespace: fc.string(), labels: json, annotations: json });
    const object = fc.record({ metadata, spec: json, addressType: fc.constantFrom("IPv4", "x"), ports: json, endpoints: json });
    const property = fc.property(object, fc.array(json), (value, list) => {
      for (const one of [value, { ...value, spec: { ports: list }, ports: list, endpoints: list }]) {
        readService(one as KubeObject);
        readEndpointSlice({
          ...one,
          metadata: { ...one.metadata, labels: { "kubernetes.io/service-name": "x" } },
        } as unknown as KubeObject);
        readNodeLocality(one as KubeObject);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

suite("what a watch says", () => {
  const event = (name: string) => ({ type: "ADDED", object: { metadata: { name } } });

  test("is read whole, however it is cut into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ minLength: 1, unit: "grapheme" })), fc.array(fc.nat(20)), async (names, cuts) => {
        const bytes = Buffer.from(names.map((name) => `${JSON.stringify(event(name))}\n`).join(""));
        const chunks: Buffer[] = [];
        for (let from = 0, at = 0; from < bytes.length; at++) {
          const size = 1 + (cuts[at % Math.max(1, cuts.length)] ?? 30);
          chunks.push(bytes.subarray(from, from + size));
          from += size;
        }
        const read = [];
        for await (const one of watchEvents(stream(chunks))) if (one.type !== "BOOKMARK") read.push(one.object.metadata.name);
        assert.deepEqual(read, names);
      }),
      { numRuns: 50 },
    );
  });

  test("is refused if it is none", async () => {
    const gone = { type: "ERROR", object: { code: 410, message: "too old" } };
    for (const [text, words] of [
      [`${JSON.stringify(gone)}\n`, /410: too old/],
      ["{\n", /no JSON/],
      ['{"type":"ADDED","object":{}}\n', /no watch has/],
      [`"${"x".repeat(9 * 1024 * 1024)}`, /more than/],
    ] as const) {
      await assert.rejects(async () => {
        for await (const _ of watchEvents(stream([Buffer.from(text)])));
      }, words);
    }
  });
});

test("versions are compared as numbers of any length, and what is none is not older", () => {
  assert.deepEqual(
    [
      isOlder("9", "10"),
      isOlder("10", "9"),
      isOlder("99999999999999999999", "100000000000000000000"),
      isOlder("x", "9"),
      isOlder("5", "5"),
    ],
    [true, false, true, false, false],
  );
});

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
