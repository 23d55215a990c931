import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../../src/registries/contract.ts";
import { DescribedPods, type DescribedPodsOptions } from "../../../../src/registries/kubernetes/pods/described-pods.ts";
import { type Pod, readPod } from "../../../../src/registries/kubernetes/pods/pod.ts";
import { PodFacts } from "../../../../src/registries/kubernetes/pods/pod-facts.ts";
import type { PodsView } from "../../../../src/registries/kubernetes/pods/pods-view.ts";
import type { KubeObject } from "../../../../src/registries/kubernetes/reflector/kube-object.ts";
import { nameMatcher } from "../../../../src/registries/name-filter.ts";
import { decodeDubboRecords } from "../../../../src/registries/pod-records/dubbo-records.ts";
import { decodeJsonServices } from "../../../../src/registries/pod-records/json-services.ts";
import { recordsPayload } from "../../../../src/registries/pod-records/records.ts";
import type { Item, Service } from "../../../../src/registries/service.ts";

const user = "com.acme.User";
const cluster = { id: "c1", network: "n1", region: "r0" };

function pod(n: number, more: Partial<Pod> = {}): Pod {
  return {
    namespace: "shop",
    name: `user-${n}`,
    addresses: [`10.1.0.${n}`],
    isOnHostNetwork: false,
    node: "node-1",
    serviceAccount: "user",
    labels: { app: "user" },
    payload: undefined,
    isReady: true,
    isEnding: false,
    ...more,
  };
}

function provides(n: number, ...parameters: readonly string[]): string {
  return records(...parameters.map((more) => `providers/${encodeURIComponent(`dubbo://10.1.0.${n}:20000/U?interface=${user}${more}`)}`));
}

function calls(n: number, more = ""): string {
  return records(`consumers/${encodeURIComponent(`consumer://10.1.0.${n}/U?category=consumers${more}`)}`);
}

function records(...leaves: readonly string[]): string {
  return recordsPayload(leaves.map((leaf) => ({ k: `/dubbo/${user}/${leaf}`, v: "" })));
}

class Rig {
  readonly problems: Problem[] = [];
  readonly nodes = new Map([["node-1", { zone: "z1" }]]);
  readonly view: PodsView;

  constructor(more: Partial<DescribedPodsOptions> = {}) {
    this.view = new DescribedPods({
      cluster,
      annotation: "a",
      nodeLocality: (node) => this.nodes.get(node),
      decode: decodeDubboRecords,
      foreignAddresses: false,
      isWanted: nameMatcher(["app"]),
      report: (problem) => this.problems.push(problem),
      known: [],
      ...more,
    });
  }

  set(key: string, value: Pod | undefined): this {
    this.view.set(`shop/${key}`, value);
    return this;
  }

  /** What changed since the last call: by id, instances of services with their health. */
  changes(): Record<string, unknown> {
    return Object.fromEntries([...this.view.drain()].map(({ id, item }) => [id, item && summary(item)]));
  }

  items(): Record<string, unknown> {
    return Object.fromEntries([...this.view.items()].map((item) => [item.kind, summary(item)]));
  }

  service(): Service {
    for (const item of this.view.items()) if (item.kind === "service") return item.service;
    return assert.fail("no service");
  }
}

function summary(item: Item): unknown {
  if (item.kind === "service") return item.service.instances.map(({ id, health }) => (health ? `${id} ${health}` : id));
  return item.kind === "fact" ? item.fact.calls?.map(({ name }) => name) : undefined;
}

const serviceId = `service/||${user}|`;

suite("pods that describe themselves", () => {
  test("are the instances of what they offer, with the facts of their place", () => {
    const rig = new Rig().set(
      "b",
      pod(2, { payload: provides(2, "&weight=5"), labels: { app: "user", "security.istio.io/tlsMode": "istio" } }),
    );
    rig.set("a", pod(1, { payload: provides(1, "") }));
    const [first, second] = rig.service().instances;
    assert.deepEqual(first, {
      id: "dubbo://10.1.0.1:20000",
      address: "10.1.0.1",
      ports: [{ number: 20000, protocol: "dubbo" }],
      labels: { app: "user" },
      locality: { region: "r0", zone: "z1" },
      network: "n1",
      cluster: "c1",
    });
    assert.deepEqual([second?.weight, second?.serviceAccount], [5, "shop/user"]);
    assert.deepEqual(rig.service().annotations, { "dubbo.interface": user });
  });

  test("take back a record that vanishes while they live, and everything when they go", () => {
    const rig = new Rig().set("a", pod(1, { payload: provides(1, "", "&version=2") }));
    assert.deepEqual(Object.keys(rig.changes()), [serviceId, `service/||${user}|2`]);
    rig.set("a", pod(1, { payload: provides(1, "") }));
    assert.deepEqual(rig.changes(), { [serviceId]: ["dubbo://10.1.0.1:20000"], [`service/||${user}|2`]: [] });
    rig.set("a", undefined);
    assert.deepEqual(rig.changes(), { [serviceId]: [] }, "the service stays, empty");
    assert.deepEqual(rig.changes(), {});
  });

  test("that are not ready or about to end are unhealthy; of two at one address the ready one counts", () => {
    const payload = provides(1, "");
    const rig = new Rig().set("a", pod(1, { payload, isReady: false }));
    assert.deepEqual(rig.changes(), { [serviceId]: ["dubbo://10.1.0.1:20000 unhealthy"] });
    rig.set("b", pod(1, { payload }));
    assert.deepEqual(rig.changes(), { [serviceId]: ["dubbo://10.1.0.1:20000"] });
    rig.set("b", pod(1, { payload, isReady: false, isEnding: true })).set("a", undefined);
    assert.deepEqual(rig.changes(), { [serviceId]: ["dubbo://10.1.0.1:20000 unhealthy"] });
  });

  test("name only their own addresses, unless others are allowed", () => {
    const payload = provides(9, "");
    const strict = new Rig().set("a", pod(1, { payload }));
    assert.deepEqual(strict.items(), {});
    assert.deepEqual(
      strict.problems.map(({ code, where }) => [code, where]),
      [["foreign-address", "pod shop/a a dubbo://10.1.0.9:20000"]],
    );
    const open = new Rig({ foreignAddresses: true }).set("a", pod(1, { payload }));
    assert.deepEqual(open.service().instances[0]?.locality, { region: "r0" }, "the pod's node says nothing of that address");
    const ipv6 = encodeURIComponent(`dubbo://fd00:0:0::0007:20000/U?interface=${user}`);
    const other = new Rig().set("a", pod(1, { addresses: ["10.1.0.1", "fd00::7"], payload: records(`providers/${ipv6}`) }));
    assert.equal(other.service().instances.length, 1, "spelt in another way");
  });

  test("with a payload that cannot be read offer nothing, said once per payload", () => {
    const rig = new Rig().set("a", pod(1, { payload: "!" }));
    for (const isReady of [false, true]) rig.set("a", pod(1, { payload: "!", isReady }));
    assert.deepEqual(rig.problems, [{ code: "bad-payload", where: "pod shop/a a", message: "it is not base64" }]);
    rig.set("a", pod(1, { payload: "?" }));
    assert.equal(rig.problems.length, 2);
  });

  test("that call others are consumers of these, and facts", () => {
    const rig = new Rig().set("a", pod(1, { payload: calls(1, "&application=web") }));
    const fact = "fact/c1/n1/address/10.1.0.1";
    assert.deepEqual(rig.changes(), { [fact]: [user] }, "nobody provides it yet");
    rig.set("b", pod(2, { payload: provides(2, "") }));
    assert.deepEqual(rig.changes(), { [serviceId]: ["dubbo://10.1.0.2:20000"], "fact///application/web": [user] });
    assert.deepEqual(rig.service().consumers, [{ application: "web", address: "10.1.0.1" }]);
    assert.deepEqual(Object.keys(rig.items()), ["service", "fact"]);
    rig.set("a", undefined);
    assert.deepEqual(rig.changes(), { [serviceId]: ["dubbo://10.1.0.2:20000"], [fact]: undefined, "fact///application/web": undefined });
    assert.equal(rig.service().consumers, undefined);
  });

  test("are where their node is, as soon as that is known", () => {
    const rig = new Rig().set("a", pod(1, { node: "node-2", payload: provides(1, "") }));
    rig.changes();
    rig.nodes.set("node-2", { zone: "z2" });
    rig.view.nodeChanged("node-2");
    assert.deepEqual(Object.keys(rig.changes()), [serviceId]);
    assert.equal(rig.service().instances[0]?.locality?.zone, "z2");
  });

  test("are taken over from a complete list, and what earlier workers told stays empty", () => {
    const rig = new Rig({ known: [`service/||${user}|9`, "fact///node/x"] });
    rig.set("gone", pod(7, { payload: provides(7, "") }));
    rig.view.replace(new Map([["shop/a", pod(1, { payload: provides(1, "") })]]));
    const items = [...rig.view.items()].map((item) => [item.kind === "service" && item.service.key.version, summary(item)]);
    assert.deepEqual(items, [
      [undefined, ["dubbo://10.1.0.1:20000"]],
      ["9", []],
    ]);
  });

  test("keep the hosts of a service that has lost its last instance", () => {
    const rig = new Rig({ decode: decodeJsonServices });
    const payload = JSON.stringify({ services: [{ name: "orders", hosts: ["orders.pods"], ports: [{ number: 80, protocol: "http" }] }] });
    rig.set("a", pod(1, { payload })).set("a", undefined);
    assert.deepEqual(rig.service(), { key: { namespace: "shop", name: "orders" }, hosts: ["orders.pods"], instances: [] });
  });
});

suite("facts about pods", () => {
  function facts() {
    return new PodFacts({ cluster, nodeLocality: () => ({ zone: "z1" }), isWanted: nameMatcher(["a*"]) });
  }

  test("are told by address: labels, locality, service account, sidecar", () => {
    const view = facts();
    view.set("shop/a", pod(1, { addresses: ["10.1.0.1", "fd00::1"], labels: { app: "x", "security.istio.io/tlsMode": "istio" } }));
    const fact = {
      subject: "address",
      cluster: "c1",
      network: "n1",
      labels: { app: "x" },
      locality: { region: "r0", zone: "z1" },
      serviceAccount: "shop/user",
      sidecar: true,
    };
    assert.deepEqual(
      [...view.items()],
      ["10.1.0.1", "fd00::1"].map((name) => ({ kind: "fact", fact: { ...fact, name } })),
    );
    assert.equal([...view.drain()].length, 2);
  });

  test("leave out pods on their node's network, and prefer the pod that stays", () => {
    const view = facts();
    view.set("shop/host", pod(1, { isOnHostNetwork: true }));
    assert.deepEqual([...view.items()], []);
    view.set("shop/a", pod(2, { isEnding: true, labels: { app: "old" } }));
    view.set("shop/b", pod(2, { labels: { app: "new" } }));
    const labels = () => [...view.drain()].map(({ item }) => item?.kind === "fact" && item.fact.labels?.app);
    assert.deepEqual(labels(), ["new"]);
    view.set("shop/b", undefined);
    assert.deepEqual(labels(), ["old"]);
    view.replace(new Map());
    assert.deepEqual([...view.drain()], [{ id: "fact/c1/n1/address/10.1.0.2", item: undefined }]);
  });
});

suite("a pod", () => {
  const written = {
    metadata: { name: "a", namespace: "shop", labels: { app: "x" }, annotations: { k: "payload" } },
    spec: { nodeName: "node-1", serviceAccountName: "user" },
    status: {
      phase: "Running",
      podIP: "10.1.0.1",
      podIPs: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }],
      conditions: [{ type: "Ready", status: "True" }],
    },
  };

  test("is read with its addresses, its place and the annotation", () => {
    assert.deepEqual(readPod(written, "k"), {
      ...pod(0, { name: "a", labels: { app: "x" }, payload: "payload" }),
      addresses: ["10.1.0.1", "fd00::1"],
    });
    assert.equal(readPod(written, undefined)?.payload, undefined);
  });

  test("with whatever in it is read without an error", () => {
    const anything = fc.anything({ maxDepth: 2 });
    const conditions = fc.array(fc.oneof(anything, fc.record({ type: fc.constant("Ready"), status: anything })));
    const status = fc.oneof(
      anything,
      fc.record({ phase: anything, podIP: anything, podIPs: fc.array(fc.record({ ip: anything })), conditions }),
    );
    fc.assert(
      fc.property(anything, status, anything, anything, (spec, state, labels, annotations) => {
        const metadata = { name: "a", namespace: "b", labels, annotations } as KubeObject["metadata"];
        const read = readPod({ metadata, spec, status: state }, "k");
        assert.ok(read === undefined || (read.addresses.length > 0 && read.addresses.every((one) => typeof one === "string")));
      }),
    );
  });

  test("about to end is not ready; without an address, or run to its end, it is none", () => {
    const ending = { ...written, metadata: { ...written.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    const { isReady, isEnding } = readPod(ending, "k")!;
    assert.deepEqual([isReady, isEnding], [false, true]);
    for (const status of [{}, { phase: "Pending" }, { ...written.status, phase: "Failed" }, { ...written.status, phase: "Succeeded" }]) {
      assert.equal(readPod({ ...written, status }, "k"), undefined);
    }
  });
});
