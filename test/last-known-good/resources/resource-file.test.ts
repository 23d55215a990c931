import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { ResourceFile } from "../../../src/last-known-good/resources/resource-file.ts";
import type { KeptResource } from "../../../src/last-known-good/resources/resource-records.ts";
import { Slices } from "../../../src/last-known-good/slices.ts";
import { type Logger, silentLogger } from "../../../src/log/logger.ts";
import { FaultyDisk } from "../../support/faulty-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function rig(t: TestContext) {
  const folder = tempFolder(t).path;
  const disk = new FaultyDisk();
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (_, message) => warnings.push(message) };
  const file = new ResourceFile(folder, disk, log);
  const write = (resources: readonly KeptResource[], settings = "s1") => {
    const work = file.write(settings, resources);
    for (let next = work.next(); ; next = work.next()) if (next.done) return next.value;
  };
  const read = async (settings = "s1") => [...(await file.read(settings, new Slices())).values()];
  return { path: join(folder, "resources"), file, disk, warnings, write, read };
}

function resource(n: number, length = 100): KeptResource {
  const framed = new Uint8Array(length).fill(n);
  const version = String(n).padStart(24, "0");
  return {
    name: `tributary/ö${n}.example`,
    version,
    framed,
    body: framed.subarray(10),
    inputs: `digest ${n}`,
    vip: n % 2 ? "241.0.0.1" : "",
  };
}

const resources = (count: number, length?: number) => Array.from({ length: count }, (_, n) => resource(n, length));

test("what was written is read again, byte by byte, and a body lies in its framed bytes", async (t) => {
  const { write, read } = rig(t);
  const written = resources(50, 5_000);
  assert.equal(write(written), true);
  const found = await read();
  assert.deepEqual(found, written);
  assert.equal(found[0]?.body.buffer, found[0]?.framed.buffer);
  write([resource(1)]);
  assert.deepEqual(await read(), [resource(1)], "written anew as a whole");
});

test("without a file, or with one of other settings, there is nothing, without a word", async (t) => {
  const { write, read, warnings } = rig(t);
  assert.deepEqual(await read(), []);
  write(resources(3), "s1");
  assert.deepEqual(await read("s2"), []);
  assert.deepEqual(warnings, []);
});

test("wherever a file is cut or damaged, what is read of it was written so", async (t) => {
  const { path, write, read } = rig(t);
  const written = resources(40, 5_000);
  write(written);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 1_237) {
    writeFileSync(path, whole.subarray(0, at));
    const cut = await read();
    assert.deepEqual(cut, written.slice(0, cut.length), `cut at ${at}`);
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 0x40;
    writeFileSync(path, damaged);
    const found = await read();
    assert.ok(found.length < written.length, `damage at ${at} is seen`);
    assert.deepEqual(found, written.slice(0, found.length), `damaged at ${at}`);
  }
});

test("a disk that fails costs nothing but a word, told once, and the file stays as it was", async (t) => {
  const { path, disk, write, read, warnings } = rig(t);
  write(resources(2));
  disk.room = 60_000;
  assert.equal(write(resources(40, 5_000)), false);
  disk.room = undefined;
  disk.broken = "EROFS";
  assert.equal(write(resources(3)), false);
  assert.deepEqual(await read(), resources(2));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /cannot be kept/);
  disk.broken = undefined;
  assert.equal(write(resources(3)), true);
  assert.equal(existsSync(`${path}.new`), false);
  assert.deepEqual(await read(), resources(3));
});

test("a write that ends early leaves the file as it was, and nothing beside it", async (t) => {
  const { path, file, write, read } = rig(t);
  write(resources(2));
  const work = file.write("s1", resources(40, 5_000));
  for (let frames = 0; frames < 2; frames++) assert.equal(work.next().done, false);
  assert.equal(existsSync(`${path}.new`), true);
  work.return(false);
  assert.equal(existsSync(`${path}.new`), false);
  assert.deepEqual(await read(), resources(2));
});

test("in a folder that is not ours, nothing is read or written", async (t) => {
  const { path, disk, write, read } = rig(t);
  write(resources(2));
  const theirs = new ResourceFile(dirname(path), disk, silentLogger, () => false);
  assert.equal((await theirs.read("s1", new Slices())).size, 0);
  assert.deepEqual([...theirs.write("s1", resources(3))], []);
  assert.deepEqual(await read(), resources(2));
});
