import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { silentLogger } from "../../src/log/logger.ts";
import { compare } from "../../src/runtime/candidate/compare.ts";
import { diffCandidate } from "../../src/runtime/candidate/diff-candidate.ts";
import { readCandidate } from "../../src/runtime/candidate/read-candidate.ts";
import { encodeObject } from "../../src/snapshot/encode.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";
import { type ApiRig, apiRig, dubboService, httpService } from "../support/api-rig.ts";
import { serviceEntryObject } from "../support/service-entry-object.ts";

const services = {
  a: [httpService("orders", ["10.0.0.1", "10.0.0.2"]), dubboService("com.acme.Foo", ["10.0.0.3", "10.0.0.4:20881"])],
  b: [httpService("carts", ["10.0.0.5"])],
};

/** The candidate's text is JSON, which is YAML. */
async function changes(rig: ApiRig, candidate: object) {
  const text = JSON.stringify(candidate);
  const diff = await diffCandidate(rig.pipeline, rig.loaded, { text, shownAs: "new.yaml" }, new AbortController().signal);
  const told = diff.objects.changes.map(({ name, change, renamedTo, fields }) => {
    const what = fields.map(({ field }) => field).join(",");
    return `${change} ${name.replace("tributary/", "")}${renamedTo ? ` ${renamedTo.replace("tributary/", "")}` : ""}${what ? ` ${what}` : ""}`;
  });
  return { ...diff, told };
}

const running = (t: TestContext, config: object = {}) => apiRig(t, { services, config });

test("the running configuration itself, written in another way, changes nothing", async (t) => {
  const rig = await running(t, { mesh: { endpointTls: "off" } });
  const { told, objects, registries, sections, notes } = await changes(rig, {
    registries: rig.registries,
    mesh: { namespace: "tributary" },
  });
  assert.deepEqual([told, registries, sections, notes], [[], [], [], []]);
  assert.equal(objects.unchanged, 3);
});

test("imported files are not read for a candidate: what comes from them stays, if it names the same ones", async (t) => {
  const rig = await running(t);
  const [own] = rig.registries;
  const loaded = { ...rig.loaded, imported: { registries: new Set(["b"]), clusters: new Set() } };
  const same = await changes({ ...rig, loaded }, { registries: [own] });
  assert.deepEqual([same.registries, same.sections, same.told], [[], [], []]);
  const other = await changes({ ...rig, loaded }, { registries: [own], imports: { multiRegistry: "other.yaml" } });
  assert.deepEqual(other.registries, [{ id: "b", change: "removed", settings: [] }]);
});

test("what a candidate renames, readdresses and renumbers is told before it happens", async (t) => {
  const rig = await running(t);
  const mesh = { servicePorts: { dubbo: 9090 }, vipCidr: "242.0.0.0/8" };
  const { told, sections } = await changes(rig, { registries: rig.registries, mesh });
  assert.deepEqual(told, ["changed carts.file vip", "changed dubbo.com.acme.foo.file vip,ports", "changed orders.file vip"]);
  assert.deepEqual(sections, ["mesh"]);
  const [a, b] = rig.registries;
  const suffixed = await changes(rig, { registries: [a, { ...b, naming: { suffix: "shop.file" } }] });
  assert.deepEqual(
    suffixed.told,
    ["renamed carts.file carts.file.shop.file vip"].map((line) =>
      line.replace("carts.file.shop.file", suffixed.objects.changes[0]?.renamedTo?.replace("tributary/", "") ?? ""),
    ),
  );
  assert.deepEqual(suffixed.registries, [{ id: "b", change: "changed", settings: ["naming.suffix"] }]);
});

test("services that are empty for longer than the candidate keeps them are lost, whichever of them is so for longest", async (t) => {
  const rig = await running(t);
  const empty = (name: string) => {
    const key = { name };
    const declared = { key, ports: [{ name: "http", number: 80, protocol: "http" }] };
    for (const instances of [[{ id: "i", address: "10.0.1.1", ports: [] }], []]) {
      const text = JSON.stringify({ kind: "service", service: { ...declared, instances } });
      rig.pipeline.catalog.upsert("a", `service/||${name}|`, text, Date.now());
    }
  };
  const published = new Promise<void>((resolve) => {
    const unsubscribe = rig.pipeline.store.subscribe(() => {
      unsubscribe();
      resolve();
    });
  });
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  empty("older");
  t.mock.timers.tick(3_600_000);
  empty("younger");
  await published;
  const [a, b] = rig.registries;
  const keeping = (emptyServiceFor: string) => changes(rig, { registries: [{ ...a, protection: { emptyServiceFor } }, b] });
  assert.deepEqual((await keeping("2h")).told, []);
  assert.deepEqual((await keeping("30m")).told, ["lost older.file"]);
  t.mock.timers.tick(3_600_000);
  assert.deepEqual((await keeping("30m")).told, ["lost older.file", "lost younger.file"]);
});

test("a registry that leaves takes its services with it; a new one is not known", async (t) => {
  const rig = await running(t);
  const [a] = rig.registries;
  const { told, registries, notes } = await changes(rig, { registries: [a, { id: "c", type: "file", path: "./c.json" }] });
  assert.deepEqual(told, ["lost carts.file"]);
  assert.deepEqual(
    registries.map(({ id, change }) => [id, change]),
    [
      ["b", "removed"],
      ["c", "added"],
    ],
  );
  assert.ok(notes.some((note) => /registry c is new/.test(note)));
});

test("another order of registries is told, with what it changes", async (t) => {
  const rig = await apiRig(t, {
    services: {
      a: [
        httpService("orders", [], {
          instances: [
            { address: "10.0.0.1", weight: 1 },
            { address: "10.0.0.2", weight: 2 },
          ],
        }),
      ],
      b: [httpService("orders", [], { instances: [{ address: "10.0.0.1", weight: 3 }] })],
    },
  });
  const { told, registries } = await changes(rig, { registries: rig.registries.toReversed() });
  assert.deepEqual(told, ["changed orders.file weights"]);
  assert.deepEqual(
    registries.map(({ change }) => change),
    ["reordered", "reordered"],
  );
});

test("a service that is empty for now keeps the ports it is remembered with", async (t) => {
  const rig = await running(t);
  rig.pipeline.catalog.upsert(
    "a",
    "service/||com.acme.Foo|",
    JSON.stringify({ kind: "service", service: { key: { name: "com.acme.Foo" }, instances: [] } }),
    Date.now(),
  );
  await new Promise<void>((resolve) => rig.pipeline.publisher.onIdle(resolve));
  const { told } = await changes(rig, { registries: rig.registries });
  assert.deepEqual(told, []);
});

test("ready objects are compared as well, and stay what they are", async (t) => {
  const rig = await running(t);
  const spec = { hosts: ["pay.example.com"], ports: [{ number: 80, name: "http", protocol: "HTTP" }], resolution: "DNS" };
  const resource = { apiVersion: "networking.istio.io/v1", kind: "ServiceEntry", metadata: { name: "pay", namespace: "shop" }, spec };
  rig.pipeline.catalog.upsert("b", "resource/ServiceEntry/shop/pay", JSON.stringify({ kind: "resource", resource }), Date.now());
  await new Promise<void>((resolve) => rig.pipeline.publisher.onIdle(resolve));
  const [a, b] = rig.registries;
  const same = await changes(rig, { registries: [a, b] });
  assert.deepEqual([same.told, same.objects.unchanged], [[], 4]);
  assert.deepEqual((await changes(rig, { registries: [a] })).told, ["lost shop/pay", "lost carts.file"]);
});

test("settings that are read only at start are named", async (t) => {
  const rig = await running(t);
  const { needsRestart } = await changes(rig, { registries: rig.registries, xds: { port: 17010 } });
  assert.deepEqual(needsRestart, ["xds.port"]);
});

test("the comparison leaves the running state alone", async (t) => {
  const rig = await running(t);
  const before = rig.pipeline.store.current();
  await changes(rig, { registries: [], mesh: {} }).catch(() => {});
  await changes(rig, { registries: rig.registries.slice(0, 1), mesh: { namespace: "other" } });
  assert.equal(rig.pipeline.store.current(), before);
  assert.equal([...rig.pipeline.catalog.drain().keys].length, 0);
});

test("what changed while it was compared is left out and counted", async () => {
  const store = new SnapshotStore({ log: silentLogger });
  const entry = (name: string, vip: string) => encodeObject(serviceEntryObject(name, { vip }), 1_000);
  const before = store.publish({ upserts: ["kept", "moving", "going"].map((name) => entry(name, "241.0.0.1")) });
  const candidate = new Map([
    [
      "networking.istio.io/ServiceEntry" as const,
      new Map(["kept", "moving", "coming"].map((name) => [`tributary/${name}`, entry(name, "241.0.0.2")])),
    ],
  ]);
  store.publish({
    upserts: [entry("moving", "241.0.0.3"), entry("coming", "241.0.0.3")],
    removals: [{ type: "networking.istio.io/ServiceEntry", name: "tributary/going" }],
  });
  const { changes: told, moving } = await compare(before, candidate, () => store.current(), new AbortController().signal);
  assert.deepEqual([told.map(({ name }) => name), moving], [["tributary/kept"], 3]);
});

test("a comparison that nobody waits for any more ends", async (t) => {
  const rig = await running(t);
  const abort = new AbortController();
  const text = JSON.stringify({ registries: rig.registries });
  const diff = diffCandidate(rig.pipeline, rig.loaded, { text, shownAs: "new.yaml" }, abort.signal);
  abort.abort(new Error("gone"));
  await assert.rejects(diff, /gone/);
});

test("references of a candidate are never resolved, and never told", () => {
  process.env.CANDIDATE_TEST_SECRET = "hunter2";
  const registry = {
    id: "zk",
    type: "zookeeper",
    servers: "${env:CANDIDATE_TEST_SECRET}",
    auth: { user: "u", password: "${file:/etc/hostname}" },
  };
  const read = readCandidate({ text: JSON.stringify({ registries: [registry] }), file: "/nowhere/tributary.yaml", shownAs: "new.yaml" });
  delete process.env.CANDIDATE_TEST_SECRET;
  assert.ok("config" in read, JSON.stringify(read));
  assert.doesNotMatch(JSON.stringify(read), /hunter2/);
  assert.deepEqual([...read.written.values()].sort(), ["${env:CANDIDATE_TEST_SECRET}", "${file:/etc/hostname}"]);
});

test("a value that cannot be checked because of a reference says so", () => {
  const registry = { id: "files", type: "file", path: ".", protection: { hold: "${env:HOLD}" } };
  const read = readCandidate({ text: JSON.stringify({ registries: [registry] }), file: "/nowhere/tributary.yaml", shownAs: "new.yaml" });
  assert.ok("errors" in read);
  assert.match(read.errors, /^new\.yaml:1:\d+: registries\[0\]\.protection\.hold.*\n.*references.*not resolved/);
});

test("a reference that is in effect at the same place keeps its meaning", async (t) => {
  process.env.CANDIDATE_TEST_NAMESPACE = "from-env";
  t.after(() => delete process.env.CANDIDATE_TEST_NAMESPACE);
  const mesh = { namespace: "${env:CANDIDATE_TEST_NAMESPACE}" };
  const rig = await running(t, { mesh });
  const { told, sections, notes } = await changes(rig, { registries: rig.registries, mesh });
  assert.deepEqual([told, sections], [[], []]);
  assert.match(notes.join(), /references/);
});

test("a text that takes long to read is read elsewhere", async (t) => {
  const rig = await running(t);
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const text = `registries: [${"{id: a, type: file, path: x},".repeat(4_000)}]`;
  await assert.rejects(diffCandidate(rig.pipeline, rig.loaded, { text, shownAs: "new.yaml" }, new AbortController().signal), {
    name: "CandidateErrors",
  });
  clearInterval(ticking);
  assert.ok(turns > 10, `${turns} turns of the event loop meanwhile`);
});
