/** The nacos registry over HTTP against a real Nacos: the conformance rig, its pushes over UDP, and what it says of health. */
import assert from "node:assert/strict";
import { after, before, suite, type TestContext, test } from "node:test";
import { silentLogger } from "../../src/log/logger.ts";
import { Credentials } from "../../src/registries/nacos/access/credentials.ts";
import { nacosKind } from "../../src/registries/nacos/kind.ts";
import type { NacosService } from "../../src/registries/nacos/nacos-service.ts";
import type { NamingSource } from "../../src/registries/nacos/naming-source.ts";
import { openerOf } from "../../src/registries/nacos/transport.ts";
import { registryConformance } from "../conformance/registry-rig.ts";
import { eventually } from "./servers/eventually.ts";
import { firstUser, Nacos } from "./servers/nacos.ts";
import { realNacosDriver } from "./servers/nacos-instance.ts";
import { full } from "./tier.ts";

let nacos: Nacos;
before(async () => {
  nacos = await Nacos.start({ tokenTtl: 5 });
});
after(() => nacos?.stop());

if (full) {
  registryConformance(
    "nacos over HTTP (real server)",
    realNacosDriver(() => nacos, { transport: "http", auth: firstUser }),
  );
}

interface Opened {
  readonly source: NamingSource;
  readonly changes: NacosService[];
}

suite("a real Nacos over HTTP", { concurrency: false }, () => {
  /** Polled so rarely that only pushes can tell. */
  async function open(context: TestContext, more: Record<string, unknown> = {}): Promise<Opened> {
    const settings = nacosKind.schema.parse({ servers: nacos.address, transport: "http", pollInterval: "10m", auth: firstUser, ...more });
    const changes: NacosService[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const open = openerOf(settings, new Credentials(settings), () => {}, silentLogger)(undefined);
    const source = open(settings.servers[0]!, "public", {
      established: resolve,
      changed: (service) => changes.push(service),
      appeared: () => {},
      unreadable: () => {},
      contact: () => {},
      surpassed: () => {},
      lost: ({ reason }) => reject(new Error(reason)),
    });
    context.after(() => source.close());
    await promise;
    return { source, changes };
  }

  const health = (service: NacosService): string[] => service.instances.map(({ port, healthy }) => `${port} ${healthy}`).sort();

  test("says by UDP that an instance came and that the last one went", async (context) => {
    const instance = { serviceName: "http.pushed", ip: "10.40.0.1", port: "80" };
    const { source, changes } = await open(context);
    await nacos.post("/v1/ns/instance", instance);
    const service = { group: "DEFAULT_GROUP", name: "http.pushed" };
    assert.equal((await source.subscribe(service)).instances.length, 1);
    const begun = performance.now();
    await nacos.post("/v1/ns/instance", { ...instance, ip: "10.40.0.2", clusterName: "hz" });
    await eventually("the second is there", async () => changes.at(-1)?.instances.length === 2, { within: 5_000 });
    context.diagnostic(`told after ${Math.round(performance.now() - begun)} ms`);
    await nacos.delete("/v1/ns/instance", instance);
    await nacos.delete("/v1/ns/instance", { ...instance, ip: "10.40.0.2", clusterName: "hz" });
    await eventually("none is there", async () => changes.at(-1)?.instances.length === 0, { within: 5_000 });
  });

  test("tells names by pages, and configurations", async (context) => {
    const { source } = await open(context);
    for (let number = 0; number < 3; number++) {
      const instance = { serviceName: `http.page.${number}`, groupName: "pages", ip: "10.40.1.1", port: "80", ephemeral: "false" };
      await nacos.post("/v1/ns/instance", instance);
    }
    const expected = [0, 1, 2].map((number) => ({ group: "pages", name: `http.page.${number}` }));
    const inOrder = (names: readonly { name: string }[]) => names.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(inOrder(await source.list("pages")), expected);
    assert.deepEqual(inOrder((await source.list()).filter(({ group }) => group === "pages")), expected);
    await nacos.post("/v1/cs/configs", { dataId: "a.A", group: "mapping", content: "shop" });
    await eventually("the configuration can be read", async () => (await source.readConfig("a.A", "mapping")) === "shop");
    assert.equal(await source.readConfig("a.B", "mapping"), undefined);
  });

  test("calls all healthy where few are, and tells the truth when it is asked for it", async (context) => {
    const serviceName = "http.protected";
    await nacos.post("/v1/ns/service", { serviceName, protectThreshold: "0.6" });
    const ports = { healthy: String(nacos.port), sick: "1" };
    for (const port of Object.values(ports)) {
      await nacos.post("/v1/ns/instance", { serviceName, ip: "127.0.0.1", port, ephemeral: "false" });
    }
    const service = { group: "DEFAULT_GROUP", name: serviceName };
    const { source } = await open(context);
    await eventually("one is healthy", async () => (await source.query(service, true)).instances.length === 1, { within: 30_000 });
    const believed = await source.query(service);
    assert.deepEqual([believed.reachProtectionThreshold, health(believed)], [true, [`1 true`, `${ports.healthy} true`].sort()]);
    const honest = await open(context, { protectionThreshold: "ignore" });
    const truth = await honest.source.query(service);
    assert.deepEqual([truth.reachProtectionThreshold, health(truth)], [true, [`1 false`, `${ports.healthy} true`].sort()]);
  });
});
