import assert from "node:assert/strict";
import { test } from "node:test";
import { dumpPage } from "../../../src/admin/api/dump.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { encodeObject } from "../../../src/snapshot/encode.ts";
import { SnapshotStore } from "../../../src/snapshot/store.ts";
import { apiRig, httpService } from "../../support/api-rig.ts";
import { serviceEntryObject } from "../../support/service-entry-object.ts";

const everything = { kind: "", namespace: "", pageSize: 0, pageToken: "" };

function storeOf(names: readonly string[], namespace = "tributary") {
  const store = new SnapshotStore({ log: silentLogger });
  store.publish({ upserts: names.map((name) => encodeObject(serviceEntryObject(name, { namespace }), 1_000)) });
  return store;
}

function* pages(store: SnapshotStore, request = everything) {
  let pageToken = "";
  do {
    const page = dumpPage(store.current(), { ...request, pageToken });
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

const namesOf = (list: Iterable<ReturnType<typeof dumpPage>>) =>
  [...list].flatMap(({ objects }) => objects.map(({ metadata }) => metadata?.name));

test("pages of 2,000 services give each exactly once, in order", () => {
  const names = Array.from({ length: 2_000 }, (_, n) => `s${String(n).padStart(4, "0")}.file`);
  const list = [...pages(storeOf(names))];
  assert.ok(list.length >= 20, `${list.length} pages of at most 100`);
  assert.deepEqual(namesOf(list), names);
  assert.equal(list.at(-1)?.nextPageToken, "");
});

test("what stays is neither missed nor told twice when objects come and go between two pages", () => {
  const store = storeOf(["b", "d", "f", "h"]);
  const first = dumpPage(store.current(), { ...everything, pageSize: 2 });
  store.publish({
    upserts: [encodeObject(serviceEntryObject("a"), 1_000), encodeObject(serviceEntryObject("e"), 1_000)],
    removals: [{ type: "networking.istio.io/ServiceEntry", name: "tributary/d" }],
  });
  const second = dumpPage(store.current(), { ...everything, pageToken: first.nextPageToken });
  assert.deepEqual(
    [namesOf([first]), namesOf([second])],
    [
      ["b", "d"],
      ["e", "f", "h"],
    ],
  );
  assert.notEqual(first.stateDigest, second.stateDigest);
});

test("a page of large objects ends before it takes long", () => {
  const addresses = Array.from({ length: 500 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
  const store = new SnapshotStore({ log: silentLogger });
  store.publish({ upserts: Array.from({ length: 20 }, (_, n) => encodeObject(serviceEntryObject(`large-${n}`, { addresses }), 1_000)) });
  const sizes = [...pages(store)].map(({ objects }) => objects.length);
  assert.ok(
    sizes.every((size) => size <= 11),
    `pages of ${sizes.join(", ")}`,
  );
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    20,
  );
});

test("a page can be of one kind or of one namespace", () => {
  const store = storeOf(["a", "b"]);
  store.publish({ upserts: ["a", "c"].map((name) => encodeObject(serviceEntryObject(name, { namespace: "other" }), 1_000)) });
  assert.deepEqual(namesOf(pages(store, { ...everything, namespace: "other", pageSize: 1 })), ["a", "c"]);
  assert.deepEqual(namesOf(pages(store, { ...everything, kind: "serviceentry" })).length, 4);
  assert.deepEqual(namesOf(pages(store, { ...everything, kind: "Sidecar" })), []);
});

test("what is asked for wrongly is an invalid argument that names the field", async (t) => {
  const { call } = await apiRig(t, { services: { files: [httpService("orders", ["10.0.0.1"])] } });
  for (const [request, field] of [
    [{ pageSize: 501 }, /pageSize.*500/],
    [{ pageToken: "nonsense" }, /pageToken/],
    [{ kind: "Gateway" }, /kind.*ServiceEntry/],
    [{ pageSize: -1 }, /page_?[sS]ize/],
  ] as const) {
    const { code, message } = await call("Dump", request);
    assert.equal(code, "invalid_argument", message);
    assert.match(message, field);
  }
});

test("an object is told as it is written for kubectl, with its version", async (t) => {
  const { call, pipeline } = await apiRig(t, { services: { files: [httpService("orders", ["10.0.0.1"])] } });
  const { objects, nextPageToken } = await call("Dump", {});
  assert.equal(nextPageToken, undefined);
  const [manifest] = pipeline.manifests();
  const { version, lastChanged, ...object } = objects[0];
  assert.deepEqual(object, JSON.parse(JSON.stringify(manifest)));
  assert.match(version, /^[0-9a-f]{24}$/);
  assert.ok(Date.parse(lastChanged) > 0);
});

test("/debug/dump streams all pages as one list for kubectl", async (t) => {
  const services = Array.from({ length: 250 }, (_, n) => httpService(`s${n}`, ["10.0.0.1"]));
  const { get } = await apiRig(t, { services: { files: services } });
  const { kind, items } = (await (await get("/debug/dump")).json()) as { kind: string; items: unknown[] };
  assert.equal(kind, "List");
  assert.equal(items.length, 250);
  assert.deepEqual(((await (await get("/debug/dump?kind=Sidecar")).json()) as { items: unknown[] }).items, []);
  assert.equal((await get("/debug/dump?kind=Gateway")).status, 400);
});
