import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rememberPorts } from "../../src/naming/known-ports.ts";
import { nameService } from "../../src/naming/name-service.ts";
import { registryNaming } from "../../src/naming/registry-naming.ts";
import type { Instance, Service } from "../../src/registries/service.ts";

const kind = { suffix: "dubbo", template: "{name}[.{version}][.{group}]", usualProtocols: ["dubbo"] };
const allowed = { allowOutsideSuffix: false, allowClusterDomain: false };
const mesh = { namespace: "tributary", clusterDomain: "cluster.local" };
const naming = registryNaming({ id: "zk", type: "zookeeper", naming: allowed }, kind, mesh);

function instance(number: number, ...protocols: string[]): Instance {
  return { id: `i${number}`, address: "10.0.0.1", ports: protocols.map((protocol, index) => ({ number: number + index, protocol })) };
}

function service(instances: readonly Instance[], more: Partial<Service> = {}): Service {
  return { key: { name: "com.acme.Order", version: "1.0", group: "g" }, instances, ...more };
}

function hosts(of: Service, known: Parameters<typeof nameService>[2] = [], by = naming): readonly string[] {
  return nameService(of, by, known).named.map((named) => named.host);
}

describe("naming a service", () => {
  it("has one part per protocol, and mentions all but the usual one", () => {
    const { named, refusals } = nameService(service([instance(20880, "dubbo", "tri"), instance(20890, "dubbo")]), naming);
    assert.deepEqual(refusals, []);
    assert.deepEqual(
      named.map(({ host, protocol, instances }) => [host, protocol, instances.map(({ id, ports }) => [id, ports.length])]),
      [
        [
          "com.acme.order.1-0.g.dubbo",
          "dubbo",
          [
            ["i20880", 1],
            ["i20890", 1],
          ],
        ],
        ["tri.com.acme.order.1-0.g.dubbo", "tri", [["i20880", 1]]],
      ],
    );
    assert.equal(new Set(named.map(({ identity }) => identity)).size, 2);
    assert.deepEqual(named[0]?.lost, ["case", "replaced"]);
  });

  it("has one part when the service declares its ports", () => {
    const declared = service([{ id: "a", address: "10.0.0.1", ports: [] }], {
      ports: [
        { number: 80, protocol: "http" },
        { number: 90, protocol: "grpc" },
      ],
    });
    const { named } = nameService(declared, naming);
    assert.equal(named.length, 1);
    assert.equal(named[0]?.protocol, undefined);
    assert.equal(named[0]?.ports.length, 2);
    assert.equal(named[0]?.instances.length, 1);
  });

  it("keeps the hosts and ports of a service whose instances left", () => {
    const full = service([instance(20880, "dubbo"), instance(50051, "tri"), instance(50051, "tri"), instance(50050, "tri")]);
    const known = rememberPorts([], full);
    const { named } = nameService(service([]), naming, known);
    assert.deepEqual(
      named.map(({ host }) => host),
      hosts(full),
    );
    assert.deepEqual(
      named.map(({ ports }) => ports),
      [[{ number: 20880, protocol: "dubbo" }], [{ number: 50051, protocol: "tri" }]],
    );
    assert.equal(rememberPorts(known, service([])), known);
  });

  it("remembers every offered port of a protocol, under its name", () => {
    const two = (web: number, admin: number): Instance => ({
      id: `${web}`,
      address: "10.0.0.1",
      ports: [
        { name: "web", number: web, protocol: "http" },
        { name: "admin", number: admin, protocol: "http" },
      ],
    });
    const known = rememberPorts([], service([two(8080, 9090), two(8080, 9091), two(8081, 9091)]));
    assert.deepEqual(known, [
      { name: "admin", number: 9091, protocol: "http" },
      { name: "web", number: 8080, protocol: "http" },
    ]);
    const unnamed = service([{ id: "u", address: "10.0.0.1", ports: [7001, 7000].map((number) => ({ number, protocol: "tcp" })) }]);
    assert.deepEqual(rememberPorts(known, unnamed).slice(2), [
      { number: 7000, protocol: "tcp" },
      { number: 7001, protocol: "tcp" },
    ]);
    assert.deepEqual(nameService(service([]), naming, known).named[0]?.ports, known);
  });

  it("remembers no port that was not offered because an instance lacked it", () => {
    const instances = [
      instance(8080, "http"),
      { ...instance(8080, "http"), ports: [8080, 9090].map((number) => ({ number, protocol: "http" })) },
    ];
    assert.deepEqual(rememberPorts([], service(instances)), [{ number: 8080, protocol: "http" }]);
  });

  it("calls a service without any history by its usual protocol", () => {
    assert.deepEqual(hosts(service([])), ["com.acme.order.1-0.g.dubbo"]);
  });

  it("does not depend on the order of instances", () => {
    const instances = [instance(1, "tri"), instance(2, "dubbo"), instance(3, "rest")];
    assert.deepEqual(hosts(service(instances)), hosts(service([...instances].reverse())));
  });

  it("gives the first usual protocol the plain host", () => {
    const file = registryNaming({ id: "f", type: "file", naming: allowed }, { ...kind, usualProtocols: ["http", "grpc"] }, mesh);
    assert.deepEqual(hosts(service([instance(1, "grpc")]), [], file), ["com.acme.order.1-0.g.dubbo"]);
    assert.deepEqual(hosts(service([instance(1, "grpc", "http")]), [], file), [
      "grpc.com.acme.order.1-0.g.dubbo",
      "com.acme.order.1-0.g.dubbo",
    ]);
  });

  it("takes explicit hosts as they are, the first one as the main one", () => {
    const { named, refusals } = nameService(service([instance(1, "dubbo")], { hosts: ["Order.dubbo", "b.dubbo", "b.dubbo"] }), naming);
    assert.deepEqual(refusals, []);
    assert.equal(named[0]?.host, "order.dubbo");
    assert.deepEqual(named[0]?.otherHosts, ["b.dubbo"]);
    assert.deepEqual(named[0]?.lost, ["case"]);
  });

  it("lets no instance without ports get lost silently", () => {
    const { named } = nameService(service([instance(1, "dubbo"), instance(5, "tri"), { id: "x", address: "10.0.0.9", ports: [] }]), naming);
    assert.deepEqual(
      named[0]?.instances.map(({ id }) => id),
      ["i1", "x"],
    );
  });

  for (const [host, code] of [
    ["kube-dns.kube-system.svc.cluster.local", "host-under-cluster-domain"],
    ["Reviews.default.svc.Cluster.Local", "host-under-cluster-domain"],
    ["reviews.default.svc", "host-under-cluster-domain"],
    ["cluster.local", "host-under-cluster-domain"],
    ["localhost", "host-under-cluster-domain"],
    ["app.localhost", "host-under-cluster-domain"],
    ["reviews", "host-under-cluster-domain"],
    ["10.0.0.1", "host-invalid"],
    ["*.dubbo", "host-invalid"],
    ["a_b.dubbo", "host-invalid"],
    ["www.example.com", "host-outside-suffix"],
    ["notdubbo", "host-under-cluster-domain"],
    ["a.notdubbo", "host-outside-suffix"],
  ] as const) {
    it(`refuses ${host}: ${code}`, () => {
      const { named, refusals } = nameService(service([instance(1, "dubbo")], { hosts: [host] }), naming);
      assert.deepEqual(named, []);
      assert.deepEqual(
        refusals.map((refusal) => refusal.code),
        [code],
      );
    });
  }

  it("serves the good hosts beside a refused one", () => {
    const { named, refusals } = nameService(service([instance(1, "dubbo")], { hosts: ["www.example.com", "a.dubbo"] }), naming);
    assert.equal(named[0]?.host, "a.dubbo");
    assert.equal(refusals.length, 1);
  });

  it("allows what the operator allows", () => {
    const open = registryNaming({ id: "a", type: "zookeeper", naming: { allowOutsideSuffix: true, allowClusterDomain: true } }, kind, mesh);
    assert.deepEqual(hosts(service([], { hosts: ["x.default.svc.cluster.local"] }), [], open), ["x.default.svc.cluster.local"]);
    assert.deepEqual(hosts(service([], { hosts: ["www.example.com"] }), [], open), ["www.example.com"]);
    assert.deepEqual(hosts(service([], { hosts: ["10.0.0.1"] }), [], open), []);
  });

  it("refuses a suffix under the cluster domain too", () => {
    const inside = registryNaming({ id: "a", type: "zookeeper", naming: { ...allowed, suffix: "svc.cluster.local" } }, kind, mesh);
    assert.deepEqual(
      nameService(service([]), inside).refusals.map(({ code }) => code),
      ["host-under-cluster-domain"],
    );
  });

  it("lets Kubernetes' own Services have their names, whatever the cluster domain, unless a setting says otherwise", () => {
    const own = { suffix: "svc", template: "{name}.{namespace}", usualProtocols: ["tcp"], underClusterDomain: true };
    const orders: Service = { key: { namespace: "shop", name: "orders" }, ports: [{ number: 80, protocol: "http" }], instances: [] };
    const hostIn = (clusterDomain: string, more: { suffix?: string } = {}) =>
      hosts(orders, [], registryNaming({ id: "k", type: "kubernetes", naming: { ...allowed, ...more } }, own, { ...mesh, clusterDomain }));
    assert.deepEqual(hostIn("cluster.local"), ["orders.shop.svc.cluster.local"]);
    assert.deepEqual(hostIn("corp.internal"), ["orders.shop.svc.corp.internal"]);
    assert.deepEqual(hostIn("cluster.local", { suffix: "east.mesh" }), ["orders.shop.east.mesh"]);
    assert.deepEqual(hostIn("cluster.local", { suffix: "x.cluster.local" }), []);
  });

  it("refuses every service of a bad template, naming its column", () => {
    const bad = registryNaming({ id: "a", type: "zookeeper", naming: { ...allowed, template: "{nme}" } }, kind, mesh);
    const { named, refusals } = nameService(service([]), bad);
    assert.deepEqual(named, []);
    assert.equal(refusals[0]?.code, "bad-template");
    assert.match(refusals[0]?.message ?? "", /column 1/);
  });
});
