import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { ApiFailure, type ApiFailureKind } from "../../../src/registries/kubernetes/connection/api-failure.ts";
import type { ClusterConnection } from "../../../src/registries/kubernetes/connection/cluster-connection.ts";
import { Reflector } from "../../../src/registries/kubernetes/reflector/reflector.ts";
import { nodes } from "../../../src/registries/kubernetes/services/resources.ts";
import { eventually } from "../../e2e/servers/eventually.ts";
import { authority, certificate, certificateFile } from "../../support/certificates.ts";
import { serviceObject } from "../../support/kubernetes-objects.ts";
import { credentialOf, fakeCluster, lists, nothingLost, numbers, open, put, settingsOf, slices } from "./session-rig.ts";

suite("the Services of a cluster", { concurrency: true }, () => {
  test("are told with their endpoints, but for those of other namespaces and labels and the API server's own", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1, 2], { labels: { mesh: "yes" } });
    put(fake, "users", [3]);
    put(fake, "dns", [4], { namespace: "kube-system", labels: { mesh: "yes" } });
    put(fake, "kubernetes", [5], { namespace: "default", labels: { mesh: "yes" } });
    const recorded = open(context, settingsOf(credentialOf(fake), { labelSelector: "mesh=yes" }));
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], ["service/shop||orders|"]);
    assert.equal(numbers(recorded, "orders"), "1,2");
    put(fake, "users", [3], { labels: { mesh: "yes" } });
    await recorded.until("what matches now", () => numbers(recorded, "users") === "3");
    fake.objects.put("services", serviceObject("users"));
    await recorded.until("what does not match any more", () => numbers(recorded, "users") === undefined);
  });

  test("of named namespaces are read there alone", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1], { namespace: "shop" });
    put(fake, "users", [2], { namespace: "crm" });
    put(fake, "other", [3], { namespace: "else" });
    for (const resource of ["services", slices]) fake.forbidden.add(`list ${resource} undefined`);
    const recorded = open(context, settingsOf(credentialOf(fake), { namespaces: ["shop", "crm"] }));
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()].sort(), ["service/crm||users|", "service/shop||orders|"]);
    put(fake, "users", [2, 4], { namespace: "crm" });
    await recorded.until("a change", () => numbers(recorded, "users", "crm") === "2,4");
  });

  test("take their zone from the slice, the rest from the node's labels, and follow these", async (context) => {
    const fake = await fakeCluster(context);
    const node = (region: string) => ({
      metadata: {
        name: "n1",
        labels: { "topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": "z9", "topology.istio.io/subzone": "rack" },
      },
    });
    fake.objects.put("nodes", node("r1"));
    put(fake, "orders", [], {}, { endpoints: [{ address: "10.0.0.1", zone: "z1", nodeName: "n1" }, { address: "10.0.0.2" }] });
    const recorded = open(context, settingsOf(credentialOf(fake, { region: "r0", zone: "z0" })));
    await recorded.synced();
    const localities = () => recorded.view.get("service/shop||orders|")?.instances.map(({ locality }) => locality);
    assert.deepEqual(localities(), [
      { region: "r1", zone: "z1", subzone: "rack" },
      { region: "r0", zone: "z0" },
    ]);
    assert.deepEqual(recorded.facts.get("fact/east//node/n1")?.locality, { region: "r1", zone: "z9", subzone: "rack" });
    fake.objects.put("nodes", node("r2"));
    await recorded.until("the new region", () => localities()?.[0]?.region === "r2");
    assert.equal(lists(fake, "nodes"), 1);
  });

  test("of istiod's own cluster are told as names only", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    const own = credentialOf(fake, { local: true });
    const recorded = open(context, settingsOf(own));
    await recorded.synced();
    assert.deepEqual([[...recorded.view.keys()], [...recorded.facts.keys()]], [[], ["fact/east//service/shop/orders"]]);
    fake.objects.remove("services", "shop/orders");
    await recorded.until("its end", () => recorded.facts.size === 0);
    const wanted = open(context, settingsOf(own, { ownCluster: true }));
    put(fake, "users", [2]);
    await wanted.until("the Service itself", () => numbers(wanted, "users") === "2");
  });
});

suite("an API server that fails", { concurrency: true }, () => {
  test("and forbids everything for a moment when it is back is asked again soon, however long it was away", {
    timeout: 10_000,
  }, async (context) => {
    const failures: ApiFailureKind[] = [...Array<ApiFailureKind>(9).fill("unreachable"), "forbidden"];
    const listed = Promise.withResolvers<void>();
    const connection = {
      json: () => {
        const kind = failures.shift();
        return kind ? Promise.reject(new ApiFailure(kind, kind)) : Promise.resolve({ metadata: { resourceVersion: "1" }, items: [] });
      },
      open: () => Promise.reject(new ApiFailure("unreachable", "gone again")),
    };
    const nothing = (): void => {};
    const events = { listed: listed.resolve, changed: nothing, contact: nothing, failed: nothing, wentBack: nothing };
    const times = { watchMs: 1_000, requestMs: 1_000, backOff: { firstMs: 1, mostMs: 2 } };
    const reflector = new Reflector(nodes, () => connection as unknown as ClusterConnection, events, times);
    context.after(() => reflector.close());
    await listed.promise;
    assert.deepEqual(failures, []);
  });

  test("watches that break go on where they were, without another list", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    const recorded = open(context, settingsOf(credentialOf(fake)));
    await recorded.synced();
    for (const watch of fake.watches) watch.cut();
    put(fake, "orders", [1, 2]);
    await recorded.until("what happened meanwhile", () => numbers(recorded, "orders") === "1,2");
    await recorded.synced(2);
    assert.equal(lists(fake, slices), 1);
    nothingLost(recorded);
  });

  test("a version that is forgotten (410) lists again", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1, 2]);
    put(fake, "users", [3]);
    const recorded = open(context, settingsOf(credentialOf(fake)));
    await recorded.synced();
    await fake.shutDown();
    put(fake, "orders", [1, 2, 4]);
    fake.objects.remove("services", "shop/users");
    fake.objects.compact();
    await fake.listen();
    await recorded.until("both changes", () => numbers(recorded, "orders") === "1,2,4" && numbers(recorded, "users") === undefined);
    assert.equal(recorded.count("removed"), 0, "the listing tells what went");
    assert.ok(lists(fake, "services") >= 2);
  });

  for (const [how, act] of [
    ["and is seen at once where the connection broke", "restart"],
    ["and is seen at the end of a watch that said nothing", "silence"],
  ] as const) {
    test(`a state that went back is listed, smells, ${how}`, async (context) => {
      const fake = await fakeCluster(context);
      for (let number = 1; number < 9; number++) put(fake, `orders-${number}`, [number]);
      fake.bookmarks = act === "restart";
      const recorded = open(context, settingsOf(credentialOf(fake), { watch: 1_000 }));
      await recorded.synced();
      if (act === "restart") await fake.shutDown();
      fake.objects.remove("services", "shop/orders-1");
      fake.objects.restore();
      if (act === "restart") await fake.listen();
      await recorded.until("the suspicion", () => recorded.count("suspicious") > 0);
      await recorded.until("a listing", () => numbers(recorded, "orders-1") === undefined);
      put(fake, "orders-2", [2, 22]);
      await recorded.until("a change behind it", () => numbers(recorded, "orders-2") === "2,22");
    });
  }

  test("silence is noticed by two heartbeats, and over when the server speaks again", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    const recorded = open(context, settingsOf(credentialOf(fake), { heartbeat: 1_000 }));
    await recorded.synced();
    fake.behaviour = "mute";
    await recorded.until("the loss", () => recorded.count("unreachable") > 0);
    assert.match(recorded.last("unreachable")?.text ?? "", /cluster east \(127\.0\.0\.1:\d+\): .*no complete answer/);
    put(fake, "orders", [1, 2]);
    fake.behaviour = "normal";
    await recorded.until("what happened meanwhile", () => numbers(recorded, "orders") === "1,2");
    await recorded.synced(2);
    nothingLost(recorded);
  });

  for (const fault of ["garbage", "close", 500] as const) {
    test(`answers that are none (${fault}) take nothing away`, async (context) => {
      const fake = await fakeCluster(context);
      put(fake, "orders", [1, 2]);
      const recorded = open(context, settingsOf(credentialOf(fake)));
      await recorded.synced();
      fake.answer = ({ verb, resource }) => (verb !== "write" && resource === slices ? fault : undefined);
      recorded.session.relist();
      for (const watch of fake.watches) watch.garbage();
      await recorded.until("the failure", () => recorded.count("unreachable") > 0);
      put(fake, "orders", [1, 2, 3]);
      fake.answer = undefined;
      await recorded.until("what happened meanwhile", () => numbers(recorded, "orders") === "1,2,3");
      await recorded.synced(2);
      nothingLost(recorded);
    });
  }

  test("a certificate of a strange authority, or for another name, is said, and no request is made", async (context) => {
    const fake = await fakeCluster(context, certificate("server"));
    put(fake, "orders", [1]);
    const stranger = readFileSync(certificateFile("stranger-authority.pem"), "utf8");
    const untrusting = open(context, settingsOf(credentialOf(fake, { ca: stranger, token: "secret" })));
    await untrusting.until("the reason", () => /certificate is not trusted/.test(untrusting.last("unreachable")?.text ?? ""));
    const misled = open(context, settingsOf(credentialOf(fake, { ca: authority.toString(), tlsServerName: "other.example" })));
    await misled.until("the reason", () => /certificate is for another name/.test(misled.last("unreachable")?.text ?? ""));
    assert.deepEqual(fake.calls, []);
    const trusting = open(context, settingsOf(credentialOf(fake, { ca: authority.toString() })));
    await trusting.synced();
    assert.equal(numbers(trusting, "orders"), "1");
  });
});

suite("permissions", { concurrency: true }, () => {
  test("without nodes, everything else is served, and the problem names the verb and the resource", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    fake.forbidden.add("list nodes");
    const recorded = open(context, settingsOf(credentialOf(fake)));
    await recorded.synced();
    assert.equal(numbers(recorded, "orders"), "1");
    const [problem] = recorded.problems;
    assert.deepEqual([problem?.code, problem?.where], ["no-permission", "nodes"]);
    assert.match(problem?.message ?? "", /may not list nodes in the whole cluster; grant it get, list and watch/);
    assert.equal(recorded.count("unreachable"), 0);
    const attempts = lists(fake, "nodes");
    put(fake, "orders", [1, 2]);
    await recorded.until("a change", () => numbers(recorded, "orders") === "1,2");
    await eventually("another attempt", () => lists(fake, "nodes") > attempts, { every: 20 });
    assert.equal(recorded.count("commit"), 1, "what is refused again changes nothing");
  });

  test("a namespace that may not be read stays as it was, and the others are served", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1], { namespace: "shop" });
    put(fake, "users", [2], { namespace: "crm" });
    fake.forbidden.add(`list ${slices} crm`);
    const recorded = open(context, settingsOf(credentialOf(fake), { namespaces: ["shop", "crm"] }), [
      "service/crm||users|",
      "service/shop||gone|",
    ]);
    await recorded.synced();
    assert.deepEqual([...recorded.view.keys()], ["service/shop||orders|"]);
    assert.match(recorded.problems[0]?.message ?? "", /may not list endpointslices\.discovery\.k8s\.io in namespace crm/);
    fake.forbidden.clear();
    await recorded.until("the namespace", () => numbers(recorded, "users", "crm") === "2");
  });

  test("without endpoints nothing is told at all, until they may be read", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    fake.forbidden.add(`list ${slices}`);
    const recorded = open(context, settingsOf(credentialOf(fake)));
    await recorded.until("the reason", () => /may not list endpointslices/.test(recorded.last("unreachable")?.text ?? ""));
    assert.equal(recorded.count("commit") + recorded.view.size, 0);
    const attempts = lists(fake, slices);
    const mark = recorded.told.length;
    await eventually("another attempt", () => lists(fake, slices) > attempts, { every: 20 });
    assert.ok(!recorded.told.slice(mark).some(({ what }) => what === "contact"), "an answer that says no is no contact");
    fake.forbidden.clear();
    await recorded.synced();
    assert.equal(numbers(recorded, "orders"), "1");
  });

  test("who may not watch lists again and again", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    fake.forbidden.add("watch services");
    const recorded = open(context, settingsOf(credentialOf(fake)));
    await recorded.synced();
    put(fake, "users", [2]);
    await recorded.until("the new one", () => numbers(recorded, "users") === "2");
    assert.ok(recorded.problems.some(({ message }) => /may not watch services .* listed again and again/.test(message)));
    assert.equal(recorded.count("unreachable"), 0);
  });
});

suite("credentials", { concurrency: true }, () => {
  test("a revoked one costs freshness alone, and a new one is taken over without a break", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    fake.tokens = new Set(["old"]);
    const recorded = open(context, settingsOf(credentialOf(fake, { token: "old" }), { heartbeat: 1_000 }));
    await recorded.synced();
    fake.tokens = new Set(["new"]);
    await recorded.until("the loss", () => /401/.test(recorded.last("unreachable")?.text ?? ""));
    assert.equal(recorded.session.update?.(settingsOf(credentialOf(fake, { token: "new" }), { heartbeat: 1_000 })), true);
    await recorded.synced(2);
    put(fake, "orders", [1, 2]);
    await recorded.until("a change", () => numbers(recorded, "orders") === "1,2");
    nothingLost(recorded);
  });

  test("a good one after a good one is not noticed; the old one is asked nothing more", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    fake.tokens = new Set(["old", "new"]);
    const recorded = open(context, settingsOf(credentialOf(fake, { token: "old" })));
    await recorded.synced();
    recorded.session.update?.(settingsOf(credentialOf(fake, { token: "new" })));
    const watching = () => fake.calls.filter(({ verb, token }) => verb === "watch" && token === "new").length;
    await recorded.until("the watches", () => watching() === 3);
    put(fake, "orders", [1, 2]);
    await recorded.until("a change", () => numbers(recorded, "orders") === "1,2");
    const mark = fake.calls.length;
    put(fake, "orders", [1, 2, 3]);
    await recorded.until("another", () => numbers(recorded, "orders") === "1,2,3");
    assert.ok(fake.calls.slice(mark).every(({ token }) => token === "new"));
    assert.equal(recorded.count("unreachable"), 0);
    assert.equal(recorded.count("commit"), 1);
    nothingLost(recorded);
  });

  test("a bad one after a good one is said, and the good one stays", async (context) => {
    const fake = await fakeCluster(context);
    put(fake, "orders", [1]);
    fake.tokens = new Set(["old"]);
    const recorded = open(context, settingsOf(credentialOf(fake, { token: "old" })));
    await recorded.synced();
    recorded.session.update?.(settingsOf(credentialOf(fake, { token: "bad" })));
    await recorded.until("the warning", () => recorded.told.some(({ text }) => /new credential does not serve/.test(text)));
    put(fake, "orders", [1, 2]);
    await recorded.until("a change", () => numbers(recorded, "orders") === "1,2");
    assert.equal(recorded.count("unreachable"), 0);
  });

  test("other settings take another session", async (context) => {
    const fake = await fakeCluster(context);
    const settings = settingsOf(credentialOf(fake));
    const recorded = open(context, settings);
    assert.equal(recorded.session.update?.({ ...settings, namespaces: ["shop"] }), false);
    assert.equal(recorded.session.update?.({ ...settings, cluster: { ...settings.cluster, local: true } }), false);
  });
});
