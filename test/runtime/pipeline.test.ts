import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { diffConfig } from "../../src/config/diff.ts";
import { loadConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { startRegistries } from "../../src/runtime/started-registries.ts";
import type { Entry } from "../../src/snapshot/snapshot.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const serviceEntries = "networking.istio.io/ServiceEntry";

const services = (name: string, ...addresses: string[]) =>
  JSON.stringify({
    services: [{ name, ports: [{ name: "http", number: 80, protocol: "http" }], instances: addresses.map((address) => ({ address })) }],
  });

/** A configuration of `file` registries, each on `<id>.json` in the folder. */
function configure(folder: TempFolder, ids: string[], mesh: object = {}) {
  const registries = ids.map((id) => ({ id, type: "file", path: `./${id}.json` }));
  return loadConfig(folder.write("tributary.yaml", JSON.stringify({ registries, mesh })), { kinds }).config;
}

function running(t: TestContext, config: ReturnType<typeof configure>) {
  const pipeline = new Pipeline(config, silentLogger);
  t.after(() => pipeline.stop());
  return pipeline;
}

const complete = (pipeline: Pipeline) => new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));

const served = (pipeline: Pipeline): string[] => [...pipeline.store.current().table(serviceEntries).entries()].map(({ name }) => name);

/** Waits for a publication after which `holds` is true. */
async function until(pipeline: Pipeline, holds: () => boolean): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve) => {
    const unsubscribe = pipeline.store.subscribe(() => {
      if (!holds()) return;
      unsubscribe();
      resolve();
    });
  });
}

const body = (entry: Entry | undefined) => Buffer.from(entry?.body ?? []).toString("latin1");

test("the view is complete once every registry was listed and its services are published", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services("orders", "10.0.0.1"));
  folder.write("b.json", services("items", "10.0.0.2"));
  const pipeline = running(t, configure(folder, ["a", "b"]));
  assert.equal(pipeline.completeness.isComplete(), false);
  await complete(pipeline);
  assert.deepEqual(served(pipeline), ["tributary/items.file", "tributary/orders.file"]);
});

for (const [hostNames, address] of [
  [undefined, "127.0.0.1"],
  ["resolve", "127.0.0.1"],
  ["dns", "localhost"],
  ["skip", undefined],
]) {
  test(`an instance registered as localhost is served as ${address} with hostNames: ${hostNames ?? "its default"}`, async (t) => {
    const folder = tempFolder(t);
    folder.write("a.json", services("orders", "localhost"));
    const registries = [{ id: "a", type: "file", path: "./a.json", hostNames }];
    const { config } = loadConfig(folder.write("tributary.yaml", JSON.stringify({ registries })), { kinds });
    const pipeline = running(t, config);
    await complete(pipeline);
    const orders = body(pipeline.store.current().table(serviceEntries).get("tributary/orders.file"));
    assert.match(orders, /orders\.file/);
    for (const one of ["127.0.0.1", "localhost"]) assert.equal(orders.includes(one), one === address, one);
  });
}

test("what registries told before the pipeline was there is not lost", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services("orders", "10.0.0.1"));
  const config = configure(folder, ["a"]);
  const started = startRegistries(config, silentLogger);
  while (!started.supervisor.status("a")?.synced) await turn();
  const pipeline = new Pipeline(config, silentLogger, started);
  t.after(() => pipeline.stop());
  await complete(pipeline);
  assert.deepEqual(served(pipeline), ["tributary/orders.file"]);
});

test("an empty registry completes the view as well", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", JSON.stringify({ services: [] }));
  const pipeline = running(t, configure(folder, ["a"]));
  await complete(pipeline);
  assert.deepEqual(served(pipeline), []);
});

test("one service from two registries is one ServiceEntry with the endpoints of both", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services("orders", "10.0.0.1"));
  folder.write("b.json", services("orders", "10.0.0.2"));
  const pipeline = running(t, configure(folder, ["a", "b"]));
  await complete(pipeline);
  const entry = pipeline.store.current().table(serviceEntries).get("tributary/orders.file");
  assert.match(body(entry), /10\.0\.0\.1/);
  assert.match(body(entry), /10\.0\.0\.2/);
});

test("a reload adds, changes and withdraws registries, and leaves the others' workers alone", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services("orders", "10.0.0.1"));
  folder.write("b.json", services("items", "10.0.0.2"));
  folder.write("c.json", services("carts", "10.0.0.3"));
  const first = configure(folder, ["a", "b"]);
  const pipeline = running(t, first);
  await complete(pipeline);
  const before = pipeline.supervisor.status("a");

  const second = configure(folder, ["a", "c"]);
  pipeline.reload(diffConfig(first, second), second);
  await until(pipeline, () => served(pipeline).join() === "tributary/carts.file,tributary/orders.file");
  assert.deepEqual([...pipeline.supervisor.registries].sort(), ["a", "c"]);
  assert.equal(pipeline.supervisor.status("a")?.since, before?.since);
  assert.equal(pipeline.supervisor.status("a")?.epoch, before?.epoch);
});

test("a changed mesh policy reaches what is already served", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services("orders", "10.0.0.1"));
  const first = configure(folder, ["a"]);
  const pipeline = running(t, first);
  await complete(pipeline);
  const before = pipeline.store.current().table(serviceEntries).get("tributary/orders.file");

  const second = configure(folder, ["a"], { exportTo: ["shop"], vipCidr: "10.99.0.0/16" });
  pipeline.reload(diffConfig(first, second), second);
  await until(pipeline, () => body(pipeline.store.current().table(serviceEntries).get("tributary/orders.file")).includes("shop"));
  const after = pipeline.store.current().table(serviceEntries).get("tributary/orders.file");
  assert.notEqual(after?.version, before?.version);
  assert.match(body(after), /10\.99\.\d+\.\d+/);

  const third = configure(folder, ["a"], { namespace: "elsewhere" });
  pipeline.reload(diffConfig(second, third), third);
  await until(pipeline, () => served(pipeline).join() === "elsewhere/orders.file");
});

test("the manifests are what is served", async (t) => {
  const folder = tempFolder(t);
  folder.write("a.json", services("orders", "10.0.0.1"));
  const pipeline = running(t, configure(folder, ["a"]));
  await complete(pipeline);
  const [manifest, ...others] = [...pipeline.manifests()];
  assert.deepEqual(others, []);
  assert.equal(manifest?.metadata.name, "orders.file");
  const { addresses = [] } = (manifest?.spec ?? {}) as { addresses?: string[] };
  const entry = pipeline.store.current().table(serviceEntries).get("tributary/orders.file");
  assert.ok(body(entry).includes(addresses[0] ?? "none"));
});

test("a service that becomes empty keeps the names and numbers of all its ports", async (t) => {
  const folder = tempFolder(t);
  const instances = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      address: `10.0.0.${at + 1}`,
      ports: [
        { name: "web", number: 8080, protocol: "http" },
        { name: "admin", number: 9090 + at, protocol: "http" },
        { number: 7001, protocol: "tcp" },
        { number: 7000, protocol: "tcp" },
      ],
    }));
  folder.write("a.json", JSON.stringify({ services: [{ name: "orders", instances: instances(3) }] }));
  const pipeline = running(t, configure(folder, ["a"]));
  await complete(pipeline);
  const ports = () => [...pipeline.manifests()].map(({ metadata, spec }) => [metadata.name, (spec as { ports: object[] }).ports] as const);
  const endpoints = () => [...pipeline.manifests()].flatMap(({ spec }) => (spec as { endpoints?: object[] }).endpoints ?? []);
  const before = ports();
  assert.deepEqual(
    before.map(([name, list]) => [name, list.length]),
    [
      ["orders.file", 2],
      ["tcp.orders.file", 2],
    ],
  );
  folder.write("a.json", JSON.stringify({ services: [{ name: "orders", instances: [] }] }));
  await until(pipeline, () => endpoints().length === 0);
  assert.deepEqual(ports(), before);
});
