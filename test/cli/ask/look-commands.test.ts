import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import type { Inspection } from "../../../src/admin/api/inspection.ts";
import { ApiServer } from "../../../src/admin/api-server.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { freePorts } from "../../e2e/servers/free-port.ts";
import { fakeViews } from "../../support/admin-views.ts";
import { type CertificateName, certificateFile, tlsSettings } from "../../support/certificates.ts";
import { run, start } from "../../support/command-line.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const orders = { name: "orders", ports: [{ name: "http", number: 80, protocol: "http" }], instances: [{ address: "10.0.0.1" }] };

async function serving(t: TestContext) {
  const folder = tempFolder(t);
  const [xds, metrics, admin] = await freePorts(3);
  folder.write("services.json", JSON.stringify({ services: [orders] }));
  const config = {
    registries: [{ id: "files", type: "file", path: "./services.json" }],
    xds: { port: xds },
    metrics: { port: metrics },
    admin: { port: admin },
  };
  const file = folder.write("tributary.yaml", JSON.stringify(config));
  const server = start(t, "serve", "--config", file);
  await server.printed(/"msg":"serving"/);
  const watcher = start(t, "watch", "--address", `127.0.0.1:${xds}`);
  await watcher.printed(/orders\.file/);
  const ask = (...args: string[]) => run(t, ...args, "--address", `127.0.0.1:${admin}`);
  return { folder, config, file, admin, server, ask };
}

test("status, why and clients tell what a running server does, as text, JSON and YAML", async (t) => {
  const { ask, admin, server } = await serving(t);
  assert.match(server.stderr(), new RegExp(`"admin":\\{"address":"127\\.0\\.0\\.1","port":${admin}\\}`));
  const status = await ask("status");
  assert.match(status.stdout, new RegExp(`the view is complete[\\s\\S]*admin +127\\.0\\.0\\.1:${admin}[\\s\\S]*files +file +live`));
  const why = await ask("why", "orders");
  assert.match(why.stdout, /^tributary\/orders\.file\n\n {2}Served, as files gives it\./);
  assert.match(why.stdout, /tributary-watch\S* .*has it/);
  const clients = await ask("clients", "-o", "json");
  assert.equal(JSON.parse(clients.stdout).clients[0].types.length, 3);
  assert.equal(parse((await ask("status", "-o", "yaml")).stdout).registries[0].id, "files");
  assert.deepEqual([status.code, why.code, clients.code], [0, 0, 0]);
});

test("why of an unknown host names the nearest and exits with 1", async (t) => {
  const { ask } = await serving(t);
  const { code, stderr } = await ask("why", "ordesr.file");
  assert.match(stderr, /^tributary: no registry gives "ordesr\.file"; the nearest are tributary\/orders\.file\n$/);
  assert.equal(code, 1);
});

test("dump without a configuration prints what the running server serves, as with it", async (t) => {
  const { ask, file } = await serving(t);
  const served = await ask("dump");
  const [document] = parseAllDocuments(served.stdout);
  assert.deepEqual(document?.toJS().spec.hosts, ["orders.file"]);
  assert.deepEqual(Object.keys(document?.toJS()), ["apiVersion", "kind", "metadata", "spec"]);
  const [one, other] = [await ask("dump", "-o", "json"), await run(t, "dump", "--config", file, "-o", "json")];
  assert.deepEqual(JSON.parse(one.stdout), JSON.parse(other.stdout));
});

test("diff exits with 0, 1 and 2 as diff does, and tells positions of errors", async (t) => {
  const { ask, config, file, folder } = await serving(t);
  const same = await ask("diff", "--config", file);
  assert.deepEqual([same.code, same.stdout], [0, "no difference\n"]);
  const other = folder.write("other.yaml", JSON.stringify({ ...config, mesh: { exportTo: ["."] } }));
  const changed = await ask("diff", "--config", other);
  assert.match(changed.stdout, /~ mesh\n[\s\S]*~ tributary\/orders\.file\n +exportTo +\* → \.\n[\s\S]*1 changed, 0 unchanged/);
  assert.equal(changed.code, 1);
  const bad = folder.write("bad.yaml", "registries:\n  - id: x\n    tipe: file\n");
  const wrong = await ask("diff", "--config", bad);
  assert.match(wrong.stderr, /tributary: \S*bad\.yaml:2:5: registries\[0\]\.type: is missing/);
  assert.equal(wrong.code, 2);
  assert.equal((await ask("diff", "--config", `${file}.missing`)).code, 2);
});

test("every command says what to do when no server runs there, or another one", async (t) => {
  const [port] = await freePorts(1);
  const file = tempFolder(t).write("tributary.yaml", "registries: []");
  for (const [args, expected] of [
    [["status"], 1],
    [["why", "x"], 1],
    [["clients"], 1],
    [["dump"], 1],
    [["diff", "--config", file], 2],
  ] as const) {
    const { code, stderr } = await run(t, ...args, "--address", `127.0.0.1:${port}`);
    assert.match(stderr, /^tributary: no server answers at 127\.0\.0\.1:\d+: .*\[NOT_RUNNING\].*tributary serve.*--address/, args[0]);
    assert.equal(code, expected, args[0]);
  }
  const other = createServer((_request, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
  t.after(() => other.close());
  await once(other, "listening");
  const { stderr } = await run(t, "status", "--address", `127.0.0.1:${(other.address() as AddressInfo).port}`);
  assert.match(stderr, /does not answer as Tributary's admin API.*\[NOT_RUNNING\]/);
});

test("a server that fails to answer is not taken for another program", async (t) => {
  const failing = {
    clients: () => {
      throw new Error("of a test");
    },
  } as unknown as Inspection;
  const api = new ApiServer({ settings: { address: "127.0.0.1", port: 0 }, inspection: failing, log: silentLogger });
  t.after(() => api.close());
  const { port } = await api.listen();
  const { code, stderr } = await run(t, "clients", "--address", `127.0.0.1:${port}`);
  assert.equal(code, 1);
  assert.match(stderr, /the server at 127\.0\.0\.1:\d+ failed to answer; its log says more/);
});

test("every command that asks has help with an example, and refuses a bad address", async (t) => {
  for (const command of ["status", "why", "clients", "diff", "dump"]) {
    const { stdout } = await run(t, command, "--help");
    assert.match(stdout, /Examples?:\n +tributary /, command);
    assert.match(stdout, /127\.0\.0\.1:16021/, command);
  }
  const { code, stderr } = await run(t, "status", "--address", "http://127.0.0.1:16021");
  assert.match(stderr, /expected host:port, such as 127\.0\.0\.1:16021/);
  assert.equal(code, 2);
});

test("a server with client certificates is asked with one of the list, and tells others no", async (t) => {
  const { port } = await tlsServer(t);
  const certifiedAs = (name: CertificateName) => [
    "--tls-ca",
    certificateFile("authority.pem"),
    "--tls-cert",
    certificateFile(`${name}.pem`),
    "--tls-key",
    certificateFile(`${name}.key`),
  ];
  const ask = (...args: string[]) => run(t, "status", "--address", `localhost:${port}`, ...args);
  assert.match((await ask(...certifiedAs("client"))).stdout, /^Tributary 1\.2\.3/);
  assert.match((await ask(...certifiedAs("client-other"))).stderr, /refuses this client.*admin\.tls\.allow/);
  assert.match(
    (await ask("--tls-ca", "/nowhere.pem")).stderr,
    /^tributary: \/nowhere\.pem: cannot be read: it does not exist \[TLS_UNUSABLE\]/,
  );
  assert.equal((await ask()).code, 1);
});

async function tlsServer(t: TestContext) {
  const views = fakeViews();
  const inspection = { views, version: "1.2.3", startedAt: 0, ports: () => [], clients: () => [], redact: String } as unknown as Inspection;
  const server = new ApiServer({ settings: { address: "127.0.0.1", port: 0, tls: tlsSettings }, inspection, log: silentLogger });
  t.after(() => server.close());
  return await server.listen();
}
