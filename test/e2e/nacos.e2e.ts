/**
 * The nacos registry against a real Nacos: first the conformance rig, then what a real istiod has of it while the server
 * is killed, cut off and restarted, with the official Java client for providers.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryConformance } from "../conformance/registry-rig.ts";
import { certificateFile } from "../support/certificates.ts";
import { NacosRoute } from "./nacos/nacos-route.ts";
import { eventually } from "./servers/eventually.ts";
import { freeIstiodPorts, Istiod } from "./servers/istiod.ts";
import { firstUser, Nacos } from "./servers/nacos.ts";
import { realNacosDriver } from "./servers/nacos-instance.ts";
import { NacosProvider, type Registration } from "./servers/nacos-provider.ts";
import { SidecarClient } from "./servers/sidecar-client.ts";
import { Tributary } from "./servers/tributary.ts";
import { full } from "./tier.ts";
import { type Observer, observeDelta, observeSidecar } from "./zookeeper-faults/observers.ts";

let nacos: Nacos;
before(async () => {
  nacos = await Nacos.start();
});
after(() => nacos?.stop());

registryConformance(
  "nacos over gRPC (real server)",
  realNacosDriver(() => nacos, { transport: "grpc" }),
);

const outage = full ? 60_000 : 20_000;
/** As catalogs have it by default, and a little more. */
const hold = 35_000;
const orders: Registration = { service: "e2e.order.service", address: "10.30.1.1", port: 8080 };

suite("a real Nacos, as a real istiod sees it", { concurrency: false }, () => {
  let route: NacosRoute;
  /** They stay until the end: whoever leaves early would be taken for lost. */
  let providers: NacosProvider[];
  let tributary: Tributary;
  let istiod: Istiod;
  let observers: Observer[];

  before(async () => {
    route = await NacosRoute.start(nacos);
    providers = [await NacosProvider.start(nacos, [orders, { ...orders, address: "10.30.1.2" }])];
    istiod = await Istiod.prepare();
    tributary = await Tributary.start({
      registries: [{ id: "nacos", type: "nacos", transport: "grpc", namespaces: "*", listInterval: "2s", ...route.settings }],
      istiod: istiod.ports,
    });
    await istiod.start(tributary.address);
    observers = [observeDelta(tributary.address), observeSidecar(new SidecarClient(`127.0.0.1:${istiod.ports.grpc}`))];
    await seen("order.service", "10.30.1.2");
  });

  after(async () => {
    for (const observer of observers ?? []) observer.stop();
    await istiod?.stop();
    await tributary?.stop();
    for (const provider of providers ?? []) await provider.stop();
    await route?.stop();
  });

  test("what is registered is seen, and what is edited there as well", async () => {
    const late = await NacosProvider.start(nacos, [{ ...orders, service: "e2e.late.service", address: "10.30.2.1" }]);
    providers.push(late);
    await seen("late.service", "10.30.2.1");
    await nacos.put("/v1/ns/instance", {
      serviceName: orders.service,
      ip: orders.address,
      port: "8080",
      weight: "0.5",
      metadata: '{"zone":"b"}',
    });
    await eventually("the edit arrives", async () => {
      const spec = (await istiod.serviceEntries()).get("tributary/e2e.order.service.nacos")?.spec as { endpoints?: Edited[] } | undefined;
      const edited = spec?.endpoints?.find(({ address }) => address === orders.address);
      const other = spec?.endpoints?.find(({ address }) => address !== orders.address);
      return edited?.labels?.zone === "b" && (edited.weight ?? 0) * 2 === other?.weight;
    });
  });

  test("the last instance of a service goes, and no other", async () => {
    const single = await NacosProvider.start(nacos, [{ ...orders, service: "e2e.single.service", address: "10.30.3.1" }]);
    await seen("single.service", "10.30.3.1");
    await single.kill();
    await gone("single.service", "10.30.3.1", 10_000);
    assert.ok(observers.every(({ view }) => view.has("order.service", "10.30.1.1")));
  });

  test("whoever is asked to connect anew, because the server sheds load, does so at once, and loses nothing", async () => {
    const marks = removals();
    assert.ok((await nacos.resetClients("Tributary:v1")) > 0);
    await eventually("it is heard", () => /asks us to connect anew/.test(warningsOf(tributary, "nacos")));
    const after = await NacosProvider.start(nacos, [{ ...orders, service: "e2e.reset.service", address: "10.30.9.1" }]);
    providers.push(after);
    await seen("reset.service", "10.30.9.1");
    assert.deepEqual(removals(), marks);
  });

  test("killed and restarted, with clients that come back after us: nothing is lost, and what is new arrives", async (t) => {
    const leaving = await NacosProvider.start(nacos, [{ ...orders, service: "e2e.leaving.service", address: "10.30.4.1" }]);
    await seen("leaving.service", "10.30.4.1");
    // Until the server has probed it anew, it will call it unhealthy.
    const probed = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    t.after(() => probed.close());
    await once(probed, "listening");
    const { port } = probed.address() as AddressInfo;
    await nacos.post("/v1/ns/instance", { serviceName: "e2e.persistent.service", ip: "127.0.0.1", port: String(port), ephemeral: "false" });
    await seen("persistent.service", "127.0.0.1");
    const marks = removals();
    await nacos.kill();
    await eventually("the loss is noticed", () => isIn(tributary, "nacos", "stale"));
    await leaving.kill();
    await nacos.restart();
    const begun = performance.now();
    await eventually("it is read again", () => isIn(tributary, "nacos", "live"));
    const fresh = await NacosProvider.start(nacos, [{ ...orders, service: "e2e.fresh.service", address: "10.30.5.1" }]);
    providers.push(fresh);
    await seen("fresh.service", "10.30.5.1");
    assert.deepEqual(removals(), marks, "nothing left while its clients were not back");
    await gone("leaving.service", "10.30.4.1", 2 * hold);
    t.diagnostic(`what was gone meanwhile went after ${Math.round((performance.now() - begun) / 1_000)} s`);
    const lost = observers.flatMap(({ view }) => view.removals).filter(({ endpoint }) => /^(10\.30\.1|127\.0\.0)\./.test(endpoint));
    assert.deepEqual(lost, []);
  });

  test(`cut off for ${outage / 1_000} s without a word: nothing is lost, and the change made meanwhile arrives`, async (t) => {
    const marks = removals();
    const over = sleep(outage);
    await route.set("black-hole");
    t.after(() => route.set("pass"));
    await eventually("the silence is noticed", () => isIn(tributary, "nacos", "stale"), { within: outage });
    const meanwhile = await NacosProvider.start(nacos, [{ ...orders, service: "e2e.meanwhile.service", address: "10.30.6.1" }]);
    providers.push(meanwhile);
    await over;
    await route.set("pass");
    await seen("meanwhile.service", "10.30.6.1");
    assert.deepEqual(removals(), marks);
  });

  test("a namespace that is added is read", async () => {
    const registration = { ...orders, service: "e2e.added.service", address: "10.30.7.1" };
    const added = await NacosProvider.start(nacos, [registration], { namespace: "added-ns" });
    providers.push(added);
    await sleep(3_000);
    assert.ok(!observers.some(({ view }) => view.has("added.service", "10.30.7.1")), "it is not listed yet");
    route.namespaces.push({ id: "added-ns", name: "Added" });
    await seen("added.service", "10.30.7.1");
  });

  async function seen(label: string, address: string, within = 30_000): Promise<void> {
    await Promise.all(observers.map(({ view }) => view.until(`${address} is there`, () => view.has(label, address), within)));
  }

  async function gone(label: string, address: string, within: number): Promise<void> {
    await Promise.all(observers.map(({ view }) => view.until(`${address} is gone`, () => !view.has(label, address), within)));
  }

  /** How much each observer has lost so far. */
  function removals(): number[] {
    return observers.map(({ view }) => view.removals.length);
  }
});

suite("a real Nacos that asks who is there", { concurrency: false }, () => {
  test("a token that expires every few seconds is renewed, over TLS as well, and a wrong password is told", async (t) => {
    const tls = { certificate: certificateFile("server.pem"), key: certificateFile("server.key") };
    const guarded = await Nacos.start({ tokenTtl: 5, tls });
    t.after(() => guarded.stop());
    const provider = await NacosProvider.start(guarded, [orders], { auth: firstUser });
    t.after(() => provider.stop());
    const common = { type: "nacos", transport: "grpc", servers: guarded.address, listInterval: "1s", required: false };
    const tributary = await Tributary.start({
      registries: [
        { ...common, id: "known", required: true, auth: firstUser },
        { ...common, id: "wrong", auth: { ...firstUser, password: "wrong" } },
        { ...common, id: "nobody" },
        { ...common, id: "secure", auth: firstUser, tls: { ca: certificateFile("authority.pem") }, naming: { suffix: "secure" } },
        { ...common, id: "stranger", auth: firstUser, tls: { ca: certificateFile("stranger-authority.pem") } },
      ],
      istiod: await freeIstiodPorts(),
    });
    t.after(() => tributary.stop());
    const observer = observeDelta(tributary.address);
    t.after(() => observer.stop());
    await observer.view.until("the service is there", (view) => view.has("order.service", orders.address), 20_000);
    // Longer than two tokens live, with a request every second.
    await sleep(12_000);
    for (const registry of ["known", "secure"]) assert.ok(await isIn(tributary, registry, "live"), registry);
    await guarded.post("/v1/ns/instance", { serviceName: "e2e.renewed.service", ip: "10.30.8.1", port: "80", ephemeral: "false" });
    await observer.view.until("what is new arrives", (view) => view.has("renewed.service", "10.30.8.1"), 5_000);
    for (const [registry, reason] of [
      ["wrong", /the login of nacos failed: .* (403|500) .*are user and password right/],
      ["nobody", /ServiceListRequest: .*\(403\)/],
      ["stranger", /certificate|self-signed|unable to/i],
    ] as const) {
      await eventually(`${registry} says why`, () => reason.test(warningsOf(tributary, registry)));
      assert.equal((await tributary.metrics()).sum("tributary_registry_synced", { registry }), 0, registry);
    }
    assert.ok(!tributary.output().includes(firstUser.password));
  });
});

interface Edited {
  readonly address: string;
  readonly weight?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

async function isIn(tributary: Tributary, registry: string, phase: "live" | "stale"): Promise<boolean> {
  return (await tributary.metrics()).sum("tributary_registry_phase", { registry, phase }) === 1;
}

/** What was warned of in the log about one registry. */
function warningsOf(tributary: Tributary, registry: string): string {
  const lines = tributary
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  const said = lines.map((line) => JSON.parse(line) as { level: string | number; registry?: string; msg?: string });
  return said
    .flatMap(({ level, registry: of, msg }) => ((level === 40 || level === "warn") && of === registry ? [msg ?? ""] : []))
    .join("\n");
}
