import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { suite, type TestContext, test } from "node:test";
import { silentLogger } from "../../../src/log/logger.ts";
import { Credentials } from "../../../src/registries/nacos/access/credentials.ts";
import { nacosKind } from "../../../src/registries/nacos/kind.ts";
import type { NacosService } from "../../../src/registries/nacos/nacos-service.ts";
import type { Doubt, NamingSource } from "../../../src/registries/nacos/naming-source.ts";
import { openerOf } from "../../../src/registries/nacos/transport.ts";
import { FakeNacos } from "../../support/fake-nacos/server.ts";
import { FakeNacosHttp } from "../../support/fake-nacos-http/server.ts";

const orders = { group: "DEFAULT_GROUP", name: "orders" };
const alive = { ip: "10.0.0.1", port: 80 };
const sick = { ip: "10.0.0.2", port: 80, healthy: false };

interface Opened {
  readonly source: NamingSource;
  readonly changes: NacosService[];
  /** The reason, if it was not established. */
  readonly outcome: Promise<Doubt | undefined>;
}

function open(context: TestContext, port: number, more: Record<string, unknown>): Opened {
  const settings = nacosKind.schema.parse({ servers: `127.0.0.1:${port}`, pollInterval: "100ms", ...more });
  const changes: NacosService[] = [];
  const { promise, resolve } = Promise.withResolvers<Doubt | undefined>();
  const [server] = settings.servers;
  const source = openerOf(settings, new Credentials(settings), () => {}, silentLogger)(undefined)(server!, "public", {
    established: () => resolve(undefined),
    changed: (service) => changes.push(service),
    appeared: () => {},
    unreadable: () => {},
    contact: () => {},
    surpassed: () => {},
    lost: resolve,
  });
  context.after(() => source.close());
  return { source, changes, outcome: promise };
}

async function fakeNacos(context: TestContext): Promise<FakeNacos> {
  const fake = await FakeNacos.start();
  context.after(() => fake.shutDown());
  return fake;
}

async function fakeHttp(context: TestContext): Promise<FakeNacosHttp> {
  const fake = await new FakeNacosHttp().start();
  context.after(() => fake.stop());
  return fake;
}

/** A port where connections are accepted and nothing is said. */
async function mutePort(context: TestContext): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

function health({ instances }: NacosService): boolean[] {
  return instances.map(({ healthy }) => healthy);
}

suite("by itself a source reads", { concurrency: true }, () => {
  test("over gRPC where a server answers there", async (context) => {
    const fake = await fakeNacos(context);
    fake.services.put(orders.name, [alive]);
    const { source, outcome } = open(context, fake.port, { grpcPortOffset: fake.grpcPortOffset });
    assert.equal(await outcome, undefined);
    assert.equal((await source.query(orders)).instances.length, 1);
    assert.deepEqual(fake.httpRequests, []);
  });

  for (const [what, portOf] of [
    ["closed", async () => 1],
    ["blocked", mutePort],
  ] as const) {
    test(`over HTTP where the gRPC port is ${what}`, async (context) => {
      const fake = await fakeHttp(context);
      fake.state.put("public", orders.group, orders.name, [alive]);
      const { source, outcome } = open(context, fake.port, {
        grpcPortOffset: (await portOf(context)) - fake.port,
        connectTimeout: "500ms",
      });
      assert.equal(await outcome, undefined);
      assert.equal((await source.subscribe(orders)).instances.length, 1);
    });
  }

  test("nowhere where neither is spoken, and says what was said over each", async (context) => {
    const fake = await fakeHttp(context);
    fake.fault = () => ({ status: 404, body: "not here" });
    const { outcome } = open(context, fake.port, { grpcPortOffset: 1 - fake.port });
    const doubt = await outcome;
    assert.equal(doubt?.ending, "refused");
    assert.match(
      doubt?.reason ?? "",
      /^over gRPC: .*ECONNREFUSED.*; over HTTP: it grants no HTTP API: \/v1\/ns\/instance\/list: 404 not here; \/v3\/client\/ns\/instance\/list: 404 not here$/,
    );
  });
});

suite("where so few are healthy that the server calls all healthy", { concurrency: true }, () => {
  test("it is believed, or asked for the truth, as is wanted", async (context) => {
    const fake = await fakeHttp(context);
    fake.state.put("public", orders.group, orders.name, [alive, sick], 0.6);
    const believing = open(context, fake.port, { transport: "http" });
    await believing.outcome;
    const believed = await believing.source.query(orders);
    assert.deepEqual([believed.reachProtectionThreshold, health(believed)], [true, [true, true]]);
    const ignoring = open(context, fake.port, { transport: "http", protectionThreshold: "ignore" });
    await ignoring.outcome;
    const truth = await ignoring.source.subscribe(orders);
    assert.deepEqual([truth.reachProtectionThreshold, health(truth)], [true, [true, false]]);
    fake.state.put("public", orders.group, orders.name, [{ ...alive, healthy: false }, sick], 0.6);
    while (ignoring.changes.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(health(ignoring.changes[0]!), [false, false]);
  });

  test("a change that comes while the truth about an older one is asked for counts", async (context) => {
    const fake = await fakeHttp(context);
    fake.state.put("public", orders.group, orders.name, [alive, sick], 0.6);
    const { source, outcome, changes } = open(context, fake.port, { transport: "http", protectionThreshold: "ignore" });
    await outcome;
    await source.subscribe(orders);
    fake.fault = (_, parameters) => {
      if (parameters.get("healthyOnly") === "true") {
        // All are well again before the answer is told.
        fake.state.put("public", orders.group, orders.name, [alive], 0.6);
        fake.push("public", orders.group, orders.name);
      }
      return undefined;
    };
    fake.state.put("public", orders.group, orders.name, [alive, sick, { ...sick, port: 81 }], 0.6);
    while (changes.at(-1)?.instances.length !== 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(changes.at(-1)?.reachProtectionThreshold, undefined);
  });
});
