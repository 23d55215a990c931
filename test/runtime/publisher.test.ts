import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { CatalogEntry, MergedService } from "../../src/catalog/merged-service.ts";
import { meshSchema } from "../../src/config/schema.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { compileMeshPolicy } from "../../src/mesh/policy.ts";
import { translateResource } from "../../src/mesh/ready-resource.ts";
import { translateService } from "../../src/mesh/service-entry.ts";
import { VipTable } from "../../src/mesh/vip.ts";
import { Publisher } from "../../src/runtime/publisher.ts";
import { type EncodedObject, encodeObject } from "../../src/snapshot/encode.ts";
import { SnapshotStore } from "../../src/snapshot/store.ts";

const serviceEntries = "networking.istio.io/ServiceEntry";

function service(host: string, addresses: string[]): CatalogEntry {
  const merged: MergedService = {
    namespace: "tributary",
    host,
    otherHosts: [],
    identity: host,
    kind: "file",
    key: { name: host },
    protocol: "dubbo",
    ports: [],
    endpoints: addresses.map((address) => ({ id: address, address, ports: [{ number: 20880, protocol: "dubbo" }], registries: ["r"] })),
    annotations: {},
    registries: ["r"],
  };
  return { kind: "service", service: merged };
}

function ready(name: string, hosts: string[]): CatalogEntry {
  const spec = { hosts, ports: [{ number: 80, name: "http", protocol: "HTTP" }], resolution: "STATIC" };
  const resource = {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name, namespace: "tributary" },
    spec,
  } as const;
  return { kind: "resource", passed: { registry: "r", resource } };
}

interface Kept {
  readonly object: EncodedObject;
  readonly vip: string | undefined;
}

/** As an earlier process encoded it, at another address than the catalog says. */
function keptOf(host: string, vip: string): Kept {
  const { service: merged } = service(host, ["10.9.9.9"]) as { service: MergedService };
  const { object } = translateService(merged, compileMeshPolicy(meshSchema.parse({})), vip);
  return { object: encodeObject(object!, 500), vip };
}

/** A publisher over real translation and a real store, and a catalog that holds what the test puts. */
function publisher(options: { vipCidr?: string; complete?: boolean; kept?: ReadonlyMap<string, Kept> } = {}) {
  const policy = compileMeshPolicy(meshSchema.parse({}));
  const vips = new VipTable(options.vipCidr ?? "241.0.0.0/8");
  const store = new SnapshotStore({ log: silentLogger });
  const entries = new Map<string, CatalogEntry>();
  const dirty = new Set<string>();
  const { kept } = options;
  const state = { complete: options.complete ?? true, published: [] as number[], keptAt: [] as number[], translated: [] as string[] };
  /** Where work on a host throws. */
  const failing: { get?: string | undefined; translate?: string | undefined } = {};
  const failAt = (host: string | undefined, subjectOf: string) => {
    if (host !== undefined && subjectOf.endsWith(`/${host}`)) throw new Error("out of thin air");
  };
  const subject = new Publisher({
    catalog: {
      drain() {
        const keys = [...dirty];
        dirty.clear();
        return { keys, seenAt: 1000 };
      },
      get(key) {
        failAt(failing.get, key);
        return entries.get(key);
      },
      isComplete: () => state.complete,
    },
    vips,
    translate(entry, vip) {
      if (entry.kind === "resource") return translateResource(entry.passed, policy);
      failAt(failing.translate, `/${entry.service.host}`);
      state.translated.push(entry.service.host);
      return translateService(entry.service, policy, vip);
    },
    encode: encodeObject,
    store,
    ...(kept && {
      kept: {
        take: (name: string) => kept.get(name),
        release() {},
        isServed: (name: string, version: string | undefined) => store.current().table(serviceEntries).get(name)?.version === version,
      },
    }),
    keep: () => state.keptAt.push(store.current().sequence),
    published: (seenAt) => state.published.push(seenAt),
  });
  const put = (key: string, entry: CatalogEntry | undefined) => {
    if (entry) entries.set(key, entry);
    else entries.delete(key);
    dirty.add(key);
    subject.schedule();
  };
  const idle = async () => {
    while (!subject.isIdle()) await turn();
  };
  const names = () => [...store.current().table(serviceEntries).entries()].map(({ name }) => name);
  return { subject, store, vips, entries, state, failing, put, idle, names };
}

test("a changed service is published in the next turn of the event loop", async () => {
  const { store, put, names, state } = publisher();
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  await turn();
  assert.deepEqual(names(), ["tributary/a.file"]);
  assert.equal(store.current().sequence, 1);
  assert.deepEqual(state.published, [1000]);
});

test("what is published was kept before, in the same turn", async () => {
  const { store, put, idle, state } = publisher();
  put("service:tributary/orders.file", service("orders.file", ["10.0.0.1"]));
  await idle();
  put("service:tributary/orders.file", service("orders.file", ["10.0.0.2"]));
  await idle();
  assert.deepEqual(state.keptAt, [0, 1], "the sequences that were current when it was kept");
  assert.equal(store.current().sequence, 2);
});

test("a service that is gone leaves the snapshot and gives its address back", async () => {
  const { put, idle, names, vips } = publisher();
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  await idle();
  assert.equal(vips.size, 1);
  put("service:tributary/a.file", undefined);
  await idle();
  assert.deepEqual(names(), []);
  assert.equal(vips.size, 0);
});

test("a ready object wins over a generated one of the same name, and gives way when it goes", async () => {
  const { store, put, idle } = publisher();
  const hosts = () => Buffer.from(store.current().table(serviceEntries).get("tributary/a.file")!.body).toString("latin1");
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  put("resource:ServiceEntry/tributary/a.file", ready("a.file", ["ready.example"]));
  await idle();
  assert.match(hosts(), /ready\.example/);
  put("resource:ServiceEntry/tributary/a.file", undefined);
  await idle();
  assert.doesNotMatch(hosts(), /ready\.example/);
  assert.match(hosts(), /a\.file/);
});

test("a service that has to move to another address is published again", async () => {
  // Six usable addresses: every key but the first has a fair chance to be displaced by a smaller one.
  const { put, idle, store, vips } = publisher({ vipCidr: "241.0.0.0/29" });
  for (const name of ["f", "e", "d", "c", "b", "a"]) {
    put(`service:tributary/${name}.file`, service(`${name}.file`, ["10.0.0.1"]));
    await idle();
  }
  for (const entry of store.current().table(serviceEntries).entries()) {
    const vip = vips.get(entry.name);
    if (vip) assert.ok(Buffer.from(entry.body).includes(vip), `${entry.name} is served with ${vip}`);
  }
});

test("a registry that is added later and not listed yet keeps no change of others waiting", async () => {
  const { put, state, names } = publisher();
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  await turn();
  state.complete = false;
  put("service:tributary/b.file", service("b.file", ["10.0.0.2"]));
  await turn();
  assert.deepEqual(names(), ["tributary/a.file", "tributary/b.file"]);
});

test("while the first listings stream in, publications are batched; completeness publishes the rest", async () => {
  const { put, store, state, subject, names } = publisher({ complete: false });
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  await turn();
  const early = store.current().sequence;
  put("service:tributary/b.file", service("b.file", ["10.0.0.2"]));
  await turn();
  assert.equal(store.current().sequence, early);
  state.complete = true;
  subject.schedule();
  await turn();
  assert.deepEqual(names(), ["tributary/a.file", "tributary/b.file"]);
});

test("problems are kept per target and forgotten when they are mended", async () => {
  const { put, idle, subject } = publisher();
  put("service:tributary/a.file", service("a.file", ["order-0.prod"]));
  await idle();
  const [problems] = [...subject.problems().values()];
  assert.equal(problems?.[0]?.costs, "instance");
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  await idle();
  assert.equal(subject.problems().size, 0);
});

test("what is staged but not yet published is not idle: a first answer of this moment would lack it", async () => {
  const { put, state, subject, names } = publisher({ complete: false });
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  await turn();
  put("service:tributary/b.file", service("b.file", ["10.0.0.2"]));
  await turn();
  state.complete = true;
  assert.ok(!names().includes("tributary/b.file"), "held back for a larger batch");
  assert.equal(subject.isIdle(), false);
  let idle = 0;
  subject.onIdle(() => {
    idle++;
    assert.ok(names().includes("tributary/b.file"));
  });
  subject.schedule();
  await turn();
  assert.equal(idle, 1);
  assert.equal(subject.isIdle(), true);
});

test("a failure of ours while one object is made costs that object its news, and nothing what it has", async () => {
  const { put, idle, names, failing, subject } = publisher();
  for (const name of ["a", "b"]) put(`service:tributary/${name}.file`, service(`${name}.file`, ["10.0.0.1"]));
  await idle();
  for (const where of ["get", "translate"] as const) {
    failing[where] = "a.file";
    put("service:tributary/a.file", service("a.file", ["10.0.0.2"]));
    put(`service:tributary/${where}.file`, service(`${where}.file`, ["10.0.0.3"]));
    await idle();
    assert.ok(names().includes("tributary/a.file"), `${where} failed: the last good object stays`);
    assert.ok(names().includes(`tributary/${where}.file`), "the others go on");
    assert.deepEqual(
      [...subject.problems().values()].flat().map(({ code, message }) => [code, message]),
      [["encode-failed", "out of thin air"]],
    );
    failing[where] = undefined;
    put("service:tributary/a.file", service("a.file", ["10.0.0.2"]));
    await idle();
    assert.equal(subject.problems().size, 0);
  }
});

test("whoever waits until all is worked off hears of it behind the publication, or at once", async () => {
  const { subject, put, names } = publisher();
  const heard: number[] = [];
  subject.whenWorkedOff(() => heard.push(names().length));
  assert.deepEqual(heard, [0]);
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  subject.whenWorkedOff(() => heard.push(names().length));
  assert.deepEqual(heard, [0]);
  await turn();
  assert.deepEqual(heard, [0, 1]);
});

test("nobody waits for a publication that is still to be complete", async () => {
  const { subject, put, state, names } = publisher({ complete: false });
  state.complete = false;
  let heard = 0;
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  subject.whenWorkedOff(() => heard++);
  await turn();
  assert.deepEqual([heard, names()], [1, []]);
});

test("what an earlier process encoded is served untranslated, and made anew a moment later", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const vip = new VipTable("241.0.0.0/8");
  for (const name of ["a", "b"]) vip.assign(`tributary/${name}.file`);
  const a = keptOf("a.file", vip.get("tributary/a.file")!);
  const moved = keptOf("b.file", "241.1.1.1");
  const { subject, put, idle, state, store } = publisher({
    kept: new Map([
      ["tributary/a.file", a],
      ["tributary/b.file", moved],
    ]),
  });
  const version = (name: string) => store.current().table(serviceEntries).get(name)?.version;
  for (const name of ["a", "b", "c"]) put(`service:tributary/${name}.file`, service(`${name}.file`, ["10.0.0.1"]));
  await idle();
  assert.equal(version("tributary/a.file"), a.object.version);
  assert.deepEqual(state.translated, ["b.file", "c.file"], "nothing is kept of c, and b has another address now");
  let proved = 0;
  subject.whenProved(() => proved++);
  assert.equal(proved, 0);
  t.mock.timers.tick(1_000);
  await turn();
  assert.deepEqual(state.translated, ["b.file", "c.file", "a.file"]);
  assert.notEqual(version("tributary/a.file"), a.object.version, "the difference is published");
  assert.equal(store.current().sequence, 2);
  assert.equal(proved, 1);
  subject.whenProved(() => proved++);
  assert.equal(proved, 2);
});

test("a change of what an earlier process encoded is made at once, and not a second time", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const vip = new VipTable("241.0.0.0/8");
  vip.assign("tributary/a.file");
  const { put, idle, state, store, names } = publisher({
    kept: new Map([["tributary/a.file", keptOf("a.file", vip.get("tributary/a.file")!)]]),
  });
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  await idle();
  put("service:tributary/a.file", undefined);
  await idle();
  assert.deepEqual(names(), []);
  t.mock.timers.tick(1_000);
  await turn();
  assert.deepEqual([state.translated, names(), store.current().sequence], [[], [], 2]);
});

test("where the view stays incomplete, what was published of it is made anew as well", async () => {
  const vip = new VipTable("241.0.0.0/8");
  vip.assign("tributary/a.file");
  const a = keptOf("a.file", vip.get("tributary/a.file")!);
  const { subject, put, state, store } = publisher({ complete: false, kept: new Map([["tributary/a.file", a]]) });
  const version = () => store.current().table(serviceEntries).get("tributary/a.file")?.version;
  put("service:tributary/a.file", service("a.file", ["10.0.0.1"]));
  const versions: (string | undefined)[] = [];
  await new Promise<void>((resolve) => {
    store.subscribe(() => {
      versions.push(version());
      if (versions.length === 2) resolve();
    });
  });
  assert.equal(versions[0], a.object.version);
  assert.notEqual(versions[1], a.object.version);
  assert.deepEqual(state.translated, ["a.file"]);
  subject.close();
});

test("whoever has to move because of a proof is translated as well", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  // The first choice of e is that of a, and a is the smaller key.
  const cidr = "10.0.0.0/30";
  const vips = new VipTable(cidr);
  for (const name of ["a", "e"]) vips.assign(`tributary/${name}.file`);
  const kept = new Map(["a", "e"].map((name) => [`tributary/${name}.file`, keptOf(`${name}.file`, vips.get(`tributary/${name}.file`)!)]));
  const { entries, put, idle, state, names, store } = publisher({ vipCidr: cidr, kept });
  for (const name of ["a", "e"]) put(`service:tributary/${name}.file`, service(`${name}.file`, ["10.0.0.1"]));
  await idle();
  assert.deepEqual(state.translated, []);
  const [before, freed] = [vips.get("tributary/e.file"), vips.get("tributary/a.file")];
  // Only the proof sees that it is gone.
  entries.delete("service:tributary/a.file");
  t.mock.timers.tick(1_000);
  await idle();
  assert.deepEqual(names(), ["tributary/e.file"]);
  const body = Buffer.from(store.current().table(serviceEntries).get("tributary/e.file")!.body);
  assert.deepEqual([body.includes(freed!), body.includes(before!)], [true, false]);
});
