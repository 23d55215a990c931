/** What holds for the translation of any service, however hostile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import type { MergedEndpoint, MergedService } from "../../src/catalog/merged-service.ts";
import { ServiceEntrySchema } from "../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { translateResource } from "../../src/mesh/ready-resource.ts";
import { translateService } from "../../src/mesh/service-entry.ts";
import { validate } from "../../src/mesh/validate/validate.ts";
import { policyOf, serviceOf } from "./builders.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom("", "a", "app", "__proto__", "constructor", "istio.io/rev"),
);
const record = fc.dictionary(text, text, { maxKeys: 6 });
const portOf = fc.record(
  {
    name: fc.oneof(fc.constantFrom("web", "Web", "a_b", "main", ""), text),
    number: fc.oneof(fc.constantFrom(80, 20880, 20881), fc.integer({ min: -1, max: 70_000 }), fc.double()),
    protocol: fc.oneof(fc.constantFrom("dubbo", "tri", "http", "rest", "grpc", "tcp"), text),
  },
  { requiredKeys: ["number", "protocol"] },
);
const endpoint: fc.Arbitrary<MergedEndpoint> = fc.record(
  {
    id: fc.constantFrom("a", "b", "c", "d"),
    address: fc.oneof(
      fc.constantFrom("10.0.0.1", "10.0.0.2", "::1", "0:0::1", "host.example.com", "Host.example.com.", "a_b"),
      fc.ipV4(),
      fc.ipV6(),
      text,
    ),
    ports: fc.array(portOf, { maxLength: 3 }),
    registries: fc.subarray(["zk", "nacos", "eureka"], { minLength: 1 }),
    weight: fc.oneof(fc.constantFrom(0, 1, 100), fc.double()),
    health: fc.constantFrom("healthy" as const, "unhealthy" as const, "disabled" as const),
    labels: record,
    locality: fc.record({ region: text, zone: text, subzone: text }, { requiredKeys: [] }),
    network: fc.oneof(fc.constantFrom("net-1"), text),
    serviceAccount: text,
    dns: fc.constant(true as const),
  },
  { requiredKeys: ["id", "address", "ports", "registries"] },
);
const service: fc.Arbitrary<MergedService> = fc
  .record({
    host: fc.oneof(fc.constantFrom("order.dubbo", "shop.eureka"), text),
    otherHosts: fc.array(fc.oneof(fc.constantFrom("a.b", "*"), text), { maxLength: 2 }),
    protocol: fc.constantFrom(undefined, "dubbo", "http"),
    ports: fc.array(portOf, { maxLength: 3 }),
    endpoints: fc.array(endpoint, { maxLength: 6 }),
    annotations: record,
  })
  .map(serviceOf);
const policies = [
  policyOf(),
  policyOf({ labels: ["*"], endpointTls: "istio", servicePorts: { dubbo: 20880, http: 80 } }),
  policyOf({ endpointTls: "auto" }),
];
const policy = fc.constantFrom(...policies);
const vip = fc.constantFrom(undefined, "241.1.2.3");

test("any service gives a valid object or a reason, and never throws", () => {
  fc.assert(
    fc.property(service, policy, vip, (input, settings, address) => {
      const { object, problems } = translateService(input, settings, address);
      if (!object) {
        assert.ok(problems.some((problem) => problem.costs === "service"));
        return;
      }
      assert.ok(!problems.some((problem) => problem.costs === "service"));
      assert.deepEqual(validate(object), []);
      assert.ok(object.kind === "ServiceEntry");
      assert.deepEqual(fromBinary(ServiceEntrySchema, toBinary(ServiceEntrySchema, object.spec)), object.spec, "survives the wire");
      assert.doesNotMatch(JSON.stringify(object.labels), /istio\.io/);
      for (const one of object.spec.endpoints) {
        for (const name of Object.keys(one.labels)) {
          assert.ok(!name.includes("istio.io/") || (name === "security.istio.io/tlsMode" && settings.endpointTls !== "off"), name);
        }
        if (settings.endpointTls === "off") assert.equal(one.serviceAccount, "");
      }
    }),
    { numRuns: 2000 },
  );
});

function reversed<T>(values: Readonly<Record<string, T>> | undefined): Record<string, T> | undefined {
  // A key such as "__proto__" has to stay an own property.
  return values && Object.fromEntries(Object.entries(values).reverse());
}

test("the order of instances, ports and labels does not matter", () => {
  fc.assert(
    fc.property(service, policy, (input, settings) => {
      const turned: MergedService = {
        ...input,
        otherHosts: input.otherHosts.toReversed(),
        annotations: reversed(input.annotations) ?? {},
        ports: input.protocol === undefined ? input.ports : input.ports.toReversed(),
        endpoints: input.endpoints
          .map((one) => ({ ...one, ports: one.ports.toReversed(), ...(one.labels && { labels: reversed(one.labels) ?? {} }) }))
          .toReversed(),
      };
      assert.equal(
        JSON.stringify(translateService(turned, settings, "241.1.2.3")),
        JSON.stringify(translateService(input, settings, "241.1.2.3")),
      );
    }),
    { numRuns: 1000 },
  );
});

test("every endpoint is served on every port the service offers", () => {
  fc.assert(
    fc.property(service, (input) => {
      const { object } = translateService(input, policies[0] ?? policyOf(), "241.1.2.3");
      if (object?.kind !== "ServiceEntry" || input.protocol === undefined) return;
      const told: readonly (number | undefined)[] = input.endpoints.flatMap((one) => one.ports.map((port) => port.number));
      for (const one of object.spec.endpoints) {
        for (const port of object.spec.ports)
          assert.ok(
            told.includes(Object.hasOwn(one.ports, port.name) ? one.ports[port.name] : port.number),
            "a number that an instance has told",
          );
      }
    }),
  );
});

test("any ready resource gives a valid object or a reason, and never throws", () => {
  const spec = fc.oneof(
    fc.dictionary(
      fc.constantFrom("hosts", "ports", "endpoints", "egress", "ingress", "address", "labels", "resolution", "x"),
      fc.jsonValue(),
    ),
    fc.record({
      hosts: fc.array(text),
      resolution: fc.constantFrom("STATIC", "DNS", 1, "x"),
      endpoints: fc.array(fc.record({ address: text, ports: record })),
    }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("ServiceEntry" as const, "WorkloadEntry" as const, "Sidecar" as const),
      text,
      record,
      spec,
      (kind, name, labels, body) => {
        const resource = {
          apiVersion: "networking.istio.io/v1",
          kind,
          metadata: { name, namespace: "default", labels },
          spec: body as Record<string, unknown>,
        };
        const { object, problems } = translateResource({ registry: "local", resource }, policyOf());
        if (object) assert.deepEqual(validate(object), []);
        else assert.ok(problems.some((problem) => problem.costs === "service"));
      },
    ),
    { numRuns: 1000 },
  );
});
