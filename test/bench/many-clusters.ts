/**
 * Many small clusters, which share one worker: what they cost, and whether one that changes all the time keeps the others
 * waiting. The API servers are fakes in this process: twenty real ones would measure themselves.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FakeKubernetes } from "../support/fake-kubernetes/server.ts";
import type { ClientProcess } from "./client/client-process.ts";
import { type Bench, type Figure, named, quantiles, type Target } from "./figure.ts";
import { type ClusterSize, markedSlice, servicesOf } from "./load/cluster-services.ts";
import { withServer } from "./load/with-dubbo.ts";
import { sharedNow } from "./measuring/clock.ts";
import { memory } from "./measuring/process-usage.ts";
import { quantile } from "./measuring/quantile.ts";
import type { ServerProcess } from "./program/server-process.ts";

const slices = "endpointslices.discovery.k8s.io";
/** Of the busy cluster, a second. */
const flood = 500;
/** Changes in a quiet cluster, and the ms between two. */
const samples = 100;
const pause = 30;
const settle = 3_000;

export interface ManyClustersOptions extends ClusterSize {
  readonly name: string;
  readonly clusters: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function manyClusters({ name, targets, clusters, ...size }: ManyClustersOptions): Bench {
  return named(name, targets, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "bench-clusters-"));
    const fakes = await Promise.all(Array.from({ length: clusters }, (_, number) => start(size, number)));
    try {
      const list = fakes.map((fake, number) => ({ id: `c${number}`, kubeconfig: kubeconfig(folder, number, fake.url) }));
      const server = { registries: [{ id: "k8s", type: "kubernetes" }], clusters: { list }, probe: true, protocol: "delta" } as const;
      return await withServer(server, (program, client) => measure(size, fakes, program, client));
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await Promise.all(fakes.map((fake) => fake.shutDown()));
    }
  });
}

async function measure(
  size: ClusterSize,
  fakes: readonly FakeKubernetes[],
  server: ServerProcess,
  client: ClientProcess,
): Promise<Figure[]> {
  const first = await client.connect(server.xdsPort);
  const { services, endpoints } = await client.inspect();
  if (services !== size.services || endpoints !== size.services * size.endpoints * fakes.length) {
    throw new Error(`the client holds ${services} services with ${endpoints} endpoints`);
  }
  await sleep(settle);
  const { resident } = memory(server.pid);
  const alone = await changes(size, fakes, client, 0);
  await server.loopDelay();
  const stop = busy(size, fakes[0]!);
  const beside = await changes(size, fakes, client, samples);
  stop();
  const loop = await server.loopDelay();
  return [
    { name: "process start → first answer", value: first.at - server.startedAt, unit: "ms" },
    { name: "resident, settled", value: resident, unit: "MiB" },
    { name: "resident, peak", value: memory(server.pid).peak, unit: "MiB" },
    ...quantiles("a quiet cluster's change → delta", alone),
    { name: `the same beside ${flood} changes/s of another, p50`, value: quantile(beside, 0.5), unit: "ms" },
    { name: `the same beside ${flood} changes/s of another, p99`, value: quantile(beside, 0.99), unit: "ms" },
    { name: "event loop blocked, max", value: loop.max, unit: "ms" },
  ];
}

/** One at a time, in the last cluster. */
async function changes(size: ClusterSize, fakes: readonly FakeKubernetes[], client: ClientProcess, from: number): Promise<number[]> {
  const lags: number[] = [];
  for (let marker = from; marker < from + samples; marker += 1) {
    await sleep(pause);
    const number = marker % Math.min(size.services, samples);
    const written = sharedNow();
    fakes.at(-1)!.objects.put(slices, markedSlice(size, number, marker, fakes.length - 1).object as never);
    await client.until(`endpoint ${marker} arrives`, () => client.added.has(marker), 10_000);
    lags.push(client.added.get(marker)! - written);
  }
  return lags;
}

/** A cluster in which some slice changes all the time. */
function busy(size: ClusterSize, fake: FakeKubernetes): () => void {
  let done = 0;
  const begun = performance.now();
  const timer = setInterval(() => {
    for (const due = ((performance.now() - begun) / 1_000) * flood; done < due; done += 1) {
      const change = markedSlice(size, done % size.services, 10_000 + (done % 1_000));
      fake.objects.put(slices, change.object as never);
    }
    // What nobody resumes from is not worth its memory.
    if (done % 1_000 === 0) fake.objects.compact();
  }, 10);
  return () => clearInterval(timer);
}

async function start(size: ClusterSize, number: number): Promise<FakeKubernetes> {
  const fake = await FakeKubernetes.start();
  for (const [where, object] of servicesOf(size, number)) {
    fake.objects.put(where.startsWith("/api/v1") ? "services" : slices, object as never);
  }
  return fake;
}

function kubeconfig(folder: string, number: number, server: string): string {
  const file = path.join(folder, `c${number}.yaml`);
  writeFileSync(file, JSON.stringify({ clusters: [{ name: `c${number}`, cluster: { server } }], users: [], contexts: [] }));
  return file;
}
