/** Sessions of the kinds for pods against a fake API server, where the conformance rig does not look. */
import assert from "node:assert/strict";
import { suite, type TestContext, test } from "node:test";
import type { StartSession } from "../../../../src/registries/contract.ts";
import { annotatedPodsKind } from "../../../../src/registries/kubernetes/pods/annotated/kind.ts";
import { start as startAnnotated } from "../../../../src/registries/kubernetes/pods/annotated/session.ts";
import { podFactsKind } from "../../../../src/registries/kubernetes/pods/facts/kind.ts";
import { start as startFacts } from "../../../../src/registries/kubernetes/pods/facts/session.ts";
import type { PodsSettings } from "../../../../src/registries/kubernetes/pods/settings.ts";
import type { FakeKubernetes } from "../../../support/fake-kubernetes/server.ts";
import { type PodOptions, podObject } from "../../../support/pod-objects.ts";
import { RecordedSession } from "../../../support/recorded-session.ts";
import { credentialOf, fakeCluster } from "../session-rig.ts";

const key = "tributary.dev/services";

function settings(kind: typeof annotatedPodsKind | typeof podFactsKind, fake: FakeKubernetes, more: object = {}): PodsSettings {
  const times = { heartbeat: 150, request: 1_000, watch: 30_000, relist: 600_000 };
  return { ...(kind.schema.parse({}) as object), ...times, cluster: credentialOf(fake), ...more } as PodsSettings;
}

function open(context: TestContext, start: StartSession, all: PodsSettings, known: readonly string[] = []): RecordedSession {
  const schema = { parse: (value: unknown) => value } as never;
  const recorded = new RecordedSession(all as unknown as Record<string, unknown>, known, { schema, start });
  context.after(() => recorded.session.close());
  return recorded;
}

/** A pod at 10.1.0.N that offers `orders`, at this port. */
function put(fake: FakeKubernetes, n: number, port: number | undefined, options: PodOptions = {}): void {
  const services = port === undefined ? [] : [{ name: "orders", namespace: "all", ports: [{ number: port, protocol: "http" }] }];
  fake.objects.put(
    "pods",
    podObject(`order-${n}`, {
      addresses: [`10.1.0.${n}`],
      labels: { [key]: "json-services" },
      annotations: { [key]: JSON.stringify({ services }) },
      ...options,
    }),
  );
}

function orders(recorded: RecordedSession): string | undefined {
  const instances = recorded.view.get("service/all||orders|")?.instances;
  return instances?.map(({ id, health, locality }) => [id, health, locality?.zone].filter(Boolean).join(" ")).join();
}

suite("the pods of a cluster", { concurrency: true }, () => {
  test("that carry the label are told, and followed", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, 1, 80);
    put(fake, 2, 80, { labels: {} });
    put(fake, 3, 80, { namespace: "kube-system" });
    const recorded = open(context, startAnnotated, settings(annotatedPodsKind, fake));
    await recorded.synced();
    assert.equal(orders(recorded), "10.1.0.1:80");
    put(fake, 1, 81);
    await recorded.until("another port", () => orders(recorded) === "10.1.0.1:81");
    put(fake, 2, 80);
    await recorded.until("the pod that is labelled now", () => orders(recorded) === "10.1.0.1:81,10.1.0.2:80");
    put(fake, 1, 81, { ready: false });
    await recorded.until("the pod that is not ready", () => orders(recorded) === "10.1.0.1:81 unhealthy,10.1.0.2:80");
    put(fake, 1, undefined);
    await recorded.until("the record that vanished", () => orders(recorded) === "10.1.0.2:80");
    fake.objects.remove("pods", "shop/order-2");
    await recorded.until("the pod that is gone", () => orders(recorded) === "");
    assert.equal(recorded.count("removed"), 0, "the service stays, empty");
  });

  test("of namespaces of which one may not be read are told, and what was known of it stays", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, 1, 80);
    fake.forbidden.add("list pods crm");
    const all = settings(annotatedPodsKind, fake, { namespaces: ["shop", "crm"] });
    const recorded = open(context, startAnnotated, all, ["service/crm||users|"]);
    await recorded.synced();
    assert.equal(orders(recorded), "10.1.0.1:80");
    assert.equal(recorded.view.get("service/crm||users|"), undefined, "nothing is told of it, not that it is empty either");
    const [problem] = recorded.problems.filter(({ code }) => code === "no-permission");
    assert.match(problem?.message ?? "", /may not list pods in namespace crm; grant it get, list and watch/);
    fake.forbidden.clear();
    put(fake, 2, 80, { namespace: "crm" });
    await recorded.until("the permission that was granted", () => orders(recorded) === "10.1.0.1:80,10.1.0.2:80");
  });

  test("none of which may be read leave everything as it is, with the reason", async (context) => {
    const fake = await fakeCluster(context);
    fake.forbidden.add("list pods undefined");
    const recorded = open(context, startAnnotated, settings(annotatedPodsKind, fake), ["service/all||orders|"]);
    await recorded.until("the reason", () => recorded.count("unreachable") > 0);
    assert.deepEqual([recorded.count("commit"), recorded.count("removed")], [0, 0]);
  });

  test("are where their nodes are; nodes that may not be read cost only that", async (context) => {
    const fake = await fakeCluster(context);
    const node = (zone: string) => ({ metadata: { name: "n1", labels: { "topology.kubernetes.io/zone": zone } } });
    fake.objects.put("nodes", node("z1"));
    put(fake, 1, 80, { node: "n1" });
    const recorded = open(context, startAnnotated, settings(annotatedPodsKind, fake));
    await recorded.synced();
    assert.equal(orders(recorded), "10.1.0.1:80 z1");
    fake.objects.put("nodes", node("z2"));
    await recorded.until("the node's new zone", () => orders(recorded) === "10.1.0.1:80 z2");
    const other = await fakeCluster(context);
    other.forbidden.add("list nodes undefined");
    put(other, 1, 80, { node: "n1" });
    const blind = open(context, startAnnotated, settings(annotatedPodsKind, other));
    await blind.synced();
    assert.equal(orders(blind), "10.1.0.1:80");
  });

  test("are read on with a renewed credential, and anew with other settings", async (context) => {
    const fake = await fakeCluster(context);
    fake.tokens = new Set(["old", "new"]);
    put(fake, 1, 80);
    const all = settings(annotatedPodsKind, fake, { cluster: credentialOf(fake, { token: "old" }) });
    const recorded = open(context, startAnnotated, all);
    await recorded.synced();
    assert.equal(recorded.session.update?.({ ...all, cluster: credentialOf(fake, { token: "new" }) }), true);
    await recorded.until("the new token", () => fake.calls.some(({ verb, token }) => verb === "watch" && token === "new"));
    fake.tokens.delete("old");
    put(fake, 1, 81);
    await recorded.until("a change", () => orders(recorded) === "10.1.0.1:81");
    assert.equal(recorded.session.update?.({ ...all, namespaces: ["shop"] }), false);
    assert.equal(recorded.session.update?.({ ...all, cluster: credentialOf(fake, { network: "n2" }) }), false);
  });

  test("are told as facts, and no services", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, 1, 80, { labels: { app: "order" }, serviceAccount: "order" });
    const recorded = open(context, startFacts, settings(podFactsKind, fake));
    await recorded.synced();
    const fact = () => recorded.facts.get("fact/east//address/10.1.0.1");
    assert.deepEqual(fact(), {
      subject: "address",
      cluster: "east",
      name: "10.1.0.1",
      labels: { app: "order" },
      serviceAccount: "shop/order",
      sidecar: false,
    });
    assert.equal(recorded.view.size, 0);
    put(fake, 1, 80, { labels: { app: "other" } });
    await recorded.until("the changed label", () => fact()?.labels?.app === "other");
    fake.objects.remove("pods", "shop/order-1");
    await recorded.until("the pod that is gone", () => fact() === undefined);
  });
});
