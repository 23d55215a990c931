/** Services of which one registry calls the ports otherwise than another one: always a valid ServiceEntry, and the difference is told. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { meshSchema } from "../../../src/config/schema.ts";
import { mergingSchema } from "../../../src/config/sections/merging-schema.ts";
import { compileMeshPolicy } from "../../../src/mesh/policy.ts";
import { translateService } from "../../../src/mesh/service-entry.ts";
import { validate } from "../../../src/mesh/validate/validate.ts";
import type { Port, Service } from "../../../src/registries/service.ts";
import { CatalogRig, registryConfig } from "../../support/catalog-rig.ts";

const policy = compileMeshPolicy(meshSchema.parse({}));

/** `name:number/protocol`, the name with its colon left out where there is none. */
function port(text: string): Port {
  const [, name, number = "", protocol = ""] = /^(?:(.*):)?(.*)\/(.*)$/.exec(text) ?? [];
  return { ...(name && { name }), number: Number(number), protocol };
}

function declaring(ports: readonly string[], ...addresses: readonly string[]): Partial<Service> {
  return { ports: ports.map(port), instances: addresses.map((address) => ({ id: address, address, ports: [] })) };
}

function telling(ports: readonly string[], ...addresses: readonly string[]): Partial<Service> {
  return { instances: addresses.map((address) => ({ id: address, address, ports: ports.map(port) })) };
}

/** What is served of a service that the first registry calls `a`, and the second one `b`. */
function joined(first: Partial<Service>, second: Partial<Service>, merging: object = {}) {
  const rig = new CatalogRig(registryConfig("one"), registryConfig("two"));
  const others = ["b", "http.b", "tri.b", "http.a", "tri.a"].map((name) => ({ host: `${name}.dubbo` }));
  rig.catalog.setMerging(mergingSchema.parse({ sameAs: [{ host: "a.dubbo", services: others }], ...merging }));
  rig.put("two", { kind: "service", service: { key: { name: "b" }, instances: [], ...second } });
  rig.put("one", { kind: "service", service: { key: { name: "a" }, instances: [], ...first } });
  const service = rig.service("a.dubbo");
  assert.ok(service);
  const { object } = translateService(service, policy, "241.0.0.1");
  assert.ok(object?.kind === "ServiceEntry");
  assert.deepEqual(validate(object), []);
  const { ports, endpoints } = object.spec;
  return {
    ports: ports.map(({ name, number, protocol }) => `${name}:${number}/${protocol}`),
    endpoints: endpoints.map(({ address, ports: own }) => `${address}:${Object.values(own)[0] ?? ports[0]?.number}`),
    weights: endpoints.map(({ weight }) => weight),
    registries: service.endpoints.map(({ registries }) => registries.join()),
    told: service.conflicts?.told ?? [],
    shadows: service.decision?.shadows ?? [],
  };
}

suite("ports that registries call differently", () => {
  test("one number and two protocols: the first registry is believed, no endpoint is lost, and the clash is told", () => {
    const { ports, endpoints, told } = joined(telling(["20880/dubbo"], "10.0.0.1"), telling(["20880/tri"], "10.0.0.2"));
    assert.deepEqual([ports, endpoints], [["tcp-dubbo:20880/TCP"], ["10.0.0.1:20880", "10.0.0.2:20880"]]);
    assert.deepEqual(told, ["port 20880 is dubbo in one, which is believed, and tri in two"]);
  });

  test("one number and two names: the first one's name, and the endpoints of both", () => {
    const { ports, endpoints, told } = joined(declaring(["http:80/http"], "10.0.0.1"), declaring(["web:80/http"], "10.0.0.2"));
    assert.deepEqual([ports, endpoints], [["http:80/HTTP"], ["10.0.0.1:80", "10.0.0.2:80"]]);
    assert.deepEqual(told, ['port 80 is http ("http") in one, which is believed, and http ("web") in two']);
  });

  test("declared in the first, told by instances in the second: each is reached at its own number", () => {
    const { ports, endpoints, told } = joined(declaring(["web:80/http"], "10.0.0.1"), telling(["8080/http"], "10.0.0.2"));
    assert.deepEqual([ports, endpoints, told], [["web:80/HTTP"], ["10.0.0.1:80", "10.0.0.2:8080"], []]);
  });

  test("the other way round, too, and what both name is one endpoint", () => {
    const { ports, endpoints, registries } = joined(
      telling(["80/http"], "10.0.0.1", "10.0.0.2"),
      declaring(["web:80/http"], "10.0.0.1", "10.0.0.3"),
    );
    assert.deepEqual([ports, endpoints], [["http:80/HTTP"], ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]]);
    assert.deepEqual(registries, ["one,two", "one", "two"]);
  });

  test("what has no port in common is left out, not reached at a wrong one", () => {
    const { endpoints } = joined(declaring(["web:80/http"], "10.0.0.1"), telling(["20880/dubbo"], "10.0.0.2"));
    assert.deepEqual(endpoints, ["10.0.0.1:80"]);
  });

  test("shares and shadows know them as one", () => {
    const [first, second] = [declaring(["web:80/http"], "10.0.0.1", "10.0.0.2"), telling(["80/http"], "10.0.0.1", "10.0.0.3")];
    const weighted = joined(first, second, { rules: [{ hosts: ["*"], policy: "weighted", shares: { one: 1, two: 1 } }] });
    assert.deepEqual(weighted.endpoints, ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]);
    assert.deepEqual(weighted.weights, [2, 1, 1]);
    for (const [one, other] of [[first, second] as const, [second, first] as const]) {
      assert.deepEqual(joined(one, other, { policy: "shadow" }).shadows, [{ registry: "two", missing: 1, extra: 1 }]);
    }
  });

  test("whatever is joined, it is valid, has no endpoint twice, and keeps the first registry's", () => {
    const texts = fc.uniqueArray(fc.constantFrom("http:80/http", "80/http", "web:80/tcp", "grpc:90/grpc", "8080/http"), {
      minLength: 1,
      maxLength: 2,
    });
    const addresses = fc.uniqueArray(fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3"), { minLength: 1 });
    const made = fc
      .tuple(fc.boolean(), texts, addresses)
      .map(([isDeclared, ports, list]) => (isDeclared ? declaring : telling)(ports, ...list));
    fc.assert(
      fc.property(addresses, made, (first, second) => {
        const { endpoints } = joined(declaring(["http:80/http"], ...first), second);
        assert.equal(new Set(endpoints).size, endpoints.length);
        for (const address of first) assert.ok(endpoints.includes(`${address}:80`), `${address} of ${endpoints}`);
      }),
      { numRuns: 50 },
    );
  });
});
