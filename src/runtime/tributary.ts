/** One running Tributary: wires the rooms in the direction of the data, and takes over reloads. */

import type { RefusalReason } from "../access/peer.ts";
import type { ServerName } from "../access/refusals.ts";
import type { Inspection } from "../admin/api/inspection.ts";
import type { ApiServer } from "../admin/api-server.ts";
import { Metrics } from "../admin/metrics.ts";
import { metricsObserver } from "../admin/metrics-observer.ts";
import { AdminServer } from "../admin/server.ts";
import type { AdminViews } from "../admin/views.ts";
import type { ConfigDiff } from "../config/diff.ts";
import type { Config } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import { redact } from "../log/redact.ts";
import { ReadBack } from "../read-back/read-back.ts";
import { collectGarbage } from "../registries/supervision/collect-garbage.ts";
import type { XdsListening, XdsServer } from "../xds/port/server.ts";
import { joinedObserver } from "../xds/stream/joined-observer.ts";
import { adminViews } from "./admin-views.ts";
import { inspectionOf } from "./inspection.ts";
import type { LiveConfig } from "./live-config.ts";
import { MemoryReturn } from "./memory-return.ts";
import { remindOfFreeze } from "./operator/freeze-reminder.ts";
import { Operator } from "./operator/operator.ts";
import { Pipeline } from "./pipeline.ts";
import { RunTimeChanges } from "./run-time-changes.ts";
import type { StartedRegistries } from "./started-registries.ts";

export interface TributaryOptions {
  /** The registries of the configuration, if their workers run already. */
  readonly started?: StartedRegistries;
  readonly log: Logger;
  readonly version: string;
}

export interface Listening {
  readonly xds: XdsListening;
  readonly metrics: { readonly address: string; readonly port: number };
  readonly admin: { readonly address: string; readonly port: number };
}

export class Tributary {
  readonly pipeline: Pipeline;
  readonly #options: TributaryOptions;
  readonly #metrics: Metrics;
  readonly #views: AdminViews;
  readonly #admin: AdminServer;
  readonly #readBack: ReadBack | undefined;
  readonly #live: LiveConfig;
  readonly #memory = new MemoryReturn(() => {
    collectGarbage();
    this.pipeline.supervisor.collectGarbage();
  });
  readonly #operator: Operator;
  readonly #endReminder: () => void;
  #xds: XdsServer | undefined;
  #api: ApiServer | undefined;
  #istioctlPages: ((name: string) => string | undefined) | undefined;
  #listening = false;

  /** Starts the registries' workers at once; ports open with `listen`. `live`: whoever owns it calls `reload` when it changes. */
  constructor(live: LiveConfig, options: TributaryOptions) {
    const { loaded } = live;
    this.#live = live;
    this.#options = options;
    this.pipeline = new Pipeline(loaded.config, options.log, options.started);
    this.#operator = new Operator(this.pipeline, options.log);
    this.#endReminder = remindOfFreeze(() => this.#operator.standing("frozen"), options.log);
    const { readBack } = loaded.config;
    this.#readBack = readBack.enabled ? new ReadBack({ source: this.pipeline.store, settings: readBack, log: options.log }) : undefined;
    this.#views = adminViews(
      this.pipeline,
      () => (this.#listening ? this.#xds : undefined),
      (text) => redact(text, this.#live.loaded.secrets),
      this.#readBack?.view,
    );
    this.#metrics = new Metrics(this.#views, options.version);
    this.pipeline.onPublished((seenAt) =>
      this.#metrics.histogram("tributary_change_publish_seconds").observe(Math.max(0, Date.now() - seenAt) / 1000),
    );
    this.#admin = new AdminServer(loaded.config.metrics, this.#metrics, this.#views);
  }

  /** Opens the ports: xDS first, because istiod waits for nothing else. @throws TributaryError BIND_* */
  async listen(): Promise<Listening> {
    const { config } = this.#live.loaded;
    // Loaded after the workers were started: they connect and list meanwhile.
    const { XdsServer } = await import("../xds/port/server.ts");
    this.#xds = new XdsServer({
      source: this.pipeline.store,
      settings: config.xds,
      completeness: this.pipeline.completeness,
      log: this.#options.log,
      observer: joinedObserver(metricsObserver(this.#metrics), this.#memory.observer, ...(this.#readBack ? [this.#readBack.observer] : [])),
      identity: `tributary/${this.#options.version}`,
      access: this.#access(),
      debugPages: (name) => this.#istioctlPages?.(name),
    });
    const xds = await this.#xds.listen();
    this.#listening = true;
    const { completeness, publisher } = this.pipeline;
    completeness.whenComplete(() => publisher.whenProved(() => this.#memory.soon()));
    const metrics = await this.#admin.listen();
    const admin = await this.#listenForApi({ xds, metrics });
    return { xds, metrics, admin };
  }

  #access() {
    const refused = this.#metrics.counter("tributary_refused_connections_total");
    return { onRefused: (server: ServerName, reason: RefusalReason) => refused.inc({ server, reason }) };
  }

  async #listenForApi(others: Omit<Listening, "admin">): Promise<Listening["admin"]> {
    const { ApiServer } = await import("../admin/api-server.ts");
    const { istioctlPage } = await import("../admin/api/istioctl-pages.ts");
    let listening: Partial<Listening> = others;
    const { pipeline } = this;
    const { log, version } = this.#options;
    const inspection: Inspection = inspectionOf({
      pipeline,
      views: this.#views,
      version,
      xds: () => this.#xds,
      listening: () => listening,
      loaded: () => this.#live.loaded,
    });
    this.#istioctlPages = (name) => istioctlPage(inspection, name);
    const changes = new RunTimeChanges({ live: this.#live, log, discovered: (cluster) => discoveredIn(pipeline, cluster) });
    const settings = this.#live.loaded.config.admin;
    const transferable = (registry: string) => pipeline.transferable(registry);
    this.#api = new ApiServer({ settings, inspection, changes, operations: this.#operator, transferable, log, access: this.#access() });
    const admin = await this.#api.listen();
    listening = { ...others, admin };
    return admin;
  }

  /** Takes over another configuration; only registries that changed restart. */
  reload(diff: ConfigDiff, next: Config): void {
    this.pipeline.reload(diff, next);
  }

  /** Ends everything within a second. Nothing is withdrawn: istiod keeps what it has. */
  async stop(): Promise<void> {
    this.#listening = false;
    this.#memory.close();
    this.#live.close();
    this.#endReminder();
    this.#readBack?.close();
    await Promise.all([this.#xds?.close(), this.#admin.close(), this.#api?.close(), this.pipeline.stop()]);
  }
}

/** Where a cluster comes from that nobody named. */
function discoveredIn({ clusters }: Pipeline, id: string): string | undefined {
  const { place, owner } = clusters.get(id) ?? {};
  return place === "folder" || place === "remote-secrets" ? `${place}: ${owner}` : undefined;
}
