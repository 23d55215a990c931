import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readTree } from "../../../src/registries/file/file-tree.ts";
import { KnownFiles } from "../../../src/registries/file/known-files.ts";

/** One file, and a clock in the test's hand. */
async function withFile(body: (place: Place) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-known-"));
  try {
    await body(new Place(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

class Place {
  readonly folder: string;
  readonly path: string;
  readonly files = new KnownFiles("auto", 1_000);

  constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, "a.yaml");
  }

  write(...names: string[]): Promise<void> {
    return writeFile(this.path, names.length > 0 ? `services: [${names.map((name) => `{ name: ${name} }`).join(", ")}]\n` : "");
  }

  async look(now: number, all = false) {
    return this.files.look(await readTree(this.folder), now, all);
  }

  names(): string {
    const items = [...this.files.contents()].flatMap(({ items }) => items.map(({ item }) => item));
    return items.map((item) => (item.kind === "service" ? item.service.key.name : "")).join(" ");
  }
}

test("a file that is written in place is read once it stayed the same", async () => {
  await withFile(async (place) => {
    await place.write("one");
    await place.look(0, true);
    await place.write("one", "two");
    assert.deepEqual(await place.look(100), { changed: false, problems: [], again: 50 });
    await place.write("one", "two", "three");
    assert.equal((await place.look(150)).changed, false, "it changed once more");
    assert.equal((await place.look(199)).changed, false, "not for long enough");
    assert.equal(place.names(), "one");
    assert.equal((await place.look(200)).changed, true);
    assert.equal(place.names(), "one two three");
    assert.deepEqual(await place.look(300), { changed: false, problems: [], again: undefined });
  });
});

test("a file that is replaced as a whole is read at once", async () => {
  await withFile(async (place) => {
    await place.write("one");
    await place.look(0, true);
    await writeFile(join(place.folder, ".draft"), "services: [{ name: two }]");
    await rename(join(place.folder, ".draft"), place.path);
    assert.equal((await place.look(1)).changed, true);
    assert.equal(place.names(), "two");
  });
});

test("a file that changes while it is read is read again", async () => {
  await withFile(async (place) => {
    await place.write("one");
    const before = await readTree(place.folder);
    await place.write("one", "two");
    const look = await place.files.look(before, 0, true);
    assert.deepEqual(look, { changed: false, problems: [], again: 50 });
    assert.match(place.files.unknown ?? "", /a.yaml: is being written/);
    await place.look(1);
    await place.look(51);
    assert.equal(place.names(), "one two");
    assert.equal(place.files.unknown, undefined);
  });
});

for (const [what, act, seenAt] of [
  ["emptied", (place: Place) => place.write(), 150],
  ["deleted", (place: Place) => rm(place.path), 100],
] as const) {
  test(`a file that is ${what} counts as such when it is seen twice`, async () => {
    await withFile(async (place) => {
      await place.write("one");
      await place.look(0, true);
      await act(place);
      await place.look(100);
      const first = await place.look(150);
      assert.deepEqual([first.changed, place.names()], [false, "one"]);
      const second = await place.look(seenAt + 999);
      assert.deepEqual([second.changed, place.names()], [false, "one"]);
      await place.look(seenAt + 1_000);
      assert.equal(place.names(), "");
    });
  });
}

test("a file that comes back before the second look starts its doubt anew", async () => {
  await withFile(async (place) => {
    await place.write("one");
    await place.look(0, true);
    await rm(place.path);
    await place.look(100);
    await place.write("one");
    await place.look(200);
    await place.look(300);
    await rm(place.path);
    await place.look(1_200);
    assert.equal(place.names(), "one");
  });
});
