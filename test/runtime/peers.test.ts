/** A replica that starts with nothing, and takes what it cannot read from another one. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Inspection } from "../../src/admin/api/inspection.ts";
import { ApiServer } from "../../src/admin/api-server.ts";
import { loadConfig } from "../../src/config/load.ts";
import { peerAddresses } from "../../src/last-known-good/peers/peer-addresses.ts";
import { type Logger, silentLogger } from "../../src/log/logger.ts";
import { configOptions } from "../../src/runtime/config-options.ts";
import { openLastKnownGood } from "../../src/runtime/open-last-known-good.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { startRegistries } from "../../src/runtime/started-registries.ts";
import { fakeViews } from "../support/admin-views.ts";
import { httpService } from "../support/api-rig.ts";
import { authority, certificate, certificateFile, tlsSettings } from "../support/certificates.ts";
import { tempFolder } from "../support/temp-folder.ts";

const replica = { ...tlsSettings, certificate: certificateFile("replica.pem"), key: certificateFile("replica.key") };
const hosts = (pipeline: Pipeline) =>
  Array.from(pipeline.store.current().table("networking.istio.io/ServiceEntry").entries(), ({ name, version }) => `${name} ${version}`);
const complete = (pipeline: Pipeline) => new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));

interface Replica {
  readonly services?: readonly object[];
  readonly peers?: readonly number[];
  readonly log?: Logger;
  readonly state?: string;
  readonly peerTimeout?: string;
}

/** Of registry `a`, whose file is missing unless services are given. */
async function start(t: TestContext, { services, peers = [], log = silentLogger, state, peerTimeout = "5s" }: Replica) {
  const folder = tempFolder(t);
  const write = (list: readonly object[]) => folder.write("a.json", JSON.stringify({ services: list }));
  if (services !== undefined) write(services);
  const text = JSON.stringify({
    registries: [{ id: "a", type: "file", path: "./a.json", poll: "20ms", confirm: "10ms" }],
    admin: { tls: replica },
    lastKnownGood: { folder: state ?? "./state", peers: peers.map((port) => `127.0.0.1:${port}`), peerTimeout },
  });
  const { config } = loadConfig(folder.write("tributary.yaml", text), configOptions);
  const pipeline = new Pipeline(config, log, startRegistries(config, log, await openLastKnownGood(config, log, "1.0.0")));
  t.after(() => pipeline.stop());
  return { pipeline, write, state: join(folder.path, "state") };
}

/** Its admin port. */
async function open(t: TestContext, pipeline: Pipeline, tls: typeof replica | undefined = replica): Promise<number> {
  const transferable = (registry: string) => pipeline.transferable(registry);
  const settings = { address: "127.0.0.1", port: 0, tls };
  const server = new ApiServer({ settings, transferable, inspection: { views: fakeViews() } as Inspection, log: silentLogger });
  t.after(() => server.close());
  return (await server.listen()).port;
}

/** Something else that listens where a peer should. */
async function impostor(t: TestContext, listener: RequestListener, name: "replica" | "server" = "replica"): Promise<number> {
  const server = createServer({ ...certificate(name), ca: authority, requestCert: true }, listener);
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function until(t: TestContext, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = setInterval(() => holds() && resolve(clearInterval(look)), 5);
    t.after(() => clearInterval(look));
  });
}

const three = ["orders", "carts", "items"].map((name, at) => httpService(name, [`10.0.0.${at + 1}`]));

test("with the registry down and nothing kept, a peer's state is served, marked so, kept, and replaced by the registry's own", async (t) => {
  const first = await start(t, { services: three });
  await complete(first.pipeline);
  const port = await open(t, first.pipeline);
  const lines: object[] = [];
  const second = await start(t, { peers: [port], log: { ...silentLogger, info: (fields) => lines.push(fields) } });
  await complete(second.pipeline);
  assert.deepEqual(hosts(second.pipeline), hosts(first.pipeline));
  const [report] = second.pipeline.catalog.reports();
  const { phase, synced, restored, restoredFrom, reason } = report?.status ?? {};
  assert.deepEqual([phase, synced, restored, restoredFrom?.peer], ["stale", false, true, `127.0.0.1:${port}`]);
  assert.ok(Math.abs((restoredFrom?.asOf ?? 0) - Date.now()) < 60_000);
  assert.match(reason ?? "", /what peer 127\.0\.0\.1:\d+ knew of it at .* is served|a\.json/);
  assert.deepEqual(
    report?.protection.holds.map(({ why }) => why),
    ["restart"],
  );
  assert.equal((lines[0] as { peer?: string }).peer, `127.0.0.1:${port}`);
  assert.equal(second.pipeline.transferable("a")?.asOf, restoredFrom?.asOf, "told on with its own age");

  await until(t, () => second.pipeline.kept?.reports()[0]?.counts.rewrites === 1);
  await second.pipeline.stop();
  const third = await start(t, { state: second.state });
  await complete(third.pipeline);
  assert.deepEqual(hosts(third.pipeline), hosts(first.pipeline), "kept for a restart without any peer");

  third.write(three.slice(0, 2));
  await until(t, () => third.pipeline.supervisor.status("a")?.synced === true);
  const status = third.pipeline.supervisor.status("a");
  assert.deepEqual([status?.phase, status?.restored, status?.restoredFrom], ["live", undefined, undefined]);
  assert.equal(third.pipeline.catalog.reports()[0]?.protection.heldItems, 1, "what the registry lacks waits for the hold");
});

test("the newest peer wins; those that lie, hang, are broken or are strangers cost only themselves", async (t) => {
  const old = await start(t, { services: three.slice(0, 1) });
  await complete(old.pipeline);
  const fresh = await start(t, { services: three });
  await complete(fresh.pipeline);
  const realAge = { "tributary-age-ms": "0", "tributary-registry-type": "file" };
  const journal = readFileSync(join(fresh.state, "a.journal"));
  const answering =
    (body: Buffer): RequestListener =>
    (_request, response) => {
      response.writeHead(200, realAge);
      response.end(body);
    };
  const oldPort = await open(t, Object.assign(Object.create(old.pipeline), { transferable: aged(old.pipeline, 5_000) }));
  const freshPort = await open(t, Object.assign(Object.create(fresh.pipeline), { transferable: aged(fresh.pipeline, 1_000) }));
  const peers = [
    oldPort,
    freshPort,
    await impostor(t, answering(Buffer.from("noise"))),
    await impostor(t, answering(journal.subarray(0, journal.length - 3))),
    await impostor(t, answering(Buffer.concat([journal.subarray(0, 60), Buffer.from("x"), journal.subarray(61)]))),
    await impostor(t, (_request, response) => response.writeHead(200, { ...realAge, "tributary-age-ms": "-1" }).end()),
    await impostor(t, (_request, response) => response.writeHead(500).end()),
    await impostor(t, answering(journal), "server"),
    await impostor(t, () => {}),
    1,
  ];
  const told: string[] = [];
  const log = { ...silentLogger, warn: (fields: { peer?: string }, message: string) => told.push(`${fields.peer} ${message}`) };
  const second = await start(t, { peers, log: log as Logger });
  await complete(second.pipeline);
  assert.equal(second.pipeline.supervisor.status("a")?.restoredFrom?.peer, `127.0.0.1:${freshPort}`);
  assert.deepEqual(hosts(second.pipeline), hosts(fresh.pipeline));
  const why = (at: number) => told.filter((line) => line.startsWith(`127.0.0.1:${peers[at]} `)).join();
  assert.match(why(2), /no journal of Tributary/);
  assert.match(why(3), /not complete/);
  assert.match(why(4), /damaged|not complete/);
  assert.match(why(5), /how old/);
  assert.match(why(6), /status 500/);
  assert.match(why(7), /not in admin\.tls\.allow/);
  assert.match(why(8), /timeout|aborted/);
  assert.match(why(9), /ECONNREFUSED/);
});

function aged(pipeline: Pipeline, ms: number): Pipeline["transferable"] {
  return (registry) => {
    const state = pipeline.transferable(registry);
    return state && { ...state, asOf: Date.now() - ms };
  };
}

test("a peer that has nothing, and one that never answers, do not keep the registry from being heard", async (t) => {
  const empty = await start(t, {});
  const peers = [await open(t, empty.pipeline), await impostor(t, () => {})];
  const second = await start(t, { services: three, peers, peerTimeout: "200ms" });
  await complete(second.pipeline);
  assert.equal(hosts(second.pipeline).length, 3);
  assert.equal(second.pipeline.supervisor.status("a")?.phase, "live");
});

test("without TLS nothing is told to other replicas", async (t) => {
  const first = await start(t, { services: three });
  await complete(first.pipeline);
  const transferable = (registry: string) => first.pipeline.transferable(registry);
  const settings = { address: "127.0.0.1", port: 0 };
  const server = new ApiServer({ settings, transferable, inspection: { views: fakeViews() } as Inspection, log: silentLogger });
  t.after(() => server.close());
  const { port } = await server.listen();
  const answer = await fetch(`http://127.0.0.1:${port}/peer/last-known-good/a`);
  assert.deepEqual([answer.status, await answer.text()], [403, "without admin.tls, nothing is told to other replicas\n"]);
});

test("a headless Service's name is all its addresses but the own one; a name that cannot be resolved is told", async () => {
  const told: string[] = [];
  const lookup = async (host: string) => {
    if (host === "gone.example") throw new Error("ENOTFOUND");
    return host.includes(":")
      ? [{ address: host, family: 6 }]
      : ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((address) => ({ address, family: 4 }));
  };
  const own = { port: 16021, addresses: new Set(["10.0.0.2"]) };
  const found = await peerAddresses(
    ["tributary.istio-system.svc:16021", "[::1]:9", "gone.example:1"],
    own,
    (peer) => told.push(peer),
    lookup,
  );
  assert.deepEqual(
    found.map(({ address, port }) => `${address} ${port}`),
    ["10.0.0.1 16021", "10.0.0.3 16021", "::1 9"],
  );
  assert.deepEqual(told, ["gone.example:1"]);
});

test("peers without TLS or without a folder are refused by the configuration", (t) => {
  const folder = tempFolder(t);
  const text = JSON.stringify({ registries: [{ id: "a", type: "file", path: "./a" }], lastKnownGood: { peers: ["b:1"] } });
  assert.throws(
    () => loadConfig(folder.write("tributary.yaml", text), configOptions),
    /peers needs admin\.tls[\s\S]*peers needs lastKnownGood\.folder/,
  );
  rmSync(folder.path, { recursive: true });
});
