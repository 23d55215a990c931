/**
 * The `sofa` registry against a real SOFARegistry 6.3.0: what a real istiod sees of its publishers through the whole
 * program, while they die, the server is killed, and its pushes are stopped; then the conformance rig.
 */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryConformance } from "../conformance/registry-rig.ts";
import { type SofaInstance, sofaDriver } from "../support/sofa-driver.ts";
import { SofaPublisher } from "../support/sofa-publisher.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { installSofaPublisher } from "./install/sofa-registry.ts";
import { Child } from "./servers/child.ts";
import { eventually } from "./servers/eventually.ts";
import { Istiod } from "./servers/istiod.ts";
import { SofaRegistry } from "./servers/sofa-registry.ts";
import { Tributary } from "./servers/tributary.ts";
import { full, onlyInFull } from "./tier.ts";

const payHost = "com.acme.payfacade.sofa";
const stockHost = "com.acme.stockfacade.v-2-0-blue.sofa";
const payData = ["10.30.1.1:12200?p=1&_WEIGHT=200&app_name=pay&v=4.0&_SERIALIZETYPE=4", "10.30.1.2:12200?p=1&app_name=pay&v=4.0"];
const stockId = { dataId: "com.acme.StockFacade:2.0:blue@DEFAULT", instanceId: "DEFAULT_INSTANCE_ID", group: "SOFA" };
const stockData = ["10.30.2.1:12200?p=1&weight=100&appName=stock&startTime=1795234569999"];
/** Registries of the same server that read it otherwise, and what their hosts end in. */
const otherWays = ["hessian", "multi", "http"];
/** A publisher that died is gone within this time, ms. */
const soon = 5_000;

/** For the rig: a server that is flooded may be silent for a moment. */
const patient = { heartbeatInterval: "3s" };

let server: SofaRegistry;

before(async () => {
  server = await SofaRegistry.start();
});

after(() => server?.stop());

suite("a real SOFARegistry, as istiod sees it", { concurrency: false }, () => {
  let tributary: Tributary;
  let istiod: Istiod;
  let stock: SofaPublisher;
  let pay: Child;

  before(async () => {
    await server.compressPushes();
    pay = await startPay();
    stock = new SofaPublisher(server.session);
    await stock.publish(stockId, stockData);
    istiod = await Istiod.prepare();
    const common = { type: "sofa", endpoints: server.endpoint, refreshInterval: "2s", required: false };
    tributary = await Tributary.start({
      registries: [
        { ...common, id: "sofa", required: true },
        { ...common, id: "hessian", codec: "hessian", naming: { suffix: "hessian" } },
        { ...common, id: "multi", acceptMulti: true, listing: "data-servers", naming: { suffix: "multi" } },
        { ...common, id: "http", transport: "http", naming: { suffix: "http" } },
        { ...common, id: "no-data-center", dataCenter: "Nowhere" },
        { ...common, id: "no-endpoint", endpoints: server.dataPages },
        { ...common, id: "no-session", sessions: server.data },
      ],
      istiod: istiod.ports,
    });
    await istiod.start(tributary.address);
  });

  after(async () => {
    await istiod?.stop();
    await tributary?.stop();
    stock?.close();
    await pay?.kill();
  });

  test("what the official client and our publisher published is served", async () => {
    await eventually("both services", async () => {
      const endpoints = await istiod.endpoints();
      assert.deepEqual(endpoints.get(payHost), ["10.30.1.1:12200", "10.30.1.2:12200"]);
      assert.deepEqual(endpoints.get(stockHost), ["10.30.2.1:12200"]);
      return true;
    });
  });

  for (const suffix of otherWays) {
    test(`and the same through the registry ${suffix}`, async () => {
      const host = `${payHost}.${suffix}`;
      await eventually(host, async () => (await istiod.endpoints()).get(host)?.join() === "10.30.1.1:12200,10.30.1.2:12200");
    });
  }

  for (const [registry, reason] of [
    ["no-data-center", /there is no data center "Nowhere": the servers know DefaultDataCenter/],
    ["no-endpoint", /is no session server of SOFARegistry, whose HTTP port is 9603 by default/],
    ["no-session", /it is no session server; its Bolt port is 9600/],
  ] as const) {
    test(`${registry} says what is wrong`, async () => {
      await eventually(registry, () => tributary.warnings(registry).some((text) => reason.test(text)));
      assert.equal((await tributary.metrics()).sum("tributary_registry_synced", { registry }), 0);
    });
  }

  test("a new publisher arrives, and a killed one is gone within 5 s", async (t) => {
    const another = new SofaPublisher(server.session);
    await another.publish(stockId, ["10.30.2.2:12200?p=1&weight=100&appName=stock"]);
    await eventually("the new one", async () => (await istiod.endpoints()).get(stockHost)?.includes("10.30.2.2:12200"));
    const begun = performance.now();
    another.close();
    await eventually("its end", async () => !(await istiod.endpoints()).get(stockHost)?.includes("10.30.2.2:12200"), { within: soon });
    t.diagnostic(`ours was gone in ${Math.round(performance.now() - begun)} ms`);
  });

  test("so is one of the official client", async (t) => {
    const begun = performance.now();
    await pay.kill();
    await eventually(
      "its end",
      async () => (await istiod.endpoints()).get(payHost)?.length === 0 || !(await istiod.endpoints()).has(payHost),
      {
        within: soon,
      },
    );
    t.diagnostic(`it was gone in ${Math.round(performance.now() - begun)} ms`);
    pay = await startPay();
    await eventually("its return", async () => (await istiod.endpoints()).get(payHost)?.length === 2);
  });

  test("while pushes are stopped, the registry says so by name and keeps what it has; when they come again, so do changes", async () => {
    await server.setPush(false);
    await eventually("it is said", () => tributary.warnings("sofa").some((text) => /push switch is closed/.test(text)));
    await eventually("the registry is stale", () => tributary.isIn("stale", "sofa"));
    await stock.publish(stockId, [...stockData, "10.30.2.3:12200?p=1"]);
    assert.deepEqual((await istiod.endpoints()).get(stockHost), ["10.30.2.1:12200"]);
    await server.setPush(true);
    await eventually("the change", async () => (await istiod.endpoints()).get(stockHost)?.includes("10.30.2.3:12200"));
    await eventually("the registry is live", () => tributary.isIn("live", "sofa"));
  });

  test("killed and restarted, with its publishers returning, it takes nothing from istiod in between", async (t) => {
    const lasting = [
      [stockHost, "10.30.2.1:12200"],
      ...["", ...otherWays].map((way) => [way ? `${payHost}.${way}` : payHost, "10.30.1.1:12200"]),
    ];
    const missing = async () => {
      const endpoints = await istiod.endpoints();
      return lasting.filter(([host, endpoint]) => !endpoints.get(host!)?.includes(endpoint!)).map(([host]) => host);
    };
    await eventually("everything before", async () => (await missing()).length === 0);
    const lost = new Set<string | undefined>();
    let [looks, watching] = [0, true];
    const watch = (async () => {
      while (watching) {
        for (const host of await missing()) lost.add(host);
        looks += 1;
        await sleep(50);
      }
    })();
    await server.kill();
    await eventually("the loss is noticed", () => tributary.isIn("stale", "sofa"));
    await server.restart();
    await eventually("it is back", () => tributary.isIn("live", "sofa"), { within: 60_000 });
    await stock.publish(stockId, [...stockData, "10.30.2.4:12200?p=1"]);
    await eventually("a change after it", async () => (await istiod.endpoints()).get(stockHost)?.includes("10.30.2.4:12200"));
    // With all rows, longer than what the server does not know is kept and removals are held.
    await sleep(full ? 75_000 : 10_000);
    watching = false;
    await watch;
    t.diagnostic(`${looks} looks at istiod`);
    assert.deepEqual([...lost], []);
  });

  async function startPay(): Promise<Child> {
    const args = [
      "-Xmx64m",
      "-cp",
      await installSofaPublisher(),
      "com.acme.pay.Publisher",
      server.host,
      "pay",
      "com.acme.PayFacade:1.0@DEFAULT",
    ];
    return new Child({ name: "pay", command: "java", args: [...args, ...payData] });
  }
});

registryConformance("sofa (real server)", sofaDriver(startInstance, patient, 60_000));

suite("the other ways to read it", onlyInFull, () => {
  registryConformance("sofa as Hessian (real server)", sofaDriver(startInstance, { ...patient, codec: "hessian" }, 60_000));
  registryConformance("sofa over HTTP (real server)", sofaDriver(withoutFaults, { ...patient, transport: "http" }, 60_000));
});

/** Stopped pushes are nothing to whoever reads; and a server that has just been started is honestly empty to him. */
async function withoutFaults(): Promise<SofaInstance> {
  const { breakReads: _, kill: __, revive: ___, ...instance } = await startInstance();
  return instance;
}

let groups = 0;

/** The one server with a group of its own: another start would take half a minute. */
async function startInstance(): Promise<SofaInstance> {
  groups += 1;
  let away = false;
  // It opens when the server's clients are back: before, a server is honestly empty to whoever comes.
  const gate = await TcpProxy.start(server.session);
  return {
    endpoint: server.endpoint,
    session: server.session,
    gate: `127.0.0.1:${gate.port}`,
    dataServer: server.dataPages,
    group: `RIG${groups}`,
    async stop() {
      await gate.close();
      server.resume();
      if (away) await server.restart();
    },
    async kill() {
      away = true;
      await server.kill();
      await gate.set("refuse");
    },
    async revive(republished) {
      await server.restart();
      away = false;
      await republished();
      await gate.set("pass");
    },
    freeze: async () => server.suspend(),
    thaw: async () => server.resume(),
    async breakReads() {
      await server.setPush(false);
      return () => server.setPush(true);
    },
  };
}
