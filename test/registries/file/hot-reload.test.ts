import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "../../../src/log/logger.ts";
import { fileKind } from "../../../src/registries/file/kind.ts";
import { Supervisor } from "../../../src/registries/supervision/supervisor.ts";
import { RecordingFeed } from "../../support/recording-feed.ts";

/** One folder, and a registry that watches a path in it. The poll is too slow to help. */
class Place {
  readonly folder: string;
  readonly feed = new RecordingFeed();
  readonly #supervisor = new Supervisor(this.feed, silentLogger);

  constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, ...services: string[]): Promise<void> {
    return writeFile(this.path(name), text(...services));
  }

  /** Beside it, then in its place. */
  async replace(name: string, ...services: string[]): Promise<void> {
    await this.write(".draft", ...services);
    await rename(this.path(".draft"), this.path(name));
  }

  async watch(name = ".", settings: object = {}): Promise<void> {
    this.run(name, settings);
    await this.feed.until("live", () => this.feed.last?.phase === "live");
  }

  run(name = ".", settings: object = {}): void {
    const parsed = fileKind.schema.parse({ path: this.path(name), poll: "60s", confirm: "100ms", ...settings });
    this.#supervisor.add({ id: "file", session: fileKind.session, settings: parsed });
  }

  /** Another worker takes over, and lists. */
  async another(): Promise<void> {
    const mark = this.feed.mark();
    const settings = fileKind.schema.parse({ path: this.folder, poll: "60s", confirm: "100ms" });
    this.#supervisor.replace({ id: "file", session: fileKind.session, settings });
    await this.feed.until("another listing", () => this.feed.since(mark).some(({ type }) => type === "listed"));
  }

  /** Waits until exactly these services are known. */
  gives(...names: string[]): Promise<void> {
    const wanted = names.sort().join(" ");
    return this.feed.until(`services ${wanted}`, () => this.names() === wanted);
  }

  names(): string {
    return [...this.feed.items.keys()]
      .map((id) => id.replace(/^service\/\|\|(.*)\|$/, "$1"))
      .sort()
      .join(" ");
  }

  problem(code: string): Promise<void> {
    return this.feed.until(code, () => this.feed.problems(code).length > 0);
  }

  async end(): Promise<void> {
    await this.#supervisor.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function text(...services: string[]): string {
  return services.length === 0 ? "" : `services:\n${services.map((name) => `  - name: ${name}\n`).join("")}`;
}

function reload(name: string, body: (place: Place) => Promise<void>): void {
  test(name, async () => {
    const place = new Place(await mkdtemp(join(tmpdir(), "tributary-reload-")));
    try {
      await body(place);
    } finally {
      await place.end();
    }
  });
}

reload("a file that is replaced by a rename is read again", async (place) => {
  await place.write("a.yaml", "one");
  await place.watch();
  await place.replace("a.yaml", "one", "two");
  await place.gives("one", "two");
});

reload("a file that is written in place is read again", async (place) => {
  await place.write("a.yaml", "one");
  await place.watch();
  await place.write("a.yaml", "one", "two");
  await place.gives("one", "two");
});

reload("a single file is followed through a rename", async (place) => {
  await place.write("a.yaml", "one");
  await place.write("b.yaml", "other");
  await place.watch("a.yaml");
  await place.gives("one");
  await place.replace("a.yaml", "two");
  await place.gives("two");
});

reload("a file that an editor moves away and writes anew never loses its services", async (place) => {
  await place.write("a.yaml", "one");
  await place.watch();
  const mark = place.feed.mark();
  await rename(place.path("a.yaml"), place.path("a.yaml~"));
  await place.write("a.yaml", "one", "two");
  await place.gives("one", "two");
  for (const event of place.feed.since(mark)) if (event.type === "listed") assert.equal(event.ids.size, 2);
});

reload("a file that is written slowly is not read half", async (place) => {
  await place.write("a.yaml", "one", "two", "three");
  await place.watch();
  const mark = place.feed.mark();
  await writeFile(place.path("a.yaml"), text("one"));
  await appendFile(place.path("a.yaml"), "  - name: two\n");
  await appendFile(place.path("a.yaml"), "  - name: three\n  - name: four\n");
  await place.gives("one", "two", "three", "four");
  assert.deepEqual(
    place.feed.since(mark).flatMap((event) => (event.type === "listed" ? [event.ids.size] : [])),
    [4],
  );
});

reload("the link of a mounted ConfigMap is followed", async (place) => {
  const mount = async (version: string, ...services: string[]) => {
    await mkdir(place.path(`..${version}`));
    await place.write(`..${version}/services.yaml`, ...services);
    await symlink(`..${version}`, place.path("..data_tmp"));
    await rename(place.path("..data_tmp"), place.path("..data"));
  };
  await mount("v1", "one");
  await symlink("..data/services.yaml", place.path("services.yaml"));
  await place.watch();
  await place.gives("one");
  await mount("v2", "one", "two");
  await rm(place.path("..v1"), { recursive: true });
  await place.gives("one", "two");
  await mount("v3", "three");
  await place.gives("three");
});

reload("a new file and a new folder are found", async (place) => {
  await place.write("a.yaml", "one");
  await place.watch();
  await mkdir(place.path("sub"));
  await place.write("sub/b.json");
  await writeFile(place.path("sub/b.json"), '{ "services": [{ "name": "two" }] }');
  await place.gives("one", "two");
  await place.replace("sub/c.yml", "three");
  await place.gives("one", "two", "three");
});

reload("hidden and foreign files are left alone", async (place) => {
  await place.write("a.yaml", "one");
  await place.write(".b.yaml", "hidden");
  await place.write("c.txt", "foreign");
  await place.watch();
  await place.gives("one");
});

reload("a broken file keeps its last good content and says where it is broken", async (place) => {
  await place.write("a.yaml", "one");
  await place.write("b.yaml", "two");
  await place.watch();
  await writeFile(place.path("a.yaml"), "services:\n  - name: [\n");
  await place.problem("bad-file");
  assert.equal(place.feed.problems("bad-file")[0]?.where, `${place.path("a.yaml")}:3:1`);
  assert.match(place.feed.problems("bad-file")[0]?.message ?? "", /last good content is kept/);
  await place.write("b.yaml", "three");
  await place.gives("one", "three");
  assert.equal(place.feed.last?.phase, "live");
  await place.write("a.yaml", "four");
  await place.gives("three", "four");
});

reload("a file that is broken from the start leaves the registry unsynced until it is mended", async (place) => {
  await place.write("a.yaml", "one");
  await writeFile(place.path("b.yaml"), "services: {");
  place.run();
  await place.gives("one");
  await place.feed.until("the reason", () => place.feed.last?.reason?.includes("b.yaml") ?? false);
  assert.equal(place.feed.last?.synced, false);
  await place.write("b.yaml", "two");
  await place.gives("one", "two");
  await place.feed.until("synced", () => place.feed.last?.synced === true);
});

reload("a deleted file is gone, once it stays away", async (place) => {
  await place.write("a.yaml", "one");
  await place.write("b.yaml", "two");
  await place.watch();
  await unlink(place.path("b.yaml"));
  await place.gives("one");
});

reload("an emptied file is empty, once it stays so", async (place) => {
  await place.write("a.yaml", "one");
  await place.write("b.yaml", "two");
  await place.watch();
  await truncate(place.path("b.yaml"), 0);
  await place.gives("one");
  assert.equal(place.feed.last?.phase, "live");
});

reload("a file that is emptied for a moment loses nothing", async (place) => {
  await place.write("a.yaml", "one");
  await place.watch(".", { confirm: "30s" });
  const mark = place.feed.mark();
  await truncate(place.path("a.yaml"), 0);
  await place.write("b.yaml", "two");
  await place.gives("one", "two");
  await place.write("a.yaml", "one", "three");
  await place.gives("one", "two", "three");
  for (const event of place.feed.since(mark)) if (event.type === "listed") assert.ok(event.ids.has("service/||one|"));
});

reload("a vanished folder is unreachable, not empty", async (place) => {
  await mkdir(place.path("mount"));
  await place.write("mount/a.yaml", "one");
  await place.watch("mount");
  await rename(place.path("mount"), place.path("away"));
  await place.feed.until("stale", () => place.feed.last?.phase === "stale");
  assert.match(place.feed.last?.reason ?? "", /cannot be read: it does not exist/);
  assert.equal(place.names(), "one");
  await mkdir(place.path("mount"));
  await place.write("mount/a.yaml", "one", "two");
  await place.gives("one", "two");
  await place.feed.until("live", () => place.feed.last?.phase === "live");
});

reload("a file that is too large is a problem, and what it held stays", async (place) => {
  await place.write("a.yaml", "one");
  await place.watch();
  await writeFile(place.path("a.yaml"), `${text("one", "two")}#${"x".repeat(3 * 1024 * 1024)}\n`);
  await place.problem("bad-file");
  assert.match(place.feed.problems("bad-file")[0]?.message ?? "", /larger than 2 MiB/);
  assert.equal(place.names(), "one");
});

reload("a path that comes later is found", async (place) => {
  place.run("later/deep");
  await place.feed.until("the reason", () => place.feed.last?.reason !== undefined);
  await mkdir(place.path("later/deep"), { recursive: true });
  await place.replace("later/deep/a.yaml", "one");
  await place.gives("one");
});

reload("a service in two files is named with both places, and the first in path order is used", async (place) => {
  await writeFile(place.path("a.yaml"), "services: [{ name: s, version: a }, { name: t, group: first }]\n");
  await writeFile(
    place.path("b.yaml"),
    "services:\n  - { name: s, version: a, instances: [{ address: 1.1.1.1, ports: [{ number: 1 }] }] }\n",
  );
  await place.watch();
  await place.problem("duplicate-item");
  const [problem] = place.feed.problems("duplicate-item");
  assert.equal(problem?.where, `${place.path("b.yaml")}:2:5`);
  assert.ok(problem?.message.includes(`${place.path("a.yaml")}:1:12`));
  assert.deepEqual(place.feed.service({ name: "s", version: "a" })?.instances, []);
});

reload("a service that becomes illegible keeps its last state", async (place) => {
  await writeFile(place.path("a.yaml"), "services: [{ name: s, ports: [{ number: 80 }] }, { name: t }]\n");
  await place.watch();
  await writeFile(place.path("a.yaml"), "services: [{ name: s, ports: [{ number: x }] }, { name: u }]\n");
  await place.gives("s", "u");
  assert.equal(place.feed.service({ name: "s" })?.ports?.[0]?.number, 80);
});

reload("a service that becomes illegible keeps its last state for the next worker too", async (place) => {
  await writeFile(place.path("a.yaml"), "services: [{ name: s, ports: [{ number: 80 }] }, { name: t }]\n");
  await place.watch();
  await writeFile(
    place.path("a.yaml"),
    "services: [{ name: s, ports: [{ number: x }] }, { name: never, ports: [{ number: x }] }, { name: u }]\n",
  );
  await place.gives("s", "u");
  await place.another();
  await place.gives("s", "u");
  assert.equal(place.feed.service({ name: "s" })?.ports?.[0]?.number, 80);
});

reload("without notifications polling finds the change", async (place) => {
  await mkdir(place.path("real"));
  await place.write("real/a.yaml", "one");
  await symlink(place.path("real"), place.path("link"));
  await mkdir(place.path("watched"));
  // A link to a file elsewhere: nothing happens in the watched folder when its target changes.
  await symlink(place.path("real/a.yaml"), place.path("watched/a.yaml"));
  await place.watch("watched", { poll: "50ms" });
  await place.replace("real/a.yaml", "one", "two");
  await place.gives("one", "two");
});
