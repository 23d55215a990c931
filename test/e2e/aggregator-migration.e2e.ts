/**
 * A migration from ZooKeeper to Nacos with real servers, step by step by editing the configuration of a running process,
 * while providers come and go. What a sidecar of a real istiod is told is recorded from the first answer to the last: no
 * service is ever without endpoints, none has one twice, and what both registries name never leaves.
 */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { DeltaClient } from "../support/delta-client.ts";
import { DubboInNacos, namedAsInZooKeeper } from "./aggregator/dubbo-in-nacos.ts";
import type { EndpointRecord } from "./aggregator/endpoint-record.ts";
import { recordDelta, recordSidecar } from "./aggregator/recorders.ts";
import { NacosRoute } from "./nacos/nacos-route.ts";
import { DubboWriter, type Provider } from "./servers/dubbo-writer.ts";
import { eventually } from "./servers/eventually.ts";
import { Istiod } from "./servers/istiod.ts";
import { Nacos } from "./servers/nacos.ts";
import { SidecarClient } from "./servers/sidecar-client.ts";
import { Tributary } from "./servers/tributary.ts";
import { ZooKeeper } from "./servers/zookeeper.ts";

const orders = "com.acme.order.OrderFacade";
const payments = "com.acme.payment.PaymentFacade";
/** It is called otherwise in Nacos. */
const stock = "com.acme.stock.StockFacade";
const stockInNacos = "com.acme.inventory.StockFacade";

const at = (...addresses: readonly string[]) => addresses.map((address) => `10.50.${address}:20880`);
const inZooKeeper = { [orders]: at("1.1", "1.2", "1.3"), [payments]: at("2.1", "2.2"), [stock]: at("3.1", "3.2") };
const inNacos = { [orders]: at("1.2", "1.3", "1.4"), [payments]: at("2.3"), [stockInNacos]: at("3.2", "3.3") };
/** Comes and goes in both registries all the time. */
const visitor = at("1.99");

const fromRegistry = (id: string) => ({ [`registry.tributary.dev/${id}`]: "true" });
/** A user's rule about where endpoints come from. */
const bySource = {
  host: "com.acme.stock.stockfacade.dubbo",
  subsets: [
    { name: "old", labels: fromRegistry("zookeeper") },
    { name: "new", labels: fromRegistry("nacos") },
    { name: "both", labels: { "tributary.dev/registry": "nacos.zookeeper" } },
  ],
  trafficPolicy: {
    loadBalancer: { localityLbSetting: { enabled: true, failoverPriority: ["registry.tributary.dev/zookeeper=true"] } },
    outlierDetection: { consecutive5xxErrors: 5 },
  },
};

const hostOf = (name: string) => `${name.toLowerCase()}.dubbo`;
const sameAs = [{ host: hostOf(stock), services: [{ host: hostOf(stockInNacos), registry: "nacos" }] }];
/** A rule for everything of the migration. */
const rule = (policy: object) => ({ sameAs, rules: [{ hosts: ["com.acme.*"], ...policy }] });

suite("a migration from ZooKeeper to Nacos", { concurrency: false }, () => {
  let zookeeper: ZooKeeper;
  let nacos: Nacos;
  let route: NacosRoute;
  let old: DubboWriter;
  /** By interface: each in a connection of its own, so that one can leave. */
  const moved = new Map<string, DubboInNacos>();
  let tributary: Tributary;
  let istiod: Istiod;
  let sidecar: SidecarClient;
  let delta: DeltaClient;
  let records: readonly EndpointRecord[];
  let visits: Visits;
  /** Beside the visitor. */
  let ordersInNacos = inNacos[orders];

  /** A short hold: what leaves behind a restart of a worker is to be seen leaving. */
  const protection = { hold: "3s" };
  const registries = () => ({
    zookeeper: { id: "zookeeper", type: "zookeeper", servers: zookeeper.address, protection },
    nacos: { id: "nacos", type: "nacos", transport: "grpc", listInterval: "1s", naming: namedAsInZooKeeper, protection, ...route.settings },
  });

  before(async () => {
    [zookeeper, nacos] = await Promise.all([ZooKeeper.start(), Nacos.start()]);
    route = await NacosRoute.start(nacos);
    old = await DubboWriter.connect(zookeeper.address, 300_000);
    for (const [name, endpoints] of Object.entries(inZooKeeper)) {
      for (const endpoint of endpoints) await old.register(provider(name, endpoint));
    }
    for (const [name, endpoints] of Object.entries(inNacos)) await register(name, endpoints);
    istiod = await Istiod.prepare();
    istiod.putDestinationRule("tributary", "stock", bySource);
    tributary = await Tributary.start({ registries: [registries().zookeeper], istiod: istiod.ports, mesh: { sourceLabels: true } });
    await istiod.start(tributary.address);
    sidecar = new SidecarClient(`127.0.0.1:${istiod.ports.grpc}`);
    delta = new DeltaClient({ target: tributary.address });
    records = [recordSidecar(sidecar), recordDelta(delta)];
    await serves(orders, inZooKeeper[orders]);
    for (const record of records) {
      for (const [name, endpoints] of Object.entries(inZooKeeper)) record.keep(serviceIn(record, name), inBoth(name, endpoints));
    }
    visits = new Visits([visitZooKeeper, visitNacos]);
  });

  after(async () => {
    await visits?.stop();
    delta?.stop();
    sidecar?.close();
    await istiod?.stop();
    await tributary?.stop();
    for (const writer of moved.values()) writer.close();
    await old?.close();
    await route?.stop();
    await Promise.all([nacos?.stop(), zookeeper?.stop()]);
  });

  test("before it, ZooKeeper serves", async () => {
    for (const [name, endpoints] of Object.entries(inZooKeeper)) await serves(name, endpoints);
    visits.start();
  });

  test("shadow: Nacos is read and compared, and ZooKeeper serves alone", async () => {
    const { zookeeper: from, nacos: to } = registries();
    await tributary.reload({ registries: [from, to], merging: rule({ policy: "shadow", registries: ["zookeeper", "nacos"] }) });
    await eventually("the differences are counted", async () => (await shadows("missing")) > 0 && (await shadows("extra")) > 0);
    for (const [name, endpoints] of Object.entries(inZooKeeper)) await serves(name, endpoints);
    const why = await tributary.why(hostOf(payments));
    assert.match(why, /nacos is only compared: it lacks 2 of the endpoints, and alone names 1/);
    // Two of three services move as a whole; the third one's providers are others in Nacos, and stay so.
    ordersInNacos = at("1.1", "1.2", "1.3", "1.4");
    await register(stockInNacos, at("3.1", "3.2", "3.3"));
    await eventually("Nacos lacks only what is not to move", async () => (await shadows("missing")) === 2, { within: 20_000 });
  });

  test("weighted, 90 to 10 and then 10 to 90: the traffic is shared as it is said", async () => {
    const { zookeeper: from, nacos: to } = registries();
    for (const [zk, na] of [
      [90, 10],
      [10, 90],
    ] as const) {
      await tributary.reload({ registries: [from, to], merging: rule({ policy: "weighted", shares: { zookeeper: zk, nacos: na } }) });
      const shares = { "10.50.2.1:20880": zk / 2, "10.50.2.2:20880": zk / 2, "10.50.2.3:20880": na };
      await until(`payments are shared ${zk} to ${na}`, payments, (record, service) => isDeepStrictEqual(record.shares(service), shares));
      await serves(stock, at("3.1", "3.2", "3.3"));
    }
  });

  test("where endpoints come from can be used in subsets and in the order of failover", async () => {
    const subset = (name: string, endpoints: readonly string[]) =>
      sidecar.until(`subset ${name}`, (client) =>
        isDeepStrictEqual(client.endpoints.get(`outbound|20880|${name}|${hostOf(stock)}`), endpoints),
      );
    await subset("old", at("3.1", "3.2"));
    await subset("new", at("3.1", "3.2", "3.3"));
    await subset("both", at("3.1", "3.2"));
    const assigned = sidecar.assignments.get(`outbound|20880||${hostOf(stock)}`) ?? [];
    assert.deepEqual(
      assigned.map(({ priority }) => priority),
      [0, 0, 1],
    );
  });

  test("priority: Nacos serves alone, ZooKeeper stands by, and helps out at once where Nacos has nothing", async () => {
    const { zookeeper: from, nacos: to } = registries();
    const policy = { policy: "priority", registries: ["nacos", "zookeeper"], returnAfter: "2s" };
    await tributary.reload({ registries: [from, to], merging: rule(policy) });
    await serves(payments, at("2.3"));
    await serves(stock, at("3.1", "3.2", "3.3"));
    moved.get(payments)!.close();
    moved.delete(payments);
    await serves(payments, at("2.1", "2.2"));
    assert.match(await tributary.why(hostOf(payments)), /priority: the endpoints are those of zookeeper; nacos stand by/);
    await register(payments, at("2.3"));
    await serves(payments, at("2.3"));
  });

  test("a reload while Nacos is out of reach takes nothing", async () => {
    const { zookeeper: from, nacos: to } = registries();
    await visits.stop();
    await route.set("black-hole");
    await tributary.reload({
      registries: [from, { ...to, listInterval: "2s" }],
      merging: rule({ policy: "priority", registries: ["nacos"] }),
    });
    await sleep(3_000);
    await route.set("pass");
    await eventually("Nacos is read again", () => tributary.isIn("live", "nacos"));
    visits.start();
  });

  test("ZooKeeper is removed: what Nacos has is served, and nothing else changes", async () => {
    const { nacos: to } = registries();
    await visits.stop();
    await withoutVisitor();
    const held = records.map((record) => Object.fromEntries([...record.services].map((service) => [service, record.endpoints(service)])));
    await tributary.reload({ registries: [to], merging: rule({ policy: "priority", registries: ["nacos"] }) });
    await zookeeper.stop();
    await tributary.reload({ registries: [to], merging: { sameAs } });
    visits = new Visits([visitNacos]);
    visits.start();
    await until("a provider comes", orders, (record, service) => record.endpoints(service).includes(visitor[0]!));
    await visits.stop();
    await withoutVisitor();
    records.forEach((record, index) => {
      for (const service of record.services)
        assert.deepEqual(record.endpoints(service), held[index]![service], `${record.name}: ${service}`);
    });
  });

  test("over the whole time, no service was without endpoints, none had one twice, and nothing that both name was lost", (t) => {
    for (const { name, moments, wrong } of records) {
      t.diagnostic(`${name}: ${moments} changes of services seen`);
      assert.deepEqual(wrong, [], name);
      assert.ok(moments >= 20, `${name}: only ${moments} changes`);
    }
  });

  async function register(name: string, endpoints: readonly string[]): Promise<void> {
    const writer = moved.get(name) ?? (await DubboInNacos.connect(nacos));
    moved.set(name, writer);
    await writer.put(name, endpoints);
  }

  function visitZooKeeper(isThere: boolean): Promise<void> {
    const [endpoint] = visitor;
    return isThere ? old.register(provider(orders, endpoint!)) : old.unregister(provider(orders, endpoint!));
  }

  function visitNacos(isThere: boolean): Promise<void> {
    return moved.get(orders)!.put(orders, [...ordersInNacos, ...(isThere ? visitor : [])]);
  }

  /** What every step of the migration must leave: what is registered in both. */
  function inBoth(name: string, endpoints: readonly string[]): readonly string[] {
    const others: readonly string[] = name === stock ? inNacos[stockInNacos] : (inNacos as Record<string, readonly string[]>)[name]!;
    return endpoints.filter((endpoint) => others.includes(endpoint));
  }

  async function serves(name: string, endpoints: readonly string[]): Promise<void> {
    await until(`${name} has ${endpoints}`, name, (record, service) =>
      isDeepStrictEqual(
        record.endpoints(service).filter((endpoint) => !visitor.includes(endpoint)),
        endpoints,
      ),
    );
  }

  function withoutVisitor(): Promise<void> {
    return until("the visitor is gone", orders, (record, service) => !record.endpoints(service).includes(visitor[0]!));
  }

  async function until(what: string, name: string, condition: (record: EndpointRecord, service: string) => boolean): Promise<void> {
    await Promise.all(records.map((record) => record.until(what, () => condition(record, serviceIn(record, name)))));
  }

  async function shadows(difference: "missing" | "extra"): Promise<number> {
    return (await tributary.metrics()).sum("tributary_shadow_endpoints", { difference });
  }
});

/** Registers it in one place, or takes it from there. */
type Visit = (isThere: boolean) => Promise<void>;

/** A provider that comes and goes again and again, wherever it is registered. */
class Visits {
  readonly #places: readonly Visit[];
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(places: readonly Visit[]) {
    this.#places = places;
  }

  start(): void {
    this.#stopped = false;
    this.#running = this.#run();
  }

  /** The provider is gone when this resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      for (const isThere of [true, false]) {
        await Promise.all(this.#places.map((visit) => visit(isThere)));
        // Nacos gathers changes for half a second: now it tells them one by one, now several together.
        await sleep(200 + Math.random() * 1_000);
      }
    }
  }
}

function provider(name: string, endpoint: string): Provider {
  const [host = "", port = ""] = endpoint.split(":");
  return { interface: name, host, port: Number(port) };
}

/** How a record names a service: the sidecar's by its cluster, ours by the name of the ServiceEntry. */
function serviceIn(record: EndpointRecord, name: string): string {
  return record.name === "delta xDS" ? `tributary/${hostOf(name)}` : `outbound|20880||${hostOf(name)}`;
}
