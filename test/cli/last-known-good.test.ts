/** What survives the death of the process itself. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { freePorts } from "../e2e/servers/free-port.ts";
import { run, start } from "../support/command-line.ts";
import { tempFolder } from "../support/temp-folder.ts";

const orders = JSON.stringify({
  services: ["orders", "carts", "items"].map((name, at) => ({
    name,
    instances: [{ address: `10.0.0.${at + 1}`, ports: [{ number: 20880, protocol: "tcp" }] }],
  })),
});

async function configured(t: TestContext, state = "./state") {
  const folder = tempFolder(t);
  const [xds = 0, metrics = 0, admin = 0, ...nowhere] = await freePorts(5);
  folder.write("services.json", orders);
  const config = folder.write(
    "tributary.yaml",
    JSON.stringify({
      registries: [{ id: "files", type: "file", path: "./services.json", confirm: "10ms", poll: "50ms" }],
      xds: { port: xds, initialSync: { istiodPorts: [nowhere[0]], istiodHttpPorts: [nowhere[1]] } },
      metrics: { port: metrics },
      admin: { port: admin },
      readBack: { enabled: false },
      lastKnownGood: { folder: state },
    }),
  );
  return { folder, config, xds, admin };
}

/** Versions of everything a client gets, by name. */
async function watched(t: TestContext, port: number): Promise<Record<string, string>> {
  const watcher = start(t, "watch", "--address", `127.0.0.1:${port}`, "-o", "json");
  await watcher.printed(/(?:"event":"added"[\s\S]*){3}/);
  watcher.child.kill("SIGKILL");
  const lines = watcher.stdout().trim().split("\n");
  const events = lines.map((line) => JSON.parse(line) as { event: string; name?: string; version?: string });
  return Object.fromEntries(events.filter(({ event }) => event === "added").map(({ name = "", ...more }) => [name, JSON.stringify(more)]));
}

test("after kill -9 and with the registry gone, a client gets the same versions", async (t) => {
  const { folder, config, xds } = await configured(t);
  const first = start(t, "serve", "--config", config);
  await first.printed(/"msg":"serving"/);
  const before = await watched(t, xds);
  assert.equal(Object.keys(before).length, 3);
  first.child.kill("SIGKILL");
  await first.ended;
  rmSync(join(folder.path, "services.json"));

  const second = start(t, "serve", "--config", config);
  await second.printed(/"msg":"serving"/);
  assert.deepEqual(await watched(t, xds), before);
});

test("a registry that was added at run time is there after kill -9, and gone after it was removed", async (t) => {
  const { folder, config, admin } = await configured(t);
  const more = folder.write("more.yaml", "registries:\n- { id: more, type: file, path: ./more.json }\n");
  folder.write("more.json", orders.replaceAll("orders", "others"));
  const registries = async (...args: string[]) => await run(t, "registries", ...args, "--address", `127.0.0.1:${admin}`);
  const first = start(t, "serve", "--config", config);
  await first.printed(/"msg":"serving"/);
  const added = await registries("add", more);
  assert.deepEqual([added.code, added.stderr], [0, ""]);
  assert.match(added.stdout, /^more added\n {2}in effect on this replica only.*\n {2}it survives a restart of this replica\n$/);
  first.child.kill("SIGKILL");
  await first.ended;

  const second = start(t, "serve", "--config", config);
  await second.printed(/"msg":"serving"/);
  const listed = await registries("list");
  assert.match(listed.stdout, /\nfiles +file +.*the configuration, .*tributary\.yaml:1:\d+\nmore +file +.*added by 127\.0\.0\.1:\d+ at /);
  assert.match((await registries("remove", "more")).stdout, /^more removed\n/);
  assert.equal(readdirSync(join(folder.path, "state")).includes("more.journal"), false);
  assert.match((await registries("remove", "more")).stderr, /no registry more was added at run time/);
});

test("a second server on the same folder is refused; check and dump leave a running server's folder alone", async (t) => {
  const { folder, config, xds } = await configured(t);
  const first = start(t, "serve", "--config", config);
  await first.printed(/"msg":"serving"/);
  await watched(t, xds);
  const journal = join(folder.path, "state", "files.journal");
  const before = { names: readdirSync(join(folder.path, "state")), bytes: readFileSync(journal), at: statSync(journal).mtimeMs };
  const [second, checked, dumped] = await Promise.all([
    run(t, "serve", "--config", config),
    run(t, "check", "--config", config),
    run(t, "dump", "--config", config),
  ]);
  assert.match(second.stderr, /in use by another process \[STATE_IN_USE\] \(.*belongs to one process/);
  assert.equal(second.code, 1);
  assert.deepEqual([checked.code, dumped.code], [0, 0]);
  const after = { names: readdirSync(join(folder.path, "state")), bytes: readFileSync(journal), at: statSync(journal).mtimeMs };
  assert.deepEqual(after, before);
});

test("a folder that cannot be used is reported by check, and a server serves all the same", async (t) => {
  const { config } = await configured(t, "./services.json/state");
  const checked = await run(t, "check", "--config", config);
  assert.match(checked.stdout, /warning +lastKnownGood\.folder: .*\[STATE_UNWRITABLE\]/);
  assert.equal(checked.code, 0);
  const server = start(t, "serve", "--config", config);
  await server.printed(/STATE_UNWRITABLE[\s\S]*"msg":"serving"/);
});
