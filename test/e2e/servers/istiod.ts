/** A real istiod whose source of services is one xDS server, beside a Kubernetes API without any, or a real one with its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installIstiod } from "../install/istiod.ts";
import { Child, type Exit } from "./child.ts";
import { eventually } from "./eventually.ts";
import { accepts, freePorts } from "./free-port.ts";
import { KubeApi } from "./kube-api.ts";
import { readMetrics } from "./metrics.ts";

/** An object as `/debug/configz` tells it. */
export interface AcceptedConfig {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface IstiodPorts {
  /** 8080 in a pod: health and debugging. */
  readonly http: number;
  /** 15014 in a pod: metrics. */
  readonly monitoring: number;
  /** 15010 in a pod: xDS; opens when istiod is synced. */
  readonly grpc: number;
}

/** Ports where no istiod listens as yet; one that should be there and never is counts as one that holds a state. */
export async function freeIstiodPorts(): Promise<IstiodPorts> {
  const [http, monitoring, grpc] = await freePorts(3);
  return { http: http!, monitoring: monitoring!, grpc: grpc! };
}

/** What istiod needs of the cluster that it runs in. */
interface OwnCluster {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

export class Istiod {
  readonly ports: IstiodPorts;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "istiod-"));
  readonly #binary: string;
  /** An API with next to nothing in it, or undefined where a real one takes its place. */
  readonly #kube: KubeApi | undefined;
  readonly #cluster: OwnCluster;
  #child: Child | undefined;

  private constructor(binary: string, cluster: OwnCluster, ports: IstiodPorts) {
    this.#binary = binary;
    this.#cluster = cluster;
    this.#kube = cluster instanceof KubeApi ? cluster : undefined;
    this.ports = ports;
  }

  /** Installs it if need be, and chooses its ports; whoever feeds it may ask for them before it starts. */
  static async prepare(): Promise<Istiod> {
    const binary = await installIstiod();
    return new Istiod(binary, await KubeApi.start(), await freeIstiodPorts());
  }

  /** In a real cluster, whose Services it serves, too. It does not stop with it. */
  static async prepareIn(cluster: { kubeconfig(): string }): Promise<Istiod> {
    const own = { kubeconfig: cluster.kubeconfig(), stop: async () => {} };
    return new Istiod(await installIstiod(), own, await freeIstiodPorts());
  }

  /** Puts a ServiceEntry of a user into Kubernetes, before istiod starts. */
  putServiceEntry(namespace: string, name: string, spec: object): void {
    this.#put("ServiceEntry", "serviceentries", namespace, name, spec);
  }

  /** The same with a DestinationRule. */
  putDestinationRule(namespace: string, name: string, spec: object): void {
    this.#put("DestinationRule", "destinationrules", namespace, name, spec);
  }

  #put(kind: string, plural: string, namespace: string, name: string, spec: object): void {
    const group = "networking.istio.io";
    const definition = `${plural}.${group}`;
    this.#kube?.put(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition}`, { metadata: { name: definition } });
    const path = `/apis/${group}/v1/namespaces/${namespace}/${plural}/${name}`;
    this.#kube?.put(path, { apiVersion: `${group}/v1`, kind, metadata: { name, namespace }, spec });
  }

  /** Starts the process. It exits by itself if nobody answers at a source's address. */
  launch(...sources: readonly string[]): void {
    const meshFile = path.join(this.#folder, "mesh.yaml");
    const kubeconfigFile = path.join(this.#folder, "kubeconfig");
    writeFileSync(
      meshFile,
      JSON.stringify({ configSources: ["k8s://", ...sources.map((source) => `xds://${source}`)].map((address) => ({ address })) }),
    );
    writeFileSync(kubeconfigFile, this.#cluster.kubeconfig);
    this.#child = new Child({
      name: "istiod",
      command: this.#binary,
      args: [
        "discovery",
        `--kubeconfig=${kubeconfigFile}`,
        `--registries=${this.#kube ? "" : "Kubernetes"}`,
        `--meshConfig=${meshFile}`,
        "--networksConfig=/nonexistent",
        `--httpAddr=127.0.0.1:${this.ports.http}`,
        `--monitoringAddr=127.0.0.1:${this.ports.monitoring}`,
        `--grpcAddr=127.0.0.1:${this.ports.grpc}`,
        "--secureGRPCAddr=",
        "--httpsAddr=",
        "--ctrlz_port=0",
        "--log_output_level=default:info,adsc:debug",
      ],
      cwd: this.#folder,
      env: {
        POD_NAME: "istiod-0",
        POD_NAMESPACE: "istio-system",
        REVISION: "default",
        ENABLE_CA_SERVER: "false",
        PILOT_CERT_PROVIDER: "none",
        GOMEMLIMIT: "2GiB",
      },
    });
  }

  /** Starts it and waits until it is synced, which it shows by opening its xDS port. */
  async start(...sources: readonly string[]): Promise<void> {
    this.launch(...sources);
    await this.synced();
  }

  async synced(within = 60_000): Promise<void> {
    const child = this.#running();
    await eventually("istiod is synced", () => accepts(this.ports.grpc), {
      within,
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** True while its xDS port is open. */
  isSynced(): Promise<boolean> {
    return accepts(this.ports.grpc);
  }

  /** Every object that it accepted, of all kinds. With many services a dump takes it seconds. */
  async configz(): Promise<AcceptedConfig[]> {
    return (await this.#debug("configz")) as AcceptedConfig[];
  }

  /** The accepted ServiceEntries by `namespace/name`. */
  async serviceEntries(): Promise<Map<string, AcceptedConfig>> {
    const entries = (await this.configz()).filter(({ kind }) => kind === "ServiceEntry");
    return new Map(entries.map((entry) => [`${entry.metadata.namespace}/${entry.metadata.name}`, entry]));
  }

  /** host → the endpoints' `address:port`, sorted, as istiod will push them to proxies. */
  async endpoints(): Promise<Map<string, string[]>> {
    const shards = (await this.#debug("endpointShardz")) as Record<string, Record<string, { Shards: Record<string, ShardEndpoint[]> }>>;
    const hosts = Object.entries(shards).map(([host, namespaces]): [string, string[]] => [
      host,
      Object.values(namespaces)
        .flatMap(({ Shards }) => Object.values(Shards).flat())
        .map(({ Addresses, EndpointPort }) => `${Addresses[0]}:${EndpointPort}`)
        .sort(),
    ]);
    return new Map(hosts);
  }

  /** The sum over all label sets of one of its metrics; 0 if it has none. */
  async metric(name: string): Promise<number> {
    const metrics = await readMetrics(`http://127.0.0.1:${this.ports.monitoring}/metrics`);
    return metrics.sum(name);
  }

  output(): string {
    return this.#running().output();
  }

  get pid(): number {
    return this.#running().pid;
  }

  get exited(): Promise<Exit> {
    return this.#running().exited;
  }

  /** kill -9; the API beside it goes on, and `launch` starts it again. */
  async kill(): Promise<void> {
    await this.#running().kill();
  }

  /** Ends the process and the API beside it. */
  async stop(): Promise<void> {
    await this.#child?.kill();
    await this.#cluster.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #debug(page: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.ports.http}/debug/${page}`, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`/debug/${page}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  #running(): Child {
    if (this.#child === undefined) throw new Error("istiod was not started");
    return this.#child;
  }
}

interface ShardEndpoint {
  readonly Addresses: readonly string[];
  readonly EndpointPort: number;
}
