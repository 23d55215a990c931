/** One probe per cluster, run beside the places that clusters come from. */
import { isDeepStrictEqual } from "node:util";
import type { ClustersConfig } from "../../config/schema.ts";
import type { RegistryStatus } from "../../registries/feed.ts";
import type { RegistrySpec } from "../../registries/supervision/supervised-registry.ts";
import type { Supervisor } from "../../registries/supervision/supervisor.ts";
import type { KnownCluster } from "../known-cluster.ts";
import { clustersWorker } from "../places/places.ts";
import type { ProbeSettings } from "./probe-session.ts";

const session = new URL("./probe-session.ts", import.meta.url);
const prefix = "probe/";

export class HealthProbes {
  readonly #supervisor: Supervisor;
  readonly #settings = new Map<string, ProbeSettings>();
  readonly #statuses = new Map<string, RegistryStatus>();
  readonly #recovered: (cluster: string) => void;

  /** @param recovered an unhealthy cluster became healthy */
  constructor(supervisor: Supervisor, recovered: (cluster: string) => void) {
    this.#supervisor = supervisor;
    this.#recovered = recovered;
  }

  /** Whether a word is about one of the probes. */
  static isProbe(source: string): boolean {
    return source.startsWith(prefix);
  }

  /** `starting`: no verdict yet; `live`: healthy; `stale`: unhealthy. */
  health(cluster: string): RegistryStatus | undefined {
    return this.#statuses.get(cluster);
  }

  /** Probes exactly these from now on. */
  set(clusters: readonly KnownCluster[], { interval, timeout, unhealthyThreshold, healthyThreshold }: ClustersConfig["health"]): void {
    const wanted = new Set(clusters.map(({ credential }) => credential.id));
    for (const id of [...this.#settings.keys()]) if (!wanted.has(id)) this.#remove(id);
    for (const { credential } of clusters) {
      const settings: ProbeSettings = { cluster: credential, interval, timeout, unhealthyThreshold, healthyThreshold };
      const before = this.#settings.get(credential.id);
      if (isDeepStrictEqual(before, settings)) continue;
      this.#settings.set(credential.id, settings);
      const spec: RegistrySpec = { id: `${prefix}${credential.id}`, session, settings, worker: clustersWorker };
      if (before === undefined) this.#supervisor.add(spec);
      else this.#supervisor.replace(spec);
    }
  }

  /** What the supervisor says of a probe. */
  told(source: string, status: RegistryStatus): void {
    const cluster = source.slice(prefix.length);
    if (!this.#settings.has(cluster)) return;
    const before = this.#statuses.get(cluster);
    this.#statuses.set(cluster, status);
    if (before?.phase === "stale" && status.phase === "live") this.#recovered(cluster);
  }

  #remove(id: string): void {
    this.#settings.delete(id);
    this.#statuses.delete(id);
    void this.#supervisor.remove(`${prefix}${id}`);
  }
}
