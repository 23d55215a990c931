/** What was added at run time, in its file. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { Additions } from "../../src/additions/addition.ts";
import { AdditionsFile } from "../../src/additions/additions-file.ts";
import { additionsText, readAdditions } from "../../src/additions/additions-text.ts";
import { encodeState, readState, StateFile } from "../../src/last-known-good/state-file.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { FaultyDisk } from "../support/faulty-disk.ts";
import { tempFolder } from "../support/temp-folder.ts";

const additions: Additions = {
  registries: [{ id: "zk", written: { id: "zk", type: "zookeeper", servers: "${env:ZK}" }, by: "127.0.0.1:5", at: 7 }],
  clusters: [{ id: "b", written: { id: "b" }, kubeconfig: "apiVersion: v1\n", by: "ann", at: 8 }],
  defaultCluster: "b",
};

function rig(t: TestContext) {
  const folder = tempFolder(t);
  const disk = new FaultyDisk();
  const told: string[] = [];
  const log = { ...silentLogger, error: (fields: { code?: string }, message: string) => told.push(`${fields.code}: ${message}`) };
  return { folder, disk, told, open: () => new AdditionsFile(new StateFile(folder.path, "additions", log as typeof silentLogger, disk)) };
}

test("what was written is read again, and nothing is there at first", async (t) => {
  const { open, folder, disk } = rig(t);
  const first = open();
  assert.deepEqual(await first.read(), { registries: [], clusters: [] });
  await first.write(additions);
  assert.deepEqual(await open().read(), additions);
  assert.deepEqual(readdirSync(folder.path), ["additions"]);
  assert.match(readFileSync(join(folder.path, "additions"), "utf8"), /^tributary-additions 1 [0-9a-f]{8}\n\{/);
  assert.equal(disk.acts.at(-1), "rename additions.new additions");
});

test("a write that fails leaves the old content", async (t) => {
  const { open, disk } = rig(t);
  const file = open();
  await file.write(additions);
  disk.room = 10;
  await assert.rejects(file.write({ registries: [], clusters: [] }), /ENOSPC/);
  assert.deepEqual(await open().read(), additions);
});

test("a damaged file is set aside and said; one of a newer release is left alone and never overwritten", async (t) => {
  const { open, folder, told } = rig(t);
  const good = encodeState("additions", additionsText(additions)).toString();
  folder.write("additions", good.replace('"at":7', '"at":9'));
  assert.deepEqual(await open().read(), { registries: [], clusters: [] });
  assert.match(told[0] ?? "", /^STATE_UNUSABLE: .*additions cannot be used: it is damaged; it is kept as .*additions\.bad-/);
  folder.write("additions", good.replace(" 1 ", " 2 "));
  const newer = open();
  assert.deepEqual(await newer.read(), { registries: [], clusters: [] });
  assert.match(told[1] ?? "", /^STATE_NEWER: .*format version 2/);
  await assert.rejects(newer.write(additions), /newer release/);
  assert.equal(readFileSync(join(folder.path, "additions"), "utf8"), good.replace(" 1 ", " 2 "));
});

test("a file that the disk does not give now is left where it is, and not written over", async (t) => {
  const { open, disk, folder, told } = rig(t);
  await open().write(additions);
  disk.read = () => Promise.reject(new Error("EMFILE: out of a test"));
  const file = open();
  assert.deepEqual(await file.read(), { registries: [], clusters: [] });
  assert.match(told[0] ?? "", /^STATE_UNUSABLE: .*additions could not be read at the start: EMFILE.*kept as it is/);
  await assert.rejects(file.write({ registries: [], clusters: [] }), /could not be read/);
  assert.deepEqual(readdirSync(folder.path), ["additions"]);
});

test("no content makes reading it throw", () => {
  const bytes = encodeState("additions", additionsText(additions));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(bytes.length), (noise, at) => {
      const mixed = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
      const reading = readState("additions", mixed);
      assert.ok(noise.length === 0 || reading.is !== "read" || mixed.equals(bytes));
      readState("additions", Buffer.from(noise));
      readAdditions(Buffer.from(noise).toString());
    }),
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(readAdditions(additionsText(value as unknown as Additions)), undefined);
    }),
  );
});
