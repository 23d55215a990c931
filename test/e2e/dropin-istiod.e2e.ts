/** Beside a real istiod: a large mixed catalog, the order of the start, shards, and several of us at once. */
import assert from "node:assert/strict";
import path from "node:path";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSeconds } from "../bench/measuring/process-usage.ts";
import { decodeDiscoveryResponse } from "../support/google-protobuf-decoder.ts";
import { XdsProbe } from "../support/xds-probe.ts";
import { bundledProgram } from "./install/bundle.ts";
import { eventually } from "./servers/eventually.ts";
import { FileCatalog } from "./servers/file-catalog.ts";
import { freePorts } from "./servers/free-port.ts";
import { Istiod } from "./servers/istiod.ts";
import { SidecarClient } from "./servers/sidecar-client.ts";
import { Tributary } from "./servers/tributary.ts";
import { full } from "./tier.ts";

const serviceEntries = "networking.istio.io/v1/ServiceEntry";

test("500 mixed services and more: istiod accepts every one, and a sidecar sees it", async (t) => {
  const catalog = new FileCatalog({ services: 500, instances: 3 });
  const istiod = await Istiod.prepare();
  const registries = [
    catalog.registry,
    { id: "mixed", type: "file", path: path.join(import.meta.dirname, "catalogs/mixed") },
    { id: "names", type: "file", path: path.join(import.meta.dirname, "catalogs/host-names"), hostNames: "dns" },
  ];
  const tributary = await Tributary.start({ registries, istiod: istiod.ports, readBackAfter: "1s", program: await bundledProgram() });
  t.after(async () => {
    await istiod.stop();
    await tributary.stop();
    catalog.remove();
  });
  await istiod.start(tributary.address);
  const metrics = await eventually("the read-back", async () => {
    const now = await tributary.metrics();
    return now.sum("tributary_readback_successes_total") >= 1 && now;
  });
  const served = metrics.sum("tributary_resources");
  assert.ok(served > 510, `${served} objects`);
  assert.equal(metrics.sum("tributary_readback_resources", { state: "accepted" }), served);
  assert.equal(metrics.sum("tributary_readback_resources"), served);
  const sidecar = new SidecarClient(`127.0.0.1:${istiod.ports.grpc}`);
  t.after(() => sidecar.close());
  const hosts = [...(await istiod.serviceEntries()).values()].flatMap(({ spec }) => (spec.ports ? (spec.hosts as string[]) : []));
  const missing = () => {
    const seen = new Set(sidecar.clusters.map((cluster) => cluster.split("|").at(-1)));
    return hosts.filter((host) => !seen.has(host));
  };
  await sidecar.until("every host has a cluster", () => missing().length === 0).catch(() => assert.deepEqual(missing(), []));
  t.diagnostic(`${served} objects accepted, ${sidecar.clusters.length} clusters at the sidecar`);
});

test("istiod without us ends; with us first it is synced", async (t) => {
  const catalog = new FileCatalog({ services: 5 });
  const istiod = await Istiod.prepare();
  const [nobody] = await freePorts(1);
  istiod.launch(`127.0.0.1:${nobody}`);
  const { code } = await istiod.exited;
  assert.notEqual(code, 0);
  const tributary = await Tributary.start({ registries: [catalog.registry], istiod: istiod.ports });
  t.after(async () => {
    await istiod.stop();
    await tributary.stop();
    catalog.remove();
  });
  await istiod.start(tributary.address);
  assert.equal((await istiod.serviceEntries()).size, 5);
});

test("three of us, started at different times, serve equal bytes", async (t) => {
  const catalog = new FileCatalog({ services: 100 });
  const replicas: Tributary[] = [];
  t.after(async () => {
    for (const replica of replicas) await replica.stop();
    catalog.remove();
  });
  for (let index = 0; index < 3; index++) {
    replicas.push(await Tributary.start({ registries: [catalog.registry] }));
    for (let change = 0; change < 10; change++) catalog.change();
    catalog.write();
    await eventually("the changes are served", async () => (await stateOf(replicas.at(-1)!)).length === catalog.size);
  }
  const digests = async () =>
    Promise.all(replicas.map(async (each) => (await each.metrics()).find("tributary_state_digest")[0]?.labels.digest));
  await eventually("all have read the same", async () => new Set(await digests()).size === 1);
  const [first, ...others] = await Promise.all(replicas.map(stateOf));
  for (const other of others) assert.deepEqual(other, first);
});

suite("shards", { concurrency: false }, () => {
  const services = full ? 5_000 : 600;
  const changes = full ? 20 : 5;
  const bytes = new Map<number, number>();
  for (const shards of [1, 4]) {
    test(`${services} services, ${shards} shard${shards > 1 ? "s" : ""}: bytes and istiod's CPU per change`, async (t) => {
      const catalog = new FileCatalog({ services, instances: 10 });
      const istiod = await Istiod.prepare();
      const tributary = await Tributary.start({
        registries: [catalog.registry],
        istiod: istiod.ports,
        shards,
        program: await bundledProgram(),
      });
      t.after(async () => {
        await istiod.stop();
        await tributary.stop();
        catalog.remove();
      });
      await istiod.start(...tributary.addresses);
      assert.equal((await istiod.serviceEntries()).size, services);
      const sent = async () =>
        (await tributary.metrics()).sum("tributary_xds_push_bytes_total", { type: "networking.istio.io/ServiceEntry" });
      const acknowledged = async () => (await tributary.metrics()).sum("tributary_change_ack_seconds_count");
      await sleep(500);
      const before = { bytes: await sent(), cpu: cpuSeconds(istiod.pid) };
      for (let change = 0; change < changes; change++) {
        const acks = await acknowledged();
        catalog.touch();
        catalog.write();
        await eventually("istiod has it", async () => (await acknowledged()) > acks, { every: 20 });
      }
      // istiod's own push follows 100 ms later.
      await sleep(500);
      const perChange = ((await sent()) - before.bytes) / changes;
      bytes.set(shards, perChange);
      const cpu = (cpuSeconds(istiod.pid) - before.cpu) / changes;
      t.diagnostic(`${Math.round(perChange / 1_000)} kB and ${Math.round(cpu * 1_000)} ms of istiod's CPU per change`);
    });
  }

  test("four shards send about a quarter", () => {
    const ratio = bytes.get(4)! / bytes.get(1)!;
    assert.ok(ratio > 0.15 && ratio < 0.35, `${ratio}`);
  });
});

/** Everything of a full-state answer that does not depend on the stream: name, version and bytes. */
async function stateOf(tributary: Tributary): Promise<string[]> {
  using probe = new XdsProbe(tributary.address);
  probe.send({ typeUrl: serviceEntries });
  const { resources } = await probe.response(0);
  const names = decodeDiscoveryResponse(probe.raw[0]!).resources;
  return resources.map(({ value }, index) => `${names[index]!.name} ${names[index]!.version} ${Buffer.from(value).toString("base64")}`);
}
