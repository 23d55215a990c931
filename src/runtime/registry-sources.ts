/**
 * The sources that run: those of the configured registries, in all clusters that are known. Whenever either
 * changes, what differs is added, withdrawn or given its new settings; everything else goes on untouched.
 */

import type { ClusterSet } from "../clusters/cluster-set.ts";
import { diffRegistries } from "../config/diff.ts";
import type { RegistryConfig } from "../config/schema.ts";
import type { RegistryKind } from "../registries/contract.ts";
import { registryOf } from "../registries/source-id.ts";
import type { RegistrySpec } from "../registries/supervision/supervised-registry.ts";
import type { Supervisor } from "../registries/supervision/supervisor.ts";
import { expand, type RegistrySource } from "./expansion.ts";
import type { KeptRegistries } from "./kept-registries.ts";

export interface RegistrySourcesOptions {
  readonly kinds: readonly RegistryKind[];
  readonly supervisor: Supervisor;
  /** What an earlier process kept; it is taken over first. */
  readonly kept: KeptRegistries | undefined;
}

export class RegistrySources {
  readonly #options: RegistrySourcesOptions;
  #registries: readonly RegistryConfig[];
  #clusters: ClusterSet;
  #sources: readonly RegistrySource[] = [];
  #onChange: (configs: readonly RegistryConfig[]) => void = () => {};

  /** Starts what can be started. */
  constructor(registries: readonly RegistryConfig[], clusters: ClusterSet, options: RegistrySourcesOptions) {
    this.#registries = registries;
    this.#clusters = clusters;
    this.#options = options;
    this.#apply();
  }

  /** Settings of every source, in order of precedence. */
  get configs(): readonly RegistryConfig[] {
    return this.#sources.map(({ config }) => config);
  }

  /** The same with other registries, which are not applied: what a candidate configuration would come to. */
  configsOf(registries: readonly RegistryConfig[]): readonly RegistryConfig[] {
    return this.#expand(registries).map(({ config }) => config);
  }

  /** Whoever takes the sources over downstream, told of every change before it happens. */
  follow(onChange: (configs: readonly RegistryConfig[]) => void): void {
    this.#onChange = onChange;
    onChange(this.configs);
  }

  setRegistries(registries: readonly RegistryConfig[]): void {
    this.#registries = registries;
    this.#apply();
  }

  setClusters(clusters: ClusterSet): void {
    this.#clusters = clusters;
    this.#apply();
  }

  #apply(): void {
    const before = new Map(this.#sources.map((source) => [source.config.id, source]));
    const old = this.configs;
    this.#sources = this.#expand(this.#registries);
    const { supervisor, kept } = this.#options;
    const { removed, changed, added } = diffRegistries(old, this.configs);
    this.#onChange(this.configs);
    for (const id of removed) {
      void supervisor.remove(id);
      kept?.remove(id);
    }
    const changedIds = new Set(changed.map(({ id }) => id));
    const addedIds = new Set(added.map(({ id }) => id));
    for (const source of this.#sources) {
      const { id } = source.config;
      const wasRunning = before.get(id)?.isRunning;
      if (addedIds.has(id)) this.#add(source);
      else if (changedIds.has(id) || wasRunning !== source.isRunning) this.#replace(source);
    }
  }

  #add(source: RegistrySource): void {
    const { supervisor, kept } = this.#options;
    if (!isPlaceholder(source)) supervisor.add(this.#specOf(source), kept?.begin(source.config));
  }

  #replace(source: RegistrySource): void {
    const { id } = source.config;
    const { supervisor, kept } = this.#options;
    if (isPlaceholder(source)) {
      // It may have been of a kind without clusters before.
      void supervisor.remove(id);
      kept?.remove(id);
    } else if (supervisor.status(id) === undefined) this.#add(source);
    else supervisor.replace(this.#specOf(source), kept?.changed(source.config));
  }

  #expand(registries: readonly RegistryConfig[]): readonly RegistrySource[] {
    return registries.flatMap((registry) =>
      expand(registry, this.#kindOf(registry), this.#clusters, this.#options.kept?.clusters(registry.id) ?? []),
    );
  }

  #kindOf(registry: RegistryConfig): RegistryKind {
    const kind = this.#options.kinds.find(({ id }) => id === registry.type);
    // The configuration was validated against the same list.
    if (!kind) throw new Error(`no registry kind ${registry.type}`);
    return kind;
  }

  /** The worker gets the kind's own keys and the few common ones that a session may need. */
  #specOf({ config, isRunning }: RegistrySource): RegistrySpec {
    const { session, sharesWorker } = this.#kindOf(config);
    return {
      id: config.id,
      session,
      settings: config,
      limits: config.worker,
      ...(!isRunning && { isDormant: true }),
      ...(sharesWorker && { worker: registryOf(config.id) }),
    };
  }
}

/** Stands for clusters that are not known yet; nothing can be known of it itself. */
function isPlaceholder({ config, isRunning }: RegistrySource): boolean {
  return !isRunning && !config.id.includes("/");
}
