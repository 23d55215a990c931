import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Metrics } from "../../src/admin/metrics.ts";
import { AdminServer } from "../../src/admin/server.ts";
import type { AdminViews } from "../../src/admin/views.ts";
import { TributaryError } from "../../src/errors/tributary-error.ts";
import { fakeViews, registryView } from "../support/admin-views.ts";

async function listening(t: TestContext, views: AdminViews) {
  const server = new AdminServer({ address: "127.0.0.1", port: 0 }, new Metrics(views, "1.2.3"), views);
  const { port } = await server.listen();
  t.after(() => server.close());
  return { port, get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`) };
}

test("readiness does not depend on a registry, and names the one that is stale", async (t) => {
  const status = { phase: "stale", since: 1000, reason: "no answer", synced: true, lastContact: 5, epoch: 1, restarts: 0 } as const;
  const { get } = await listening(t, fakeViews({ complete: () => false, registries: () => [registryView("zk", { status })] }));
  for (const path of ["/readyz", "/healthz", "/startupz"]) {
    const answer = await get(path);
    assert.equal(answer.status, 200, path);
    const body = (await answer.json()) as { registries: { id: string; phase: string; reason: string }[] };
    assert.deepEqual(body.registries.map(({ id, phase, reason }) => [id, phase, reason])[0], ["zk", "stale", "no answer"]);
  }
});

test("before the xDS port accepts, every probe fails", async (t) => {
  const { get } = await listening(t, fakeViews({ listening: () => false }));
  for (const path of ["/readyz", "/healthz", "/startupz"]) assert.equal((await get(path)).status, 503, path);
});

test("metrics come in the exposition format", async (t) => {
  const { get } = await listening(t, fakeViews());
  const answer = await get("/metrics");
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(await answer.text(), /^tributary_build_info\{version="1\.2\.3"/m);
});

test("an unknown path says which there are", async (t) => {
  const { get } = await listening(t, fakeViews());
  const answer = await get("/metric");
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /\/metrics/);
});

test("what cannot be told is an error of one answer", async (t) => {
  const broken = () => {
    throw new Error("no view");
  };
  const { get } = await listening(t, fakeViews({ registries: broken }));
  for (const path of ["/readyz", "/metrics"]) {
    const answer = await get(path);
    assert.equal(answer.status, 500, path);
    assert.match(await answer.text(), /no view/);
  }
  assert.equal((await get("/nowhere")).status, 404);
});

test("only reading is answered", async (t) => {
  const { port } = await listening(t, fakeViews());
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { method: "POST", body: "x" });
  assert.equal(answer.status, 405);
});

test("a taken port is named together with the setting that moves it", async (t) => {
  const { port } = await listening(t, fakeViews());
  const views = fakeViews();
  const second = new AdminServer({ address: "127.0.0.1", port }, new Metrics(views, "1.2.3"), views);
  t.after(() => second.close());
  await assert.rejects(second.listen(), (error) => {
    assert.ok(error instanceof TributaryError);
    assert.equal(error.code, "BIND_IN_USE");
    assert.match(`${error.message} ${error.hint}`, new RegExp(`${port}.*metrics\\.port`));
    return true;
  });
});
