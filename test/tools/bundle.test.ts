/** The bundle is the program of images: it must need nothing beside itself, and find each of its threads. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { bundle } from "../../tools/bundle.ts";
import { freePorts } from "../e2e/servers/free-port.ts";
import { startProgram } from "../support/command-line.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("the bundle serves, checks, answers its admin API and compares a candidate, far from the sources", async (t) => {
  const folder = tempFolder(t);
  await bundle(join(folder.path, "program"));
  const launcher = join(folder.path, "program/tributary.js");
  const [xds, metrics, admin] = await freePorts(3);
  const settings = { xds: { port: xds }, metrics: { port: metrics }, admin: { port: admin } };
  const registries = [{ id: "files", type: "file", path: "./services.yaml" }];
  folder.write(
    "services.yaml",
    "services: [{ name: orders, instances: [{ address: 10.0.0.1, ports: [{ number: 80, protocol: http }] }] }]",
  );
  const config = folder.write("tributary.yaml", JSON.stringify({ registries, ...settings }));
  const renamed = { ...registries[0], naming: { template: "renamed-{name}.file" } };
  const candidate = folder.write("candidate.yaml", JSON.stringify({ registries: [renamed], ...settings }));
  const run = async (...args: string[]) => {
    const command = startProgram(t, launcher, ...args);
    return { code: await command.ended, text: command.stdout() + command.stderr() };
  };

  const library = await import(pathToFileURL(join(folder.path, "program/register.js")).href);
  assert.throws(() => library.register(), /POD_NAMESPACE/);
  assert.match((await run("--version")).text, /^\d+\.\d+\.\d+/);
  assert.match((await run("check", "--config", config)).text, /1 ServiceEntry would be served/);
  const server = startProgram(t, launcher, "serve", "--config", config);
  await server.printed(/"msg":"serving"/);
  const watcher = startProgram(t, launcher, "watch", "--address", `127.0.0.1:${xds}`);
  await watcher.printed(/orders\.file/);
  const asked = ["--address", `127.0.0.1:${admin}`];
  assert.match((await run("why", "orders.file", ...asked)).text, /files/);
  assert.match((await run("diff", "--config", candidate, ...asked)).text, /renamed-orders\.file/);
  server.child.kill("SIGTERM");
  assert.equal(await server.ended, 0);
});
