import assert from "node:assert/strict";
import { test } from "node:test";
import type { Inspection } from "../../../src/admin/api/inspection.ts";
import { istioctlPage } from "../../../src/admin/api/istioctl-pages.ts";
import { statusOf } from "../../../src/admin/api/status.ts";
import { statusText } from "../../../src/admin/text/status-text.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { fakeViews, registryView } from "../../support/admin-views.ts";
import { apiRig, httpService } from "../../support/api-rig.ts";

const now = Date.parse("2030-01-01T00:00:00Z");
const hour = 3_600_000;

const inspection = (changes: Partial<Parameters<typeof fakeViews>[0]> = {}): Inspection =>
  ({
    views: fakeViews(changes),
    version: "1.2.3",
    startedAt: now - 49 * hour,
    ports: () => [{ name: "xds", address: "::1", port: 16010 }],
    clients: () => [],
    redact: (text: string) => text.replaceAll("hunter2", "***"),
  }) as unknown as Inspection;

const staleRegistry = registryView("zk", {
  type: "zookeeper",
  status: {
    phase: "stale",
    since: now - 5 * 60_000,
    reason: "no answer, hunter2\u001b[31m",
    synced: true,
    lastContact: now - 6 * 60_000,
    epoch: 1,
    restarts: 2,
  },
  heldEndpoints: 4,
  holdReason: "reconnect: hunter2 was here",
  protection: {
    ...registryView("zk").protection,
    state: "protected",
    holds: [
      { why: "freeze", detail: "by `freeze` in the configuration", since: now - 60_000 },
      { why: "reconnect", detail: "hunter2 was here", since: now - 60_000, until: now + 20_000 },
    ],
    itemHolds: [{ itemId: "service/a", why: "mass-removal", detail: "1 left of 30", since: now - 1_000, until: now + 299_000 }],
    growth: [{ why: "growth", detail: "the registry has 900 endpoints, and had 100", since: now, until: now + 300_000 }],
    operator: { frozen: "by `freeze` in the configuration" },
    dampedEndpoints: 2,
    waitingEndpoints: 800,
  },
  problems: { "bad-url": 3 },
});

test("status tells registries, types, ports and problems, and no secret", () => {
  const status = statusOf(inspection({ registries: () => [staleRegistry], clashes: () => [{ code: "host-collision", count: 2 }] }), now);
  assert.equal(status.uptimeSeconds, (49 * hour) / 1000);
  const [registry] = status.registries;
  assert.deepEqual([registry?.phase, registry?.staleSeconds, registry?.heldEndpoints, registry?.restarts], ["stale", 300, 4, 2]);
  assert.deepEqual({ ...registry?.problems }, { "bad-url": 3 });
  assert.deepEqual(
    status.problems.map(({ costs, code, count }) => [costs, code, count]),
    [["name", "host-collision", 2]],
  );
  assert.doesNotMatch(
    JSON.stringify(status, (_key, value) => (typeof value === "bigint" ? String(value) : value)),
    /hunter2/,
  );
});

test("as text, what is not well stands below its registry, and nothing steers the terminal", () => {
  const text = statusText(statusOf(inspection({ registries: () => [registryView("files"), staleRegistry] }), now), now);
  assert.match(text, /^Tributary 1\.2\.3, up 2 d 1 h; the view is complete\n/);
  assert.match(text, /xds +\[::1\]:16010/);
  assert.match(
    text,
    /\nfiles .*\nzk +zookeeper +stale +5 min .*\n {2}no answer, .*; last contact 6 min ago\n {2}FROZEN by `freeze` in the configuration: nothing leaves\n {2}removals wait: reconnect: .* \(since 1 min, for 20 s more\)\n {2}removals wait: service\/a: mass-removal: 1 left of 30 \(.*\)\n {2}damped: 2 endpoints .*\n {2}grew suddenly: growth: .*\n {2}additions wait: 800 endpoints\n {2}skipped: bad-url 3\n/,
  );
  assert.ok(!text.includes("\u001b"));
});

test("a registry that is served as an earlier process kept it is told so, and one whose state cannot be kept", () => {
  const status = { phase: "stale", since: now, synced: false, restored: true, lastContact: 0, epoch: 0, restarts: 0 } as const;
  const counts = { entries: 0, bytes: 0, rewrites: 0, writeErrors: 1 };
  const report = { registry: "zk", file: "f", failure: "ENOSPC, hunter2", size: 0, counts, loadedItems: 0, loadSeconds: 0, setAside: 0 };
  const told = statusOf(inspection({ registries: () => [registryView("zk", { status }), registryView("b")], kept: () => [report] }), now);
  assert.deepEqual(
    told.registries.map(({ restored, notKept }) => [restored, notKept]),
    [
      [true, "ENOSPC, ***"],
      [false, ""],
    ],
  );
  assert.match(statusText(told, now), /\n {2}not kept for a restart: ENOSPC, \*\*\*\n/);
});

test("status can be asked for with GET as well, and as a page", async (t) => {
  const { get, call } = await apiRig(t, { services: { files: [httpService("orders", ["10.0.0.1"])] } });
  const posted = await call("Status", {});
  assert.deepEqual([posted.version, posted.complete, posted.registries[0].services], ["1.2.3", true, 1]);
  const path = `/tributary.admin.v1.AdminService/Status?encoding=json&message=${encodeURIComponent("{}")}`;
  assert.equal(((await (await get(path)).json()) as { stateDigest: string }).stateDigest, posted.stateDigest);
  assert.match(await (await get("/debug/status")).text(), /^Tributary 1\.2\.3/);
  const { registries } = (await (await get("/debug/status?format=json")).json()) as { registries: { id: string }[] };
  assert.equal(registries[0]?.id, "files");
});

test("a defect of ours is told in the log, and to the client no more than that there is one", async (t) => {
  const told: unknown[] = [];
  const log = { ...silentLogger, error: (fields: object) => told.push(fields) };
  const failing = {
    snapshot: () => {
      throw new Error("of a test");
    },
  };
  const { call } = await apiRig(t, { services: { files: [httpService("a", ["10.0.0.1"])] }, inspection: failing, log });
  assert.deepEqual(await call("Dump", {}), { code: "internal", message: "internal error" });
  assert.deepEqual(
    told.map((fields) => [(fields as { err: Error }).err.message, (fields as { method: string }).method]),
    [["of a test", "Dump"]],
  );
  assert.equal((await call("Why", { host: "" })).code, "invalid_argument");
  assert.equal(told.length, 1);
});

test("istioctl's pages tell names and versions, and who is connected", async (t) => {
  const { pipeline } = await apiRig(t, { services: { local: [httpService("shop", ["10.0.0.1"])] } });
  const seen = { ...inspection(), snapshot: () => pipeline.store.current() };
  const page = (name: string) => JSON.parse(istioctlPage(seen, name) ?? "null");
  assert.deepEqual(page("list"), ["list", "configz", "registryz", "statusz", "syncz"]);
  const [entry] = page("configz");
  assert.deepEqual([entry.kind, entry.metadata.namespace, typeof entry.metadata.resourceVersion], ["ServiceEntry", "tributary", "string"]);
  assert.deepEqual(page("syncz"), []);
  assert.equal(page("toString"), null);
});
