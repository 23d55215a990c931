import assert from "node:assert/strict";
import { test } from "node:test";
import { diffMethod } from "../../../src/admin/api/diff.ts";
import type { Inspection } from "../../../src/admin/api/inspection.ts";
import type { ObjectChange, StateDiff } from "../../../src/admin/state-diff.ts";
import { diffText } from "../../../src/admin/text/diff-text.ts";
import { apiRig, httpService } from "../../support/api-rig.ts";

const nothing: StateDiff = { sections: [], needsRestart: [], registries: [], objects: { unchanged: 3, changes: [] }, notes: [] };
const request = { config: "registries: []", fileName: "", limit: 0 };
const signal = new AbortController().signal;

const method = (diff: Inspection["diff"]) => diffMethod({ diff } as Inspection);

const change = (name: string, what: ObjectChange["change"], ...fields: string[]): ObjectChange => ({
  type: "networking.istio.io/ServiceEntry",
  name,
  change: what,
  fields: fields.map((field) => ({ field: field as "vip", before: "1", after: "2" })),
});

test("what would change is counted as a whole, and listed up to the limit", async () => {
  const changes = [
    change("a/lost", "lost"),
    change("a/one", "changed", "vip", "ports"),
    change("a/two", "changed", "labels"),
    change("a/new", "added"),
  ];
  const answer = await method(async () => ({ ...nothing, objects: { unchanged: 3, changes } }))({ ...request, limit: 2 }, signal);
  const { lost, added, renamed, vipChanged, portsChanged, otherwiseChanged, unchanged } = answer.counts ?? {};
  assert.deepEqual([lost, added, renamed, vipChanged, portsChanged, otherwiseChanged, unchanged], [1, 1, 0, 1, 1, 1, 3]);
  assert.deepEqual(
    answer.objects.map(({ name }) => name),
    ["a/lost", "a/one"],
  );
  assert.equal(answer.equal, false);
  assert.match(diffText(answer), /^ {2}- a\/lost$/m);
  assert.match(diffText(answer), /not all are listed/);
});

test("one candidate is compared at a time, and the next may come when it is done", async () => {
  let finish = (_: StateDiff) => {};
  const diff = method(() => new Promise((resolve) => (finish = resolve)));
  const first = diff(request, signal);
  await assert.rejects(diff(request, signal), /another candidate is being compared/);
  finish(nothing);
  assert.equal((await first).equal, true);
  const second = diff(request, signal);
  finish(nothing);
  await second;
});

test("a comparison that fails lets the next one in", async () => {
  const diff = method(() => Promise.reject(new Error("broken")));
  await assert.rejects(diff(request, signal), /broken/);
  await assert.rejects(diff(request, signal), /broken/);
});

test("a candidate with errors is told with the positions of all of them, under its own name", async (t) => {
  const { call } = await apiRig(t, { services: { files: [httpService("orders", ["10.0.0.1"])] } });
  const config = "registries:\n  - id: files\n    type: fil\nmesh:\n  labls: []\n";
  const { code, message } = await call("Diff", { config, fileName: "new.yaml" });
  assert.equal(code, "invalid_argument");
  assert.match(message, /^new\.yaml:3:11: .*did you mean "file"\?.*\nnew\.yaml:5:3: unknown key mesh\.labls/);
});

test("no text, too much text and too high a limit are invalid arguments", async (t) => {
  const { call } = await apiRig(t, { services: { files: [] } });
  for (const wrong of [{}, { config: "#".repeat(1024 * 1024 + 1) }, { config: "a: 1", limit: 2_001 }]) {
    assert.equal((await call("Diff", wrong)).code, "invalid_argument");
  }
});
