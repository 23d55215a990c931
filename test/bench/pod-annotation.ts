/**
 * From the request that changes a pod's annotation at a real API server until a client of delta has the endpoint: with the
 * server's own write, and every process by itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ClusterConnection } from "../../src/registries/kubernetes/connection/cluster-connection.ts";
import { recordsPayload } from "../../src/registries/pod-records/records.ts";
import { KubernetesApi } from "../e2e/servers/kubernetes-api.ts";
import { podObject, providerKey } from "../support/pod-objects.ts";
import { type Bench, type BenchOptions, type Figure, named, quantiles, type Target } from "./figure.ts";
import { markerAddress } from "./load/marker.ts";
import { withServer } from "./load/with-dubbo.ts";
import { sharedNow } from "./measuring/clock.ts";

const interfaces = 100;
const samples = 100;
/** Least ms between two. */
const pause = 20;
/** The server's start is over, in ms after the first answer. */
const settle = 1_000;
const folder = "/api/v1/namespaces/default/pods";

export interface PodAnnotationOptions {
  readonly name: string;
  readonly pods: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function podAnnotation({ name, pods, targets }: PodAnnotationOptions): Bench {
  return named(name, targets, (options) => measure(pods, options));
}

async function measure(pods: number, { say }: BenchOptions): Promise<Figure[]> {
  // Servers do not keep the process that started them, which has to see them end.
  const alive = setInterval(() => {}, 60_000);
  const { apis, stop } = await KubernetesApi.start("a");
  const api = apis[0]!;
  const configs = mkdtempSync(path.join(tmpdir(), "tributary-bench-"));
  try {
    await api.bulk(new Map(Array.from({ length: pods }, (_, n) => [`${folder}/pod-${n}`, described(n)])));
    say(`${pods} pods of ${interfaces} interfaces at the API server`);
    const kubeconfig = path.join(configs, "a.yaml");
    writeFileSync(kubeconfig, api.kubeconfig());
    const registries = [{ id: "pods", type: "dubbo-pods", foreignAddresses: true }];
    const clusters = { list: [{ id: "a", kubeconfig }] };
    return await withServer({ registries, clusters, protocol: "delta" }, async (server, client) => {
      await client.connect(server.xdsPort);
      await sleep(settle);
      const connection = new ClusterConnection(api.credential(), 10_000);
      const lags: number[] = [];
      for (let marker = 0; marker < samples; marker += 1) {
        await sleep(pause + Math.random() * 20);
        const { metadata } = described(marker, markerAddress(marker));
        const text = JSON.stringify({ metadata: { annotations: metadata.annotations } });
        const sent = sharedNow();
        await connection.json({ path: `${folder}/pod-${marker}`, method: "PATCH", body: { type: "application/merge-patch+json", text } });
        await client.until(`annotation ${marker} arrives`, () => client.added.has(marker), 10_000);
        lags.push(client.added.get(marker)! - sent);
      }
      connection.close();
      return [...quantiles("annotation → delta", lags), { name: "annotation → delta, samples", value: lags.length, unit: "" }];
    });
  } finally {
    await stop();
    clearInterval(alive);
    rmSync(configs, { recursive: true, force: true });
  }
}

/** @param more the address of one more provider that the pod registers */
function described(n: number, more?: string) {
  const own = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  const addresses = more === undefined ? [own] : [own, more];
  const keys = addresses.map((address) => providerKey(`com.acme.Service${n % interfaces}`, address, 20_880));
  return podObject(`pod-${n}`, {
    namespace: "default",
    addresses: [own],
    labels: { "dubbo.io/label": "dubbo.io.provider" },
    annotations: { "dubbo.io/annotation": recordsPayload(keys.map((k) => ({ k, v: "" }))) },
  });
}
