import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { freePorts } from "../e2e/servers/free-port.ts";
import { run, start } from "../support/command-line.ts";
import { tempFolder } from "../support/temp-folder.ts";

const orders = (...addresses: string[]) =>
  JSON.stringify({
    services: [
      { name: "orders", ports: [{ name: "http", number: 80, protocol: "http" }], instances: addresses.map((address) => ({ address })) },
    ],
  });

interface Settings {
  services?: string;
  xdsPort?: number;
  metricsPort?: number;
  adminPort?: number;
  extra?: object;
}

async function configured(t: TestContext, { services = orders("10.0.0.1"), xdsPort, metricsPort, adminPort, extra = {} }: Settings = {}) {
  const folder = tempFolder(t);
  const [xds, metrics, admin] = await freePorts(3);
  const ports = { xds: xdsPort ?? xds, metrics: metricsPort ?? metrics, admin: adminPort ?? admin };
  const source = folder.write("services.json", services);
  const config = folder.write(
    "tributary.yaml",
    JSON.stringify({
      registries: [{ id: "files", type: "file", path: "./services.json" }],
      xds: { port: ports.xds },
      metrics: { port: ports.metrics },
      admin: { port: ports.admin },
      ...extra,
    }),
  );
  return { folder, source, config, ports };
}

test("check accepts a good configuration, says what it would serve, and exits with 0", async (t) => {
  const { config } = await configured(t);
  const { code, stdout } = await run(t, "check", "--config", config);
  assert.match(stdout, /files: 1 services, 1 endpoints/);
  assert.match(stdout, /0 errors, 0 warnings; 1 ServiceEntry would be served/);
  assert.equal(code, 0);
});

test("check names every problem of the file with its position, the nearest key, and exits with 1", async (t) => {
  const { config } = await configured(t, { extra: { xdss: {}, mesh: { namespce: "x" } } });
  const { code, stderr } = await run(t, "check", "--config", config);
  assert.match(stderr, /tributary\.yaml:1:\d+: unknown key xdss; did you mean "xds"\?/);
  assert.match(stderr, /unknown key mesh\.namespce; did you mean "namespace"\?/);
  assert.equal(code, 1);
});

test("check warns of an instance that cannot be served, and is content with the rest", async (t) => {
  const { config } = await configured(t, { services: orders("10.0.0.1", "0.0.0.0") });
  const { code, stdout } = await run(t, "check", "--config", config);
  assert.match(stdout, /warning .*0\.0\.0\.0/);
  assert.match(stdout, /0 errors, 1 warning; 1 ServiceEntry would/);
  assert.equal(code, 0);
});

test("check names every one of many problems, in the order of the file", async (t) => {
  const bad = Array.from({ length: 1_500 }, (_, at) => `no address ${at}`);
  const { config } = await configured(t, { services: orders("10.0.0.1", ...bad) });
  const { code, stdout } = await run(t, "check", "--config", config);
  assert.deepEqual(
    Array.from(stdout.matchAll(/^warning .*"(no address \d+)"/gm), ([, address]) => address),
    bad,
  );
  assert.match(stdout, /0 errors, 1500 warnings;/);
  assert.equal(code, 0);
});

test("check fails on a registry that gives no listing in time, and says why", async (t) => {
  const { config, folder } = await configured(t);
  const text = JSON.stringify({ registries: [{ id: "files", type: "file", path: "./missing" }] });
  const { code, stdout, stderr } = await run(t, "check", "--config", folder.write("other.yaml", text), "--timeout", "4");
  assert.match(stdout, /error +files: .*missing cannot be read: it does not exist/);
  assert.match(stderr, /waiting +files: .*missing.*--timeout, 4 s/);
  assert.equal(code, 1);
  assert.notEqual(config, "");
});

test("dump prints what would be served, as YAML documents or as a JSON list", async (t) => {
  const { config } = await configured(t);
  const yaml = await run(t, "dump", "--config", config);
  const [document] = parseAllDocuments(yaml.stdout);
  assert.equal(document?.toJS().metadata.name, "orders.file");
  const json = await run(t, "dump", "--config", config, "-o", "json");
  const { items } = JSON.parse(json.stdout);
  assert.deepEqual(items[0].spec.hosts, ["orders.file"]);
  assert.equal(json.code, 0);
});

test("dump into a reader that leaves ends without a word", async (t) => {
  const { config } = await configured(t, { services: orders(...Array.from({ length: 200 }, (_, n) => `10.0.1.${n + 1}`)) });
  const command = start(t, "dump", "--config", config);
  command.child.stdout?.destroy();
  assert.equal(await command.ended, 0);
  assert.equal(command.stderr(), "");
});

test("an unknown flag or command names the nearest one and exits with 2", async (t) => {
  const flag = await run(t, "serve", "--confg", "x");
  assert.match(flag.stderr, /unknown option '--confg'[\s\S]*--config/);
  assert.equal(flag.code, 2);
  const command = await run(t, "srve");
  assert.match(command.stderr, /serve/);
  assert.equal(command.code, 2);
});

test("every command's help has an example", async (t) => {
  for (const command of ["serve", "check", "dump", "watch"]) {
    const { stdout, code } = await run(t, command, "--help");
    assert.match(stdout, /Examples?:\n +tributary /, command);
    assert.equal(code, 0);
  }
});

test("a change of the file arrives at somebody who watches", async (t) => {
  const { config, folder, ports } = await configured(t);
  const server = start(t, "serve", "--config", config);
  await server.printed(/"msg":"serving"/);
  const watcher = start(t, "watch", "--address", `127.0.0.1:${ports.xds}`, "-o", "json");
  await watcher.printed(/"event":"added".*"orders\.file"/);
  folder.write("services.json", orders("10.0.0.1", "10.0.0.99"));
  await watcher.printed(/"event":"changed".*10\.0\.0\.99/);
  folder.write("services.json", JSON.stringify({ services: [] }));
  await watcher.printed(/"event":"removed".*"tributary\/orders\.file"/);
});

test("a bad edit of the configuration is reported and changes nothing; a good one is taken over", async (t) => {
  const { config, folder, ports } = await configured(t);
  const server = start(t, "serve", "--config", config);
  await server.printed(/"msg":"serving"/);
  const base = { xds: { port: ports.xds }, metrics: { port: ports.metrics }, admin: { port: ports.admin } };
  folder.write("tributary.yaml", JSON.stringify({ ...base, registries: [{ id: "files", type: "fille", path: "./services.json" }] }));
  await server.printed(/unknown registry type .*the running one stays/);
  folder.write("more.json", JSON.stringify({ services: [{ name: "carts", ports: [{ number: 80, protocol: "http" }], instances: [] }] }));
  const registries = [
    { id: "files", type: "file", path: "./services.json" },
    { id: "more", type: "file", path: "./more.json" },
  ];
  folder.write("tributary.yaml", JSON.stringify({ ...base, registries }));
  const watcher = start(t, "watch", "--address", `127.0.0.1:${ports.xds}`, "-o", "json");
  await watcher.printed(/carts\.file/);
  await watcher.printed(/orders\.file/);
});

test("Ctrl-C ends a server that has a client, with exit code 0 and in well under a second", async (t) => {
  const { config, ports } = await configured(t);
  const server = start(t, "serve", "--config", config);
  await server.printed(/"msg":"serving"/);
  const watcher = start(t, "watch", "--address", `127.0.0.1:${ports.xds}`);
  await watcher.printed(/orders\.file/);
  const begun = performance.now();
  server.child.kill("SIGINT");
  assert.equal(await server.ended, 0);
  assert.ok(performance.now() - begun < 5_000, "the limit is wide because machines are busy; the bench has the figure");
  await watcher.printed(/disconnected/);
});

test("Ctrl-C that arrives twice, from the terminal and from a launcher, is one", async (t) => {
  const { config } = await configured(t);
  const server = start(t, "serve", "--config", config);
  await server.printed(/"msg":"serving"/);
  server.child.kill("SIGINT");
  server.child.kill("SIGTERM");
  server.child.kill("SIGINT");
  assert.equal(await server.ended, 0);
});

test("a taken port is named with the setting that moves it, and nothing is left running", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  for (const [settings, name] of [
    [{ xdsPort: port }, "xds.port"],
    [{ metricsPort: port }, "metrics.port"],
    [{ adminPort: port }, "admin.port"],
  ] as const) {
    const { config } = await configured(t, settings);
    const { code, stderr } = await run(t, "serve", "--config", config);
    assert.match(stderr, new RegExp(`${port}.*\\[BIND_IN_USE\\].*${name}`));
    assert.equal(code, 1);
  }
});

test("an xDS address that is reachable from outside is refused", async (t) => {
  const { config } = await configured(t, { extra: { xds: { address: "0.0.0.0" } } });
  const { code, stderr } = await run(t, "serve", "--config", config);
  assert.match(stderr, /\[BIND_UNSAFE\]/);
  assert.equal(code, 1);
});

test("watch refuses an address without a port", async (t) => {
  for (const address of ["127.0.0.1", "localhost:70000", "::1:16010"]) {
    const { code, stderr } = await run(t, "watch", "--address", address);
    assert.match(stderr, /expected host:port, such as 127\.0\.0\.1:16010/);
    assert.equal(code, 2);
  }
});

test("watch says what to do when no server runs", async (t) => {
  const { code, stderr } = await run(t, "watch", "--address", `127.0.0.1:${(await freePorts(1))[0]}`);
  assert.match(stderr, /\[NOT_RUNNING\].*tributary serve/);
  assert.equal(code, 1);
});
