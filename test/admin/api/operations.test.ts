/** What operators say by the admin API: who may, what is answered, and what is logged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Logger, silentLogger } from "../../../src/log/logger.ts";
import { type ApiRig, apiRig, httpService } from "../../support/api-rig.ts";

const files = { files: [httpService("orders", ["10.0.0.1", "10.0.0.2"]), httpService("shop", ["10.0.0.3"])], more: [] };

function listening(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, log: { ...silentLogger, warn: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`) } };
}

const addresses = ({ pipeline }: ApiRig, host: string) => {
  const entry = pipeline.catalog.get(`service:tributary/${host}`);
  return entry?.kind === "service" ? entry.service.endpoints.map(({ address }) => address) : undefined;
};

test("a freeze keeps what a registry removes until it is taken back, says that it is local, and logs who said it", async (t) => {
  const { log, lines } = listening();
  const rig = await apiRig(t, { services: files, log });
  const { status, json } = await rig.operate("Freeze", { registry: "files" });
  assert.equal(status, 200);
  assert.equal(json.changed, true);
  assert.deepEqual(
    json.standing.map(({ registry }: { registry: string }) => registry),
    ["files"],
  );
  assert.match(json.standing[0].word, /^by 127\.0\.0\.1:\d+ on this replica, since 20/);
  assert.match(
    json.notes.join("\n"),
    /on this replica only; for all, set `frozen: true`[\s\S]*does not survive a restart: no lastKnownGood\.folder/,
  );
  assert.match(lines.join("\n"), /freeze of files, by 127\.0\.0\.1:\d+ .*"by":"127\.0\.0\.1:\d+","registry":"files"/);
  rig.pipeline.catalog.remove("files", "service/||shop|", Date.now());
  assert.deepEqual(addresses(rig, "shop.file"), ["10.0.0.3"]);

  const [registry] = (await rig.call("Status", {})).registries;
  assert.equal(registry.protection.state, "protected");
  assert.equal(registry.protection.holds[0].why, "freeze");
  assert.match(await (await rig.get("/debug/status")).text(), /\n {2}FROZEN by 127\.0\.0\.1:\d+ on this replica/);
  const why = await rig.call("Why", { host: "shop.file" });
  assert.equal(why.explanation.protectionState, "protected");
  assert.match(JSON.stringify(why.explanation.rules), /1 endpoints that files no longer names are kept: by 127/);
  assert.match(await (await rig.get("/debug/why?host=shop.file")).text(), /\n {2}protected\n[\s\S]*1 held: freeze: by 127/);

  const again = await rig.operate("Freeze", { registry: "files" });
  assert.equal(again.json.changed, undefined);
  const all = await rig.operate("Unfreeze", {});
  assert.deepEqual(all.json.standing.length, 1, "the word for one registry stands");
  assert.match(all.json.notes.join("\n"), /it goes on for files: by 127/);
  assert.equal((await rig.operate("Unfreeze", { registry: "files" })).json.standing, undefined);
  assert.equal(addresses(rig, "shop.file"), undefined);
});

test("a freeze in the configuration is not taken back by a word", async (t) => {
  const rig = await apiRig(t, { services: files, config: { freeze: true } });
  const { json } = await rig.operate("Unfreeze", {});
  assert.match(json.notes.join("\n"), /it goes on for files: by `freeze` in the configuration/);
  assert.equal(json.standing.length, 2);
});

test("a pause ends the registry's session, and what is known of it stays; resumed, it is read again", async (t) => {
  const rig = await apiRig(t, { services: files });
  await rig.operate("Pause", { registry: "files" });
  const paused = rig.pipeline.catalog.reports()[0];
  assert.deepEqual([paused?.status.phase, paused?.protection.state], ["stale", "stale"]);
  assert.match(paused?.status.reason ?? "", /^paused by 127/);
  assert.deepEqual(addresses(rig, "shop.file"), ["10.0.0.3"]);
  await rig.operate("Resume", { registry: "files" });
  await new Promise<void>((resolve) => {
    const look = () => (rig.pipeline.catalog.reports()[0]?.status.phase === "live" ? resolve() : setTimeout(look, 5));
    look();
  });
  assert.equal(rig.pipeline.catalog.reports()[0]?.status.restarts, 0);
});

test("a release is for a registry, or for a host by whatever name, and tells what was held", async (t) => {
  const rig = await apiRig(t, { services: files });
  const { catalog } = rig.pipeline;
  const heldAgain = () => {
    catalog.status("files", { phase: "live", since: 0, synced: true, lastContact: 0, epoch: Math.random(), restarts: 0 });
    catalog.remove("files", "service/||shop|", Date.now());
    catalog.remove("files", "service/||orders|", Date.now());
  };
  heldAgain();
  const one = await rig.operate("Release", { target: "tributary/Shop.file." });
  assert.deepEqual([one.json.hosts, one.json.released], [["tributary/shop.file"], 1]);
  assert.deepEqual([addresses(rig, "shop.file"), addresses(rig, "orders.file")?.length], [undefined, 2]);
  assert.deepEqual((await rig.operate("Release", { target: "orders" })).json.released, 1, "the registry's own name");
  assert.equal(addresses(rig, "orders.file"), undefined);
  assert.deepEqual((await rig.operate("Release", { target: "files" })).json.registries, ["files"]);
});

test("what is not known is named with what is nearest; what is missing or too long is refused", async (t) => {
  const rig = await apiRig(t, { services: files });
  const told = async (method: string, body: object) => {
    const { status, json } = await rig.operate(method, body);
    return [status, json.code, json.message];
  };
  assert.deepEqual(await told("Freeze", { registry: "flies" }), [404, "not_found", 'there is no registry "flies"; did you mean "files"?']);
  assert.deepEqual(await told("Release", { target: "ordrs.file" }), [
    404,
    "not_found",
    '"ordrs.file" is no registry and no host; the nearest are tributary/orders.file',
  ]);
  assert.match((await told("Release", { target: "fles" }))[2], /the nearest are files/);
  for (const [method, body] of [
    ["Pause", {}],
    ["Resume", { registry: " " }],
    ["Release", {}],
    ["Freeze", { registry: "x".repeat(2_000) }],
  ] as const) {
    assert.equal((await told(method, body))[1], "invalid_argument", method);
  }
});

test("no GET, no page of another site and no plain form says anything", async (t) => {
  const rig = await apiRig(t, { services: files });
  const query = `?encoding=json&message=${encodeURIComponent("{}")}`;
  assert.equal((await rig.get(`/tributary.admin.v1.OperationsService/Freeze${query}`)).status, 405);
  for (const headers of [
    { origin: "https://evil.example.com" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
  ] as Record<string, string>[]) {
    assert.equal((await rig.operate("Freeze", {}, headers)).status, 403, JSON.stringify(headers));
  }
  assert.equal((await rig.operate("Freeze", {}, { "content-type": "text/plain" })).status, 415);
  assert.equal(rig.pipeline.catalog.reports()[0]?.protection.operator.frozen, undefined);
});
