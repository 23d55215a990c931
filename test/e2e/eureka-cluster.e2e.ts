/** Eureka as operators set it up: two servers that know each other, user and password, TLS; and servers whose word is weak. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { suite, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { certificateFile } from "../support/certificates.ts";
import { EurekaWriter, type Registration } from "../support/eureka-writer.ts";
import { FakeIstiod } from "../support/fake-istiod.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { Eureka, type EurekaOptions } from "./servers/eureka.ts";
import { eventually } from "./servers/eventually.ts";
import { freePorts } from "./servers/free-port.ts";
import { freeIstiodPorts } from "./servers/istiod.ts";
import { Tributary } from "./servers/tributary.ts";
import { full, onlyInFull } from "./tier.ts";

const orders: Registration = { app: "order", address: "10.20.1.15", port: 8080 };
const ordersName = "tributary/order.eureka";
const quick = { type: "eureka", pollInterval: "500ms", requestTimeout: "2s" };

suite("a cluster of two Eureka servers", { concurrency: false }, () => {
  test("is followed through the death of one and its empty return: no push takes anything away", async (t) => {
    const ports = await freePorts(2);
    const [one, other] = ports.map((port) => `http://127.0.0.1:${port}/eureka/`) as [string, string];
    const first = await serverAt(t, ports[0]!, { peers: [other] });
    const second = await serverAt(t, ports[1]!, { peers: [one] });
    const writer = writerAt(t, one);
    for (const address of ["10.20.1.15", "10.20.1.16", "10.20.1.17"]) await writer.register({ ...orders, address });
    await eventually("the second server knows them, too", async () => (await countAt(second)) === 3);
    const { tributary, istiod } = await served(t, [{ ...quick, id: "eu", servers: [one, other] }]);
    await istiod.waitFor(() => holds(istiod, "10.20.1.17"), 20_000);
    const { updated, deleted } = istiod.counts;
    await first.kill();
    const there = writerAt(t, other);
    await there.register({ ...orders, address: "10.20.1.18" });
    await istiod.waitFor(() => holds(istiod, "10.20.1.18"), 10_000);
    await first.restart();
    await sleep(full ? 30_000 : 3_000);
    for (const host of [15, 16, 17, 18]) assert.ok(holds(istiod, `10.20.1.${host}`));
    assert.deepEqual([istiod.counts.updated, istiod.counts.deleted], [updated + 1, deleted], "one change, and nothing else");
    assert.equal((await tributary.metrics()).sum("tributary_registry_phase", { registry: "eu", phase: "live" }), 1);
  });
});

suite("a Eureka server that trusts nobody", { concurrency: false }, () => {
  test("by TLS with user and password: whoever does not fit is told why, the others are served", async (t) => {
    const login = { user: "mesh", password: "secret:with,commas@and%" };
    const server = await serverAt(t, (await freePorts(1))[0]!, { login, keyStore: keyStore(tempFolder(t).path) });
    const ca = certificateFile("authority.pem");
    const withLogin = server.url.replace("//", `//${login.user}:${encodeURIComponent(login.password)}@`);
    const common = { ...quick, required: false, tls: { ca } };
    const { tributary } = await served(t, [
      { ...common, id: "by-url", servers: withLogin, required: true },
      { ...common, id: "by-section", servers: server.url, auth: login },
      { ...common, id: "wrong", servers: server.url, auth: { ...login, password: "wrong-password" } },
      { ...common, id: "nobody", servers: server.url },
      { ...common, id: "stranger", servers: withLogin, tls: { ca: certificateFile("stranger-authority.pem") } },
      { ...common, id: "plain", servers: withLogin.replace("https:", "http:"), tls: undefined },
      { ...common, id: "elsewhere", servers: withLogin.replace("/eureka/", "/nowhere/") },
    ]);
    for (const registry of ["by-url", "by-section"]) {
      await eventually(`${registry} is read`, async () => (await synced(tributary, registry)) === 1);
    }
    for (const [registry, reason] of [
      ["wrong", /401: it does not let user mesh with this password in/],
      ["nobody", /401: it does not let anybody without user and password in/],
      ["stranger", /the server's certificate is not trusted: /],
      // Tomcat answers plain HTTP on its TLS port with 400.
      ["plain", /status 400/],
      ["elsewhere", /404: there is no Eureka at this path/],
    ] as const) {
      await eventually(`${registry} says why`, () =>
        tributary
          .output()
          .split("\n")
          .some((line) => line.includes(`"registry":"${registry}"`) && reason.test(line)),
      );
      assert.equal(await synced(tributary, registry), 0, registry);
    }
    assert.ok(!/secret:with|secret%3Awith|wrong-password/.test(tributary.output()));
  });
});

suite("a Eureka server whose word is weak", { concurrency: false }, () => {
  const registry = { ...quick, id: "eu", missingHold: "8s", fullInterval: "5s", protection: { hold: "1s" } };

  test("because it is new, and some of its clients do not come back, is believed in the end", async (t) => {
    const server = await serverAt(t, (await freePorts(1))[0]!, {});
    const writer = writerAt(t, server.url);
    for (const address of ["10.20.1.15", "10.20.1.16", "10.20.1.17"]) await writer.register({ ...orders, address });
    const { tributary, istiod } = await served(t, [{ ...registry, servers: server.url }]);
    await istiod.waitFor(() => holds(istiod, "10.20.1.17"), 20_000);
    await server.kill();
    await server.restart();
    const begun = performance.now();
    await writer.register({ ...orders, address: "10.20.1.16" });
    await eventually("it is suspected", () => /lacks \d of 3 instances without a word/.test(tributary.output()));
    assert.ok(holds(istiod, "10.20.1.15"));
    await istiod.waitFor(() => !holds(istiod, "10.20.1.15"), 30_000);
    t.diagnostic(`believed ${Math.round((performance.now() - begun) / 1_000)} s after its return`);
    assert.ok(holds(istiod, "10.20.1.16"));
  });

  test("because it preserves itself keeps what is dead, and that is told", onlyInFull, async (t) => {
    const server = await serverAt(t, (await freePorts(1))[0]!, { properties: ["eureka.server.enable-self-preservation=true"] });
    const writer = writerAt(t, server.url);
    await writer.register({ ...orders, further: { leaseInfo: { renewalIntervalInSecs: 1, durationInSecs: 2 } } });
    const { tributary, istiod } = await served(t, [{ ...registry, servers: server.url }]);
    await istiod.waitFor(() => holds(istiod, orders.address), 20_000);
    // A minute after its lease is over it should have been evicted; what is registered then shows how new the copy is.
    await sleep(70_000);
    await writer.register({ ...orders, address: "10.20.1.19" });
    const problems = { registry: "eu", code: "self-preservation" };
    await eventually("it is told", async () => (await tributary.metrics()).sum("tributary_registry_problems_total", problems) > 0);
    assert.ok(holds(istiod, orders.address));
  });
});

async function serverAt(t: TestContext, port: number, options: EurekaOptions): Promise<Eureka> {
  const server = await Eureka.startAt(port, options);
  t.after(() => server.stop());
  return server;
}

function writerAt(t: TestContext, url: string): EurekaWriter {
  const writer = new EurekaWriter(url);
  t.after(() => writer.close());
  return writer;
}

async function countAt(server: Eureka): Promise<number> {
  const answer = await fetch(`${server.url}apps`, { headers: { accept: "application/json" } });
  return Number(/"UP_(\d+)_"/.exec(await answer.text())?.[1] ?? 0);
}

async function served(
  t: TestContext,
  registries: readonly Record<string, unknown>[],
): Promise<{ tributary: Tributary; istiod: FakeIstiod }> {
  const tributary = await Tributary.start({ registries, istiod: await freeIstiodPorts() });
  t.after(() => tributary.stop());
  const istiod = new FakeIstiod({ target: tributary.address }).start();
  t.after(() => istiod.stop());
  return { tributary, istiod };
}

/** Whether the entry's encoded body mentions the address. */
function holds(istiod: FakeIstiod, address: string): boolean {
  const body = istiod.store("ServiceEntry").get(ordersName)?.body;
  return body !== undefined && Buffer.from(body).includes(address);
}

async function synced(tributary: Tributary, registry: string): Promise<number> {
  return (await tributary.metrics()).sum("tributary_registry_synced", { registry });
}

/** The certificate of `localhost` and 127.0.0.1, as Java wants it. */
function keyStore(folder: string): { file: string; password: string } {
  const [file, password] = [path.join(folder, "keys.p12"), "changeit"];
  const identity = ["-in", certificateFile("server.pem"), "-inkey", certificateFile("server.key"), "-name", "server"];
  execFileSync("openssl", ["pkcs12", "-export", ...identity, "-out", file, "-passout", `pass:${password}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { file, password };
}
