/** Kubernetes Services: one large cluster behind a real API server, the program as its users start it, and a client. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesApi } from "../e2e/servers/kubernetes-api.ts";
import type { ClientProcess } from "./client/client-process.ts";
import { type Bench, type BenchOptions, type Figure, named, quantiles, type Target } from "./figure.ts";
import { type ClusterSize, markedSlice, servicesOf } from "./load/cluster-services.ts";
import { withServer } from "./load/with-dubbo.ts";
import { sharedNow } from "./measuring/clock.ts";
import { memory } from "./measuring/process-usage.ts";
import { median } from "./measuring/quantile.ts";
import type { ServerOptions, ServerProcess } from "./program/server-process.ts";

/** Memory is looked at this long after the first answer, in ms. */
const settle = 3_000;
/** Changes one at a time, and the ms between two. */
const samples = 50;
const pause = 30;

export interface KubernetesOptions extends ClusterSize {
  readonly name: string;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

interface Run {
  readonly firstAnswer: number;
  readonly resident: number;
  readonly peak: number;
}

export function kubernetes({ name, targets, ...size }: KubernetesOptions): Bench {
  return named(name, targets, (options) => measure(size, options));
}

async function measure(size: ClusterSize, { runs, say }: BenchOptions): Promise<Figure[]> {
  const { apis, stop } = await KubernetesApi.start("large");
  const folder = mkdtempSync(path.join(tmpdir(), "bench-kubernetes-"));
  try {
    const api = apis[0]!;
    await api.namespace("shop");
    await api.bulk(servicesOf(size));
    const kubeconfig = path.join(folder, "large.yaml");
    writeFileSync(kubeconfig, api.kubeconfig());
    say(`${size.services} × ${size.endpoints} endpoints in one API server`);
    const server: ServerOptions = {
      registries: [{ id: "k8s", type: "kubernetes" }],
      clusters: { list: [{ id: "large", kubeconfig }] },
    };
    const all: Run[] = [];
    for (let run = 1; run <= runs; run += 1) {
      const measured = await withServer(server, (program, client) => single(size, program, client));
      all.push(measured);
      say(`run ${run}: ${measured.firstAnswer.toFixed(0)} ms, ${measured.resident.toFixed(0)} MiB, peak ${measured.peak.toFixed(0)} MiB`);
    }
    const changes = await withServer({ ...server, probe: true, protocol: "delta" }, (program, client) =>
      change(size, api, program, client),
    );
    const of = (key: keyof Run) => median(all.map((run) => run[key]));
    return [
      { name: "process start → first answer", value: of("firstAnswer"), unit: "ms" },
      { name: "resident, settled", value: of("resident"), unit: "MiB" },
      { name: "resident, peak", value: of("peak"), unit: "MiB" },
      ...changes,
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await stop();
  }
}

async function single(size: ClusterSize, server: ServerProcess, client: ClientProcess): Promise<Run> {
  const first = await client.connect(server.xdsPort);
  const { services, endpoints } = await client.inspect();
  if (services !== size.services || endpoints !== size.services * size.endpoints) {
    throw new Error(`the client holds ${services} services with ${endpoints} endpoints`);
  }
  await sleep(settle);
  const { resident, peak } = memory(server.pid);
  return { firstAnswer: first.at - server.startedAt, resident, peak };
}

/** Slices change one after the other, each of another service. */
async function change(size: ClusterSize, api: KubernetesApi, server: ServerProcess, client: ClientProcess): Promise<Figure[]> {
  await client.connect(server.xdsPort);
  await sleep(settle);
  await server.loopDelay();
  const lags: number[] = [];
  for (let marker = 0; marker < samples; marker += 1) {
    await sleep(pause);
    const { path: where, object } = markedSlice(size, marker, marker);
    await api.apply(where, object);
    const written = sharedNow();
    await client.until(`endpoint ${marker} arrives`, () => client.added.has(marker), 10_000);
    // It may be there before the API server has confirmed it to us.
    lags.push(Math.max(0, client.added.get(marker)! - written));
  }
  const loop = await server.loopDelay();
  return [...quantiles("change → delta", lags), { name: "event loop blocked, max", value: loop.max, unit: "ms" }];
}
