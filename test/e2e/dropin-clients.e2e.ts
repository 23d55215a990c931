/**
 * The clients that others wrote hold what we serve, whatever happens: istio-mcp's in both of its modes, and Istio's
 * own for full state and delta.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual, promisify } from "node:util";
import { decodeDiscoveryResponse } from "../support/google-protobuf-decoder.ts";
import { XdsProbe } from "../support/xds-probe.ts";
import { bundledProgram } from "./install/bundle.ts";
import { installIstioctl } from "./install/istioctl.ts";
import { eventually } from "./servers/eventually.ts";
import { FileCatalog } from "./servers/file-catalog.ts";
import { KubeApi } from "./servers/kube-api.ts";
import { Tributary } from "./servers/tributary.ts";
import { XdsGoClient } from "./servers/xds-go-client.ts";
import { full } from "./tier.ts";

/** Rounds of changes, each with a quiet point at its end; without pauses, 30 minutes of a busy registry. */
const rounds = full ? 120 : 12;
const kills = full ? 20 : 3;
const changesInARound = 15;

suite("clients of others", { concurrency: false }, () => {
  let catalog: FileCatalog;
  let tributary: Tributary;
  const clients = new Map<string, XdsGoClient>();

  before(async () => {
    catalog = new FileCatalog({ services: 40 });
    // Half an hour of changes within a minute has what looks like a mass removal in it, and that would be held.
    const files = { ...catalog.registry, protection: { massRemovalRatio: 1 } };
    tributary = await Tributary.start({ registries: [files], incremental: true, program: await bundledProgram() });
    const incrementalServer = `127.0.0.1:${tributary.incrementalPort}`;
    clients.set("istio-mcp, increments", await XdsGoClient.istioMcp({ server: incrementalServer, incremental: true }));
    clients.set(
      "istio-mcp, increments, of a revision",
      await XdsGoClient.istioMcp({ server: incrementalServer, incremental: true, revision: "canary" }),
    );
    clients.set("istio-mcp, full state", await XdsGoClient.istioMcp({ server: tributary.address }));
    clients.set("Istio, full state", await XdsGoClient.adsc(tributary.address, { delta: false }));
    clients.set("Istio, delta", await XdsGoClient.adsc(tributary.address, { delta: true }));
  });

  after(async () => {
    for (const client of clients.values()) await client.stop();
    await tributary?.stop();
    catalog?.remove();
  });

  /** "namespace/name" → version, as a full-state answer tells it. */
  async function served(): Promise<Record<string, string>> {
    using probe = new XdsProbe(tributary.address);
    probe.send({ typeUrl: "networking.istio.io/v1/ServiceEntry" });
    await probe.response(0);
    return Object.fromEntries(decodeDiscoveryResponse(probe.raw[0]!).resources.map(({ name, version }) => [name, version]));
  }

  /** Waits until every client holds what is served, and that is as many services as the file has. */
  async function quiet(): Promise<void> {
    await eventually("everything of the file is served", async () => Object.keys(await served()).length === catalog.size, { every: 50 });
    for (const [name, client] of clients) {
      await eventually(
        `${name} holds what is served`,
        async () => isDeepStrictEqual(sorted(await client.ofKind("ServiceEntry")), sorted(await served())),
        { within: 15_000, every: 50 },
      );
    }
  }

  test("at the start, each holds what is served", () => quiet());

  test(`after every round of random changes, each holds what is served (${rounds} rounds)`, async (t) => {
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < changesInARound; index++) {
        catalog.change();
        if (index % 5 === 0) catalog.write();
        if (index % 5 === 0) await sleep(30);
      }
      catalog.write();
      await quiet();
    }
    t.diagnostic(
      `${rounds * changesInARound} changes; the incremental client took ${(await clients.get("istio-mcp, increments")!.held()).responses} answers`,
    );
  });

  test(`killed with -9 and started again, ${kills} times, under changes: each connects again and holds what is served`, async () => {
    for (let time = 0; time < kills; time++) {
      await tributary.kill();
      // Istio's delta client keeps what left while it was away, so nothing leaves meanwhile.
      await tributary.restart();
      for (let index = 0; index < 3; index++) catalog.change();
      catalog.write();
      for (const name of ["istio-mcp, increments", "istio-mcp, full state"]) {
        await eventually(`${name} is connected again`, async () => ((await clients.get(name)!.held()).connects ?? 0) > time + 1);
      }
    }
    clients.get("Istio, delta")?.stop();
    clients.delete("Istio, delta");
    await quiet();
  });

  test("what left while a server was away is gone for them", async () => {
    await tributary.kill();
    for (let index = 0; index < 30; index++) catalog.change();
    catalog.write();
    await tributary.restart();
    await quiet();
  });

  test("istioctl x internal-debug shows who is connected, and what is served", async (t) => {
    const istioctl = await installIstioctl();
    // It asks for nothing there, but will not start without.
    const kubernetes = await KubeApi.start();
    t.after(() => kubernetes.stop());
    const kubeconfig = path.join(mkdtempSync(path.join(tmpdir(), "istioctl-")), "kubeconfig");
    writeFileSync(kubeconfig, kubernetes.kubeconfig);
    t.after(() => rmSync(path.dirname(kubeconfig), { recursive: true }));
    const show = async (...args: string[]) => {
      const address = ["--xds-address", tributary.address, "--plaintext", "--kubeconfig", kubeconfig];
      const { stdout } = await promisify(execFile)(istioctl, ["x", "internal-debug", ...args, ...address], { timeout: 60_000 });
      return stdout;
    };
    assert.match(await show("--list"), /configz/);
    const connected = JSON.parse(await show("syncz")) as { protocol: string }[];
    assert.ok(connected.some(({ protocol }) => protocol === "incremental"));
    assert.equal((JSON.parse(await show("configz")) as unknown[]).length, catalog.size);
  });
});

suite("a client of istio-mcp with its default limit, and more than it takes", { concurrency: false }, () => {
  test("is told of in our log, with the variable that it needs; with it, it holds everything", async (t) => {
    const catalog = new FileCatalog({ services: 1_000, instances: 100 });
    const tributary = await Tributary.start({ registries: [catalog.registry], incremental: true });
    t.after(() => tributary.stop());
    t.after(() => catalog.remove());
    const server = `127.0.0.1:${tributary.incrementalPort}`;
    const small = await XdsGoClient.istioMcp({ server, incremental: true });
    t.after(() => small.stop());
    await eventually("the warning", () => /MCP_XDS_GRPC_MAXRECVMSGSIZE/.test(tributary.output()));
    const large = await XdsGoClient.istioMcp({ server, incremental: true, maxMessage: 64 * 1024 * 1024 });
    t.after(() => large.stop());
    await eventually("everything", async () => Object.keys(await large.ofKind("ServiceEntry")).length === 1_000);
    assert.equal(Object.keys(await small.ofKind("ServiceEntry")).length, 0);
  });
});

function sorted(held: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(held).sort();
}
