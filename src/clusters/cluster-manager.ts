/**
 * Knows the clusters: reads the places they come from, decides who owns each, probes their health, and tells the
 * registries that read from them whenever one was added, removed or given another credential. The reading and probing
 * is done in a worker; nothing here waits for an API server.
 */
import { isDeepStrictEqual } from "node:util";
import type { ClustersConfig } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import type { Feed, RegistryStatus } from "../registries/feed.ts";
import type { KnownProblem } from "../registries/supervision/problem-log.ts";
import type { RegistrySpec } from "../registries/supervision/supervised-registry.ts";
import { Supervisor } from "../registries/supervision/supervisor.ts";
import type { SupervisorOptions } from "../registries/supervision/supervisor-options.ts";
import { type ClusterSet, noClusters } from "./cluster-set.ts";
import type { ClusterCredential } from "./credential.ts";
import { HealthProbes } from "./health/health-probes.ts";
import type { KnownCluster } from "./known-cluster.ts";
import type { ClusterItem } from "./offer.ts";
import { type PlaceName, placeNames, placeSpec, placesIn } from "./places/places.ts";
import { ClusterRoster, type RosterCluster } from "./roster.ts";
import { attributesOf, defaultCluster, isEnabled, knownCluster } from "./settled.ts";

export interface ClusterManagerEvents {
  changed(set: ClusterSet): void;
  /** A cluster answers again: whoever waits to try once more need not wait any longer. */
  recovered(cluster: string): void;
}

export interface PlaceReport {
  readonly name: PlaceName;
  readonly status: RegistryStatus;
  /** Newest first. */
  readonly problems: readonly KnownProblem[];
}

export interface ClusterReport extends RosterCluster {
  /** Absent: it cannot be used, or is not enabled. */
  readonly known: KnownCluster | undefined;
  /** Its last probes' verdict: `starting`, `live` or `stale`; absent: it is not probed. */
  readonly health: RegistryStatus | undefined;
  /** Its connections were made anew so often: after it was out of reach, or with another credential. */
  readonly renewals: number;
  /** Epoch ms since when it is known. */
  readonly since: number;
}

export class ClusterManager {
  readonly #events: ClusterManagerEvents;
  readonly #log: Logger;
  readonly #roster = new ClusterRoster(placeNames);
  readonly #supervisor: Supervisor;
  readonly #probes: HealthProbes;
  readonly #specs = new Map<PlaceName, RegistrySpec>();
  /** By id, of every cluster there is. */
  readonly #history = new Map<string, { readonly since: number; renewals: number }>();
  #config: ClustersConfig;
  #set: ClusterSet;
  #deciding: NodeJS.Immediate | undefined;

  /** Reads the places at once. What it finds is told later, never before this returns. */
  constructor(config: ClustersConfig, log: Logger, events: ClusterManagerEvents, options: Partial<SupervisorOptions> = {}) {
    this.#config = config;
    this.#set = { ...noClusters, isComplete: placesIn(config).length === 0, attributesOf: (id) => attributesOf(config, id) };
    this.#log = log;
    this.#events = events;
    this.#supervisor = new Supervisor(this.#feed(), placeLogger(log), options);
    this.#probes = new HealthProbes(this.#supervisor, (id) => this.#recovered(id));
    this.#readPlaces();
    this.#decideSoon();
  }

  /** What is known at the moment. */
  get set(): ClusterSet {
    return this.#set;
  }

  /** The cluster in which remote secrets are read. */
  get default(): string | undefined {
    return defaultCluster(this.#config);
  }

  /** After this time, a cluster that was not listed is late; ms. */
  get syncTimeout(): number {
    return this.#config.syncTimeout;
  }

  /** All clusters, also those that cannot be used. */
  list(): readonly ClusterReport[] {
    return this.#roster.clusters().map((cluster) => this.#report(cluster));
  }

  get(id: string): ClusterReport | undefined {
    return this.list().find((cluster) => cluster.id === id);
  }

  places(): readonly PlaceReport[] {
    return [...this.#specs.keys()].flatMap((name) => {
      const status = this.#supervisor.status(name);
      return status ? [{ name, status, problems: this.#supervisor.problems(name) }] : [];
    });
  }

  /** Takes over another configuration. Clusters of a place that is no longer named leave at once. */
  configure(config: ClustersConfig): void {
    this.#config = config;
    this.#readPlaces();
    this.#decideSoon();
  }

  async stop(): Promise<void> {
    clearImmediate(this.#deciding);
    await this.#supervisor.stop();
  }

  #feed(): Feed {
    return {
      upsert: (place, key, text) => {
        this.#roster.offer(place, key, (JSON.parse(text) as ClusterItem).cluster);
        this.#decideSoon();
      },
      remove: (place, key) => {
        this.#roster.withdraw(place, key);
        this.#decideSoon();
      },
      listed: (source, keys) => {
        if (HealthProbes.isProbe(source)) return;
        this.#roster.retain(source, keys);
        this.#decideSoon();
      },
      status: (source, status) => {
        if (HealthProbes.isProbe(source)) this.#probes.told(source, status);
        else this.#decideSoon();
      },
      // Counted and kept by the supervisor.
      problem() {},
    };
  }

  /** Runs exactly the places that are configured, with what they need to know now. */
  #readPlaces(): void {
    const wanted = new Set(placesIn(this.#config));
    for (const name of [...this.#specs.keys()]) {
      if (wanted.has(name)) continue;
      this.#specs.delete(name);
      void this.#supervisor.remove(name);
      this.#roster.retain(name, new Set());
    }
    for (const name of wanted) {
      const spec = placeSpec(name, this.#config, this.#defaultCredential());
      const before = this.#specs.get(name);
      if (before !== undefined && isDeepStrictEqual(before, spec)) continue;
      this.#specs.set(name, spec);
      if (before === undefined) this.#supervisor.add(spec);
      else this.#supervisor.replace(spec);
    }
  }

  #defaultCredential(): ClusterCredential | undefined {
    const id = this.default;
    return this.#set.clusters.find(({ credential }) => credential.id === id)?.credential;
  }

  /** Once for all that is told in one turn of the event loop. */
  #decideSoon(): void {
    this.#deciding ??= setImmediate(() => {
      this.#deciding = undefined;
      this.#decide();
    });
  }

  #decide(): void {
    const before = this.#set;
    const isComplete = [...this.#specs.keys()].every((name) => this.#supervisor.status(name)?.synced === true);
    if (isComplete) this.#roster.settle();
    const config = this.#config;
    const there = this.#roster.clusters().filter(({ id }) => isEnabled(config, id));
    const clusters = there.flatMap((cluster) => (cluster.access === undefined ? [] : [knownCluster(config, cluster, cluster.access)]));
    const unusable = there.filter(({ access }) => access === undefined).map(({ id }) => id);
    this.#set = { isComplete, clusters, unusable, attributesOf: (id) => attributesOf(config, id) };
    this.#remember(before.clusters, clusters);
    if (isSame(before, this.#set)) return;
    this.#probes.set(clusters, config.health);
    // It may be the first time that the local cluster is known, or it has another credential.
    this.#readPlaces();
    this.#events.changed(this.#set);
  }

  #remember(before: readonly KnownCluster[], now: readonly KnownCluster[]): void {
    const credentials = new Map(before.map(({ credential }) => [credential.id, credential]));
    for (const id of [...this.#history.keys()]) if (!now.some(({ credential }) => credential.id === id)) this.#forget(id);
    for (const { credential } of now) {
      const { id } = credential;
      const known = this.#history.get(id);
      if (known === undefined) {
        this.#history.set(id, { since: Date.now(), renewals: 0 });
        const own = credential.local ? ": istiod's own, whose Services are served only where a registry has `ownCluster: true`" : "";
        this.#log.info({ cluster: id }, `cluster ${id} is known${own}`);
      } else if (!isDeepStrictEqual(credentials.get(id), credential)) {
        known.renewals += 1;
        this.#log.info({ cluster: id }, `cluster ${id} has another credential or other settings`);
      }
    }
  }

  #forget(id: string): void {
    this.#history.delete(id);
    this.#log.info({ cluster: id }, `cluster ${id} is gone, and what came from it is withdrawn`);
  }

  #recovered(id: string): void {
    const known = this.#history.get(id);
    if (known !== undefined) known.renewals += 1;
    this.#log.info({ cluster: id }, `cluster ${id} answers again`);
    this.#events.recovered(id);
  }

  #report(cluster: RosterCluster): ClusterReport {
    const { since = 0, renewals = 0 } = this.#history.get(cluster.id) ?? {};
    const known = this.#set.clusters.find(({ credential }) => credential.id === cluster.id);
    return { ...cluster, known, health: this.#probes.health(cluster.id), renewals, since };
  }
}

/** What the supervisor calls a registry is a place here, or a probe. */
function placeLogger(log: Logger): Logger {
  const renamed = ({ registry, ...fields }: { registry?: unknown }) => ({ place: registry, ...fields });
  return {
    debug: (fields, message) => log.debug(renamed(fields), message),
    info: (fields, message) => log.info(renamed(fields), message),
    warn: (fields, message) => log.warn(renamed(fields), message),
    error: (fields, message) => log.error(renamed(fields), message),
  };
}

function isSame(one: ClusterSet, other: ClusterSet): boolean {
  const told = ({ isComplete, clusters, unusable }: ClusterSet) => ({ isComplete, clusters, unusable });
  return isDeepStrictEqual(told(one), told(other));
}
