import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { apiRig, httpService } from "../support/api-rig.ts";

const services = { files: [httpService("orders", ["10.0.0.1"])] };

test("the index names every page, and every page that it names answers in both forms", async (t) => {
  const { get } = await apiRig(t, { services });
  const index = await (await get("/")).text();
  const pages = [...index.matchAll(/^ {2}(\/debug\/\S+)/gm)].map(([, page]) => page?.replace("HOST", "orders.file") ?? "");
  assert.deepEqual(pages.map((page) => page.replace(/\?.*/, "")).sort(), [
    "/debug/clients",
    "/debug/clusters",
    "/debug/dump",
    "/debug/registries",
    "/debug/status",
    "/debug/why",
  ]);
  for (const page of pages) {
    assert.equal((await get(page)).status, 200, page);
    const json = await get(`${page}${page.includes("?") ? "&" : "?"}format=json`);
    assert.match(json.headers.get("content-type") ?? "", /^application\/json/, page);
    await json.json();
  }
  assert.equal(await (await get("/debug")).text(), index);
});

test("an unknown page and an unknown host are 404 with a way on", async (t) => {
  const { get } = await apiRig(t, { services });
  for (const [path, said] of [
    ["/debug/stauts", /\/debug\/status/],
    ["/debug/why?host=oders.file", /nearest are tributary\/orders\.file/],
    ["//", /no such page/],
    ["/__proto__", /no such page/],
  ] as const) {
    const answer = await get(path);
    assert.equal(answer.status, 404, path);
    assert.match(await answer.text(), said);
  }
  assert.equal((await get("/debug/why")).status, 400);
});

test("whatever stands in the request line, the server goes on answering", async (t) => {
  const { port, get } = await apiRig(t, { services });
  for (const target of [
    "//",
    "http://[",
    "/debug/why?host=%ff%zz",
    "*",
    "/tributary.admin.v1.AdminService/Nothing",
    "/debug/why?host=%00",
  ]) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.end(`GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`).resume();
    await once(socket, "close");
  }
  assert.equal((await get("/debug/status")).status, 200);
});

test("pages only read: nothing but GET is answered", async (t) => {
  const { port } = await apiRig(t, { services });
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    assert.equal((await fetch(`http://127.0.0.1:${port}/debug/status`, { method })).status, 405, method);
  }
});

test("answers are not stored, framed or guessed at by browsers", async (t) => {
  const { get } = await apiRig(t, { services });
  const { headers } = await get("/debug/status");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("access-control-allow-origin"), null);
});
