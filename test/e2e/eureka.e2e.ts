/**
 * The `eureka` registry against a real Eureka server: first the conformance rig, then what a real istiod sees of a Spring
 * Cloud application and of instances registered by REST while they change, and while the server dies and comes back.
 */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryConformance } from "../conformance/registry-rig.ts";
import { type EurekaInstance, eurekaDriver } from "../support/eureka-driver.ts";
import { EurekaWriter, type Registration } from "../support/eureka-writer.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { Eureka } from "./servers/eureka.ts";
import { EurekaApplication } from "./servers/eureka-application.ts";
import { eventually } from "./servers/eventually.ts";
import { type AcceptedConfig, Istiod } from "./servers/istiod.ts";
import { Tributary } from "./servers/tributary.ts";
import { full } from "./tier.ts";

suite("against a real server", { concurrency: false }, () => {
  let shared: SharedEureka | undefined;
  after(() => shared?.stop());

  registryConformance(
    "eureka (real server)",
    eurekaDriver(async () => {
      shared ??= await SharedEureka.start();
      return shared.empty();
    }),
  );
});

/** How long the server is cut off, ms. */
const outage = full ? 60_000 : 15_000;
/** A change must be in istiod within this time: the server's copies, a poll and istiod's own delay, ms. */
const soon = 6_000;

const ordersHost = "order-service-1.eureka";
const users: Registration = { app: "user-center", address: "10.20.2.1", port: 8081 };
const usersHost = "user-center.eureka";

suite("istiod, fed from Eureka", { concurrency: false }, () => {
  let eureka: Eureka;
  let proxy: TcpProxy;
  let writer: EurekaWriter;
  let application: EurekaApplication;
  let tributary: Tributary;
  let istiod: Istiod;

  before(async () => {
    eureka = await Eureka.start();
    proxy = await TcpProxy.start(eureka.port);
    writer = new EurekaWriter(eureka.url);
    application = await EurekaApplication.start({
      application: "Order_Service-1",
      host: "10.20.1.15",
      port: 8080,
      urls: [eureka.url],
      metadata: { zone: "hz-a", version: "v2" },
    });
    await writer.register(users);
    istiod = await Istiod.prepare();
    tributary = await Tributary.start({
      registries: [
        {
          id: "eu",
          type: "eureka",
          servers: `http://127.0.0.1:${proxy.port}/eureka/`,
          pollInterval: "500ms",
          requestTimeout: "2s",
          region: "hz",
          // What keeps endpoints here is that the kind itself does not believe a server that has just started.
          protection: { hold: "1s" },
        },
      ],
      istiod: istiod.ports,
    });
    await istiod.start(tributary.address);
  });

  after(async () => {
    await istiod?.stop();
    await tributary?.stop();
    await application?.stop();
    writer?.close();
    await proxy?.close();
    await eureka?.stop();
  });

  const holds = (host: string, ...endpoints: string[]) =>
    eventually(
      `${host} with ${endpoints.join(" ") || "no endpoint"}`,
      async () => ((await istiod.endpoints()).get(host) ?? []).join() === endpoints.join(),
      { within: soon },
    );

  test("a Spring Cloud application and an instance of others are there", async () => {
    await eventually("the application", async () => (await istiod.endpoints()).get(ordersHost)?.join() === "10.20.1.15:8080");
    await holds(usersHost, "10.20.2.1:8081");
    const orders = entryOf(await istiod.serviceEntries(), ordersHost);
    const [endpoint] = orders.spec.endpoints as { locality?: string; labels?: Record<string, string> }[];
    assert.equal(endpoint?.locality, "hz/hz-a");
    assert.equal(endpoint?.labels?.version, "v2");
    assert.deepEqual(orders.spec.ports, [{ number: 8080, name: "http", protocol: "HTTP" }]);
  });

  test("instances come and go, change their weight, and are taken out of service", async (t) => {
    const begun = performance.now();
    await writer.register({ ...users, address: "10.20.2.2" });
    await holds(usersHost, "10.20.2.1:8081", "10.20.2.2:8081");
    t.diagnostic(`came in ${Math.round(performance.now() - begun)} ms`);
    await writer.setMetadata(users.app, "10.20.2.2:8081", "weight", "3");
    await eventually(
      "the weight",
      async () => {
        const { endpoints } = entryOf(await istiod.serviceEntries(), usersHost).spec as {
          endpoints: { address: string; weight?: number }[];
        };
        return endpoints.find(({ address }) => address === "10.20.2.2")?.weight;
      },
      { within: soon },
    );
    await writer.setStatus(users.app, "10.20.2.2:8081", "OUT_OF_SERVICE");
    await holds(usersHost, "10.20.2.1:8081");
    await writer.setStatus(users.app, "10.20.2.2:8081", "UP");
    await holds(usersHost, "10.20.2.1:8081", "10.20.2.2:8081");
    await writer.cancel(users.app, "10.20.2.2:8081");
    await holds(usersHost, "10.20.2.1:8081");
  });

  test("a name that no host can hold, and metadata that is no label, are served under others", async () => {
    const odd = { app: "lager übersicht", address: "10.20.6.1", port: 8080, metadata: { "owner team": "A & B", version: "v3" } };
    await writer.register(odd);
    const [host] = await eventually("its service", async () => {
      return [...(await istiod.endpoints())].find(([, endpoints]) => endpoints.join() === "10.20.6.1:8080");
    });
    assert.match(host, /^[a-z0-9.-]+\.eureka$/);
    const { metadata, spec } = entryOf(await istiod.serviceEntries(), host);
    const { annotations } = metadata as { annotations?: Record<string, string> };
    assert.equal(annotations?.["eureka.app"], "LAGER ÜBERSICHT");
    assert.equal((spec.endpoints as { labels: Record<string, string> }[])[0]?.labels.version, "v3");
    await writer.cancel(odd.app, "10.20.6.1:8080");
  });

  test("the last instance gone leaves an empty service", async () => {
    await writer.cancel(users.app, "10.20.2.1:8081");
    await holds(usersHost);
    assert.ok(entryOf(await istiod.serviceEntries(), usersHost));
    await writer.register(users);
    await holds(usersHost, "10.20.2.1:8081");
  });

  test("killed and restarted, the server is empty until its clients are back: no endpoint is lost meanwhile", async (t) => {
    await writer.register({ ...users, address: "10.20.2.3" });
    await holds(usersHost, "10.20.2.1:8081", "10.20.2.3:8081");
    const seen = watchEndpoints(t, istiod);
    await eureka.kill();
    await eventually("the loss is noticed", () => isIn(tributary, "stale"));
    await eureka.restart();
    // The Spring application comes back by itself; those of others some seconds later, one of them elsewhere.
    await eventually("we are back", () => /lacks \d of \d instances/.test(tributary.output()));
    await sleep(3_000);
    await writer.registerAgain();
    await writer.register({ ...users, address: "10.20.2.4" });
    await holds(usersHost, "10.20.2.1:8081", "10.20.2.3:8081", "10.20.2.4:8081");
    await holds(ordersHost, "10.20.1.15:8080");
    assert.deepEqual(seen.lost, []);
    for (const address of ["10.20.2.3", "10.20.2.4"]) await writer.cancel(users.app, `${address}:8081`);
  });

  test(`cut off for ${outage / 1_000} s, nothing disappears, and what changed meanwhile arrives`, async (t) => {
    await holds(usersHost, "10.20.2.1:8081");
    const seen = watchEndpoints(t, istiod);
    await proxy.set("black-hole");
    t.after(() => proxy.set("pass"));
    await eventually("the loss is noticed", () => isIn(tributary, "stale"));
    await writer.register({ ...users, address: "10.20.2.5" });
    await sleep(outage);
    await writer.renew();
    assert.ok(await tributary.ready());
    await proxy.set("pass");
    await holds(usersHost, "10.20.2.1:8081", "10.20.2.5:8081");
    assert.deepEqual(seen.lost, []);
  });

  test("an application that ends in good order is gone", async () => {
    await application.stop();
    await holds(ordersHost);
    await holds(usersHost, "10.20.2.1:8081", "10.20.2.5:8081");
  });
});

/** One server for many cases: to start another takes longer than most of them. */
class SharedEureka {
  readonly #server: Eureka;
  /** Before the server: it opens when the server's clients are back. */
  readonly #gate: TcpProxy;
  /** It has to be started anew to be empty. */
  #hurt = false;

  private constructor(server: Eureka, gate: TcpProxy) {
    this.#server = server;
    this.#gate = gate;
  }

  static async start(): Promise<SharedEureka> {
    // Without copies that are made anew after every one of 20,000 registrations.
    const server = await Eureka.start({ properties: ["eureka.server.use-read-only-response-cache=false"] });
    return new SharedEureka(server, await TcpProxy.start(server.port));
  }

  async empty(): Promise<EurekaInstance> {
    const server = this.#server;
    if (this.#hurt) await server.restart();
    this.#hurt = false;
    await this.#gate.set("pass");
    return {
      url: `http://127.0.0.1:${this.#gate.port}/eureka/`,
      registerAt: server.url,
      // After 20,000 registrations it has to make as large a delta, with everything else that goes on here.
      requestTimeout: "8s",
      shows: (count) => server.shows(count),
      stop: async () => {
        this.#hurt ||= (await server.cancelAll(1_000)) > 1_000;
      },
      kill: async () => {
        this.#hurt = true;
        await server.kill();
        await this.#gate.set("refuse");
      },
      revive: async (refill) => {
        await server.restart();
        await refill();
        await this.#gate.set("pass");
      },
      breakReads: async () => {
        const cutting = setInterval(() => {
          this.#gate.cutAfter = 150;
        }, 10);
        return async () => {
          clearInterval(cutting);
          this.#gate.cutAfter = Number.POSITIVE_INFINITY;
        };
      },
      freeze: async () => {
        this.#hurt = true;
        server.suspend();
      },
      thaw: async () => server.resume(),
    };
  }

  async stop(): Promise<void> {
    await this.#gate.close();
    await this.#server.stop();
  }
}

/** Notes every endpoint that istiod holds at some time and not at a later one. */
function watchEndpoints(t: { after(end: () => void): void }, istiod: Istiod): { readonly lost: string[] } {
  const lost: string[] = [];
  let before = new Set<string>();
  let over = false;
  t.after(() => {
    over = true;
  });
  const look = async (): Promise<void> => {
    while (!over) {
      const hosts = await istiod.endpoints().catch(() => undefined);
      if (hosts) {
        const now = new Set([...hosts].flatMap(([host, endpoints]) => endpoints.map((endpoint) => `${host} ${endpoint}`)));
        for (const endpoint of before) if (!now.has(endpoint)) lost.push(endpoint);
        before = now;
      }
      await sleep(100);
    }
  };
  void look();
  return { lost };
}

function entryOf(entries: ReadonlyMap<string, AcceptedConfig>, host: string): AcceptedConfig {
  const entry = [...entries.values()].find(({ spec }) => (spec.hosts as string[]).includes(host));
  assert.ok(entry, `istiod has no ${host}`);
  return entry;
}

async function isIn(tributary: Tributary, phase: "live" | "stale"): Promise<boolean> {
  return (await tributary.metrics()).sum("tributary_registry_phase", { registry: "eu", phase }) === 1;
}
