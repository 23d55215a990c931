import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Contribution } from "../../src/catalog/contribution.ts";
import { merge } from "../../src/catalog/merge.ts";
import type { NamedService } from "../../src/naming/named-service.ts";
import type { Instance } from "../../src/registries/service.ts";

const hosts = { host: "a.dubbo", otherHosts: [] };

function named(instances: readonly Instance[], more: Partial<NamedService> = {}): NamedService {
  const base = { namespace: "n", host: "a.dubbo", otherHosts: [], identity: "zk|a|dubbo", kind: "zk", key: { name: "a" } };
  return { ...base, protocol: "dubbo", ports: [], instances, consumers: [], annotations: {}, lost: [], ...more };
}

function from(registry: string, priority: number, service: NamedService, network?: string): Contribution {
  return { registry, priority, network, locality: undefined, hostNames: "resolve", named: service };
}

function at(address: string, more: Partial<Instance> = {}): Instance {
  return { id: address, address, ports: [{ number: 1, protocol: "dubbo" }], ...more };
}

describe("merging", () => {
  it("gives an endpoint the locality of its source only where it has none of its own", () => {
    const service = named([at("10.0.0.1"), at("10.0.0.2", { locality: { region: "own" } })]);
    const { endpoints } = merge([{ ...from("k8s/b", 0, service), locality: { region: "north", zone: "z" } }], hosts);
    assert.deepEqual(
      endpoints.map(({ locality }) => locality),
      [{ region: "north", zone: "z" }, { region: "own" }],
    );
  });

  it("names an endpoint of two registries once, with the facts of the first in the configuration", () => {
    const merged = merge(
      [
        from("b", 1, named([at("10.0.0.1", { weight: 2 }), at("10.0.0.0")])),
        from("z", 0, named([at("10.0.0.1", { weight: 1, id: "other" })])),
      ],
      hosts,
    );
    assert.deepEqual(
      merged.endpoints.map(({ address, weight, registries }) => ({ address, weight, registries })),
      [
        { address: "10.0.0.0", weight: undefined, registries: ["b"] },
        { address: "10.0.0.1", weight: 1, registries: ["b", "z"] },
      ],
    );
    assert.deepEqual(merged.registries, ["b", "z"]);
  });

  it("marks the endpoints of registries whose host names are left to the proxies", () => {
    const merged = merge(
      [{ ...from("a", 0, named([at("order-1"), at("order-2")])), hostNames: "dns" }, from("b", 1, named([at("order-2"), at("order-3")]))],
      hosts,
    );
    assert.deepEqual(
      merged.endpoints.map(({ address, dns }) => [address, dns]),
      [
        ["order-1", true],
        ["order-2", true],
        ["order-3", undefined],
      ],
    );
  });

  it("tells endpoints apart by network and port number; what else is said of one differently is a conflict", () => {
    const same = at("10.0.0.1");
    const others = [
      at("10.0.0.1", { network: "n2" }),
      at("10.0.0.1", { ports: [{ number: 2, protocol: "dubbo" }] }),
      at("10.0.0.1", { ports: [{ number: 1, protocol: "tri" }] }),
      at("10.0.0.1", { ports: [{ number: 1, protocol: "dubbo", name: "x" }] }),
    ];
    const merged = merge([from("a", 0, named([same])), from("b", 1, named(others))], hosts);
    assert.deepEqual(
      merged.endpoints.map(({ network, ports }) => [network, ports.map(({ number, protocol }) => `${number} ${protocol}`)]),
      [
        [undefined, ["1 dubbo"]],
        [undefined, ["2 dubbo"]],
        ["n2", ["1 dubbo"]],
      ],
    );
    assert.deepEqual(merged.conflicts, { count: 1, told: ["10.0.0.1: port 1 is dubbo or tri, a is believed, not b"] });
  });

  describe("of services that declare their ports", () => {
    const [http, grpc] = [
      { name: "http", number: 80, protocol: "http" },
      { name: "grpc", number: 90, protocol: "grpc" },
    ];
    const declared = (ports: Instance["ports"], ...addresses: string[]) =>
      named(
        addresses.map((address) => at(address, { ports })),
        { protocol: undefined, ports },
      );
    const outcome = (...contributions: Contribution[]) => {
      const { ports, unsharedPorts = [], endpoints } = merge(contributions, hosts);
      const names = (list: Instance["ports"]) => list.map(({ name }) => name).join();
      return [names(ports), names(unsharedPorts), endpoints.map(({ address }) => address).join()];
    };

    it("offers those that all with endpoints declare", () => {
      const [a, b] = [from("a", 0, declared([http, grpc], "10.0.0.1")), from("b", 1, declared([grpc], "10.0.0.2"))];
      assert.deepEqual(outcome(a, b), ["grpc", "http", "10.0.0.1,10.0.0.2"]);
      assert.deepEqual(outcome(b, a), ["grpc", "http", "10.0.0.1,10.0.0.2"]);
      assert.deepEqual(outcome(a, from("b", 1, declared([grpc]))), ["http,grpc", "", "10.0.0.1"]);
    });

    it("leaves out the endpoints of a registry that shares none with the first", () => {
      const [a, b] = [from("a", 0, declared([http], "10.0.0.1")), from("b", 1, declared([grpc], "10.0.0.2"))];
      assert.deepEqual(outcome(a, b), ["http", "grpc", "10.0.0.1"]);
      const c = from("c", 2, declared([http, grpc], "10.0.0.3"));
      assert.deepEqual(outcome(a, b, c), ["http", "grpc", "10.0.0.1,10.0.0.3"]);
    });

    it("leaves none whose ports no two of the others share", () => {
      const web = { name: "web", number: 70, protocol: "http" };
      const [a, b, c] = [
        from("a", 0, declared([http, grpc], "10.0.0.1")),
        from("b", 1, declared([http, web], "10.0.0.2")),
        from("c", 2, declared([grpc, web], "10.0.0.3")),
      ];
      assert.deepEqual(outcome(a, b, c), ["http,grpc", "http,web,grpc,web", "10.0.0.1"]);
    });
  });

  it("lets the first registry that says so decide who sees a service", () => {
    const seen = (...exported: (readonly string[] | undefined)[]) =>
      merge(
        exported.map((exportTo, at) => from(`r${at}`, at, named([], { ...(exportTo && { exportTo }) }))),
        hosts,
      ).exportTo;
    assert.deepEqual(seen(undefined, ["shop"], ["*"]), ["shop"]);
    assert.equal(seen(undefined), undefined);
  });

  it("gives addresses the network of their registry", () => {
    const merged = merge(
      [from("a", 0, named([at("10.0.0.1")]), "n1"), from("b", 1, named([at("10.0.0.1", { network: "n1" }), at("10.0.0.2")]))],
      hosts,
    );
    assert.deepEqual(
      merged.endpoints.map(({ address, network }) => [address, network]),
      [
        ["10.0.0.2", undefined],
        ["10.0.0.1", "n1"],
      ],
    );
  });

  it("takes each annotation, and the declared ports, from the first registry that has them", () => {
    const ports = [{ number: 80, protocol: "http" }];
    const declared = { protocol: undefined, identity: "zk|a|" };
    const merged = merge(
      [
        from("b", 1, named([], { ...declared, ports, annotations: { x: "b", y: "b" } })),
        from("a", 0, named([], { ...declared, annotations: { x: "a" } })),
      ],
      hosts,
    );
    assert.deepEqual(merged.annotations, { x: "a", y: "b" });
    assert.deepEqual(merged.ports, ports);
  });

  it("forgets a remembered port as soon as any registry has an endpoint", () => {
    const empty = from("a", 0, named([], { ports: [{ number: 20880, protocol: "dubbo" }] }));
    assert.equal(merge([empty], hosts).ports.length, 1);
    assert.deepEqual(merge([empty, from("b", 1, named([at("10.0.0.1")]))], hosts).ports, []);
  });

  it("depends on what is contributed, not on order or repetition", () => {
    const someInstance = fc.record({
      id: fc.constantFrom("i", "j", "k"),
      address: fc.constantFrom("10.0.0.1", "10.0.0.2", "h"),
      ports: fc.subarray([
        { number: 1, protocol: "dubbo" },
        { number: 2, protocol: "dubbo" },
      ]),
      weight: fc.option(fc.nat(2), { nil: undefined }),
      network: fc.option(fc.constantFrom("n1", "n2"), { nil: undefined }),
    });
    const contribution = fc
      .record({
        priority: fc.nat(3),
        instances: fc.array(someInstance, { maxLength: 5 }),
        annotations: fc.dictionary(fc.constantFrom("x", "y"), fc.constantFrom("1", "2"), { noNullPrototype: true }),
        ports: fc.subarray([{ number: 9, protocol: "dubbo" }]),
      })
      // One contribution per registry, as in the catalog: the configuration's order is its priority.
      .map(({ priority, instances, annotations, ports }) =>
        from(`r${priority}`, priority, named(instances, { annotations, ports }), priority === 1 ? "n1" : undefined),
      );
    const contributions = fc.uniqueArray(contribution, { minLength: 1, maxLength: 4, selector: ({ registry }) => registry });
    fc.assert(
      fc.property(contributions, fc.infiniteStream(fc.nat()), (list, random) => {
        const merged = merge(list, hosts);
        const shuffled = list
          .map((one) => ({
            one: { ...one, named: { ...one.named, instances: [...one.named.instances].reverse() } },
            at: random.next().value,
          }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        assert.deepEqual(merge(shuffled, hosts), merged);
        assert.deepEqual(merge([...list, ...shuffled], hosts), merged);
        const identities = merged.endpoints.map(({ network, address, ports }) => JSON.stringify([network, address, ports]));
        assert.equal(new Set(identities).size, identities.length);
      }),
    );
  });
});
