/** Operators' commands against a running server, over its death. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { freePorts } from "../../e2e/servers/free-port.ts";
import { run, start } from "../../support/command-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const services = (...names: string[]) =>
  JSON.stringify({
    services: names.map((name) => ({ name, instances: [{ address: "10.0.0.1", ports: [{ number: 80, protocol: "http" }] }] })),
  });

async function configured(t: TestContext) {
  const folder = tempFolder(t);
  const [xds = 0, metrics = 0, admin = 0, ...nowhere] = await freePorts(5);
  folder.write("services.json", services("orders", "shop"));
  const config = {
    registries: [{ id: "files", type: "file", path: "./services.json", confirm: "10ms", poll: "50ms" }],
    xds: { port: xds, initialSync: { istiodPorts: [nowhere[0]], istiodHttpPorts: [nowhere[1]] } },
    metrics: { port: metrics },
    admin: { port: admin },
    readBack: { enabled: false },
    lastKnownGood: { folder: "./state" },
  };
  const write = (more: object = {}) => folder.write("tributary.yaml", JSON.stringify({ ...config, ...more }));
  return { folder, write, metrics, ask: (...args: string[]) => run(t, ...args, "--address", `127.0.0.1:${admin}`) };
}

// biome-ignore lint/suspicious/noExplicitAny: JSON as it comes
async function readiness(port: number): Promise<any> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return ((await answer.json()) as { registries: unknown[] }).registries[0];
}

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("a freeze by command is loud, survives kill -9, and is taken back; one in the configuration comes and goes by reload", async (t) => {
  const { folder, write, metrics, ask } = await configured(t);
  const file = write();
  const first = start(t, "serve", "--config", file);
  await first.printed(/"msg":"serving"/);
  await until(async () => (await readiness(metrics)).phase === "live");
  const frozen = await ask("freeze", "files");
  assert.equal(frozen.code, 0);
  assert.match(
    frozen.stdout,
    /^frozen: files, by 127\.0\.0\.1:\d+ on this replica, since .*\nnote: on this replica only; .*\nnote: it survives a restart/,
  );
  assert.match(first.stderr(), /frozen, nothing leaves: registry files/);
  first.child.kill("SIGKILL");
  await first.ended;
  folder.write("services.json", services("orders"));

  const second = start(t, "serve", "--config", file);
  await second.printed(/"msg":"serving"/);
  await until(async () => (await readiness(metrics)).phase === "live");
  assert.match((await readiness(metrics)).frozen, /^by 127/);
  const exposed = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  assert.match(exposed, /tributary_registry_frozen\{registry="files"\} 1\n/);
  assert.match(exposed, /tributary_registry_service_states\{registry="files",state="protected"\} 2\n/);
  assert.match((await ask("unfreeze", "files")).stdout, /^nothing is frozen\n/);

  write({ freeze: true });
  await second.printed(/"sections":\["freeze"\]/);
  assert.equal((await readiness(metrics)).frozen, "by `freeze` in the configuration");
  write();
  await until(async () => (await readiness(metrics)).frozen === undefined);
  assert.equal((await readiness(metrics)).phase, "live", "its worker went on");

  assert.match((await ask("release", "files")).stdout, /^released 1 item of registry files\nnote: released on this replica only/);
  const unknown = await ask("pause", "flies");
  assert.match(unknown.stderr, /^tributary: there is no registry "flies"; did you mean "files"\?\n$/);
  assert.equal(unknown.code, 1);
});

test("the commands have help with examples, and say what they reach", async (t) => {
  for (const command of ["release", "freeze", "pause"]) {
    const { stdout } = await run(t, command, "--help");
    assert.match(stdout, /one replica only[\s\S]*configuration[\s\S]*Examples:\n +tributary /, command);
  }
});
