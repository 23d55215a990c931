/**
 * The sources that run: those of the configured registries, in all clusters that are known. Whenever either
 * changes, what differs is added, withdrawn or given its new settings; everything else goes on untouched.
 */

import { isDeepStrictEqual } from "node:util";
import type { ClusterSet } from "../clusters/cluster-set.ts";
import { diffRegistries } from "../config/diff.ts";
import type { RegistryConfig } from "../config/schema.ts";
import type { RegistryKind } from "../registries/contract.ts";
import { registryOf } from "../registries/source-id.ts";
import type { RegistrySpec } from "../registries/supervision/supervised-registry.ts";
import type { Supervisor } from "../registries/supervision/supervisor.ts";
import { expand, type RegistrySource } from "./expansion.ts";
import type { KeptRegistries } from "./kept-registries.ts";
import { OperatorWords } from "./operator/operator-words.ts";
import { sessionSettings } from "./session-settings.ts";

export interface RegistrySourcesOptions {
  readonly kinds: readonly RegistryKind[];
  readonly supervisor: Supervisor;
  /** What an earlier process kept; it is taken over first. */
  readonly kept: KeptRegistries | undefined;
  /** What is frozen and paused on this replica; absent: nothing. */
  readonly operator?: OperatorWords;
  /** The configuration's. */
  readonly freeze?: boolean;
}

export class RegistrySources {
  readonly #options: RegistrySourcesOptions;
  #registries: readonly RegistryConfig[];
  #freeze: boolean;
  readonly #operator: OperatorWords;
  #clusters: ClusterSet;
  #sources: readonly RegistrySource[] = [];
  #onChange: (configs: readonly RegistryConfig[]) => void = () => {};

  /** Starts what can be started. */
  constructor(registries: readonly RegistryConfig[], clusters: ClusterSet, options: RegistrySourcesOptions) {
    this.#registries = registries;
    this.#freeze = options.freeze ?? false;
    this.#operator = options.operator ?? new OperatorWords();
    this.#clusters = clusters;
    this.#options = options;
    this.#apply();
  }

  /** Settings of every source, in order of precedence. */
  get configs(): readonly RegistryConfig[] {
    return this.#sources.map(({ config }) => config);
  }

  /** Ids in the configuration. */
  get registries(): readonly string[] {
    return this.#registries.map(({ id }) => id);
  }

  /** The same with another configuration, which is not applied: what a candidate would come to. */
  configsOf(registries: readonly RegistryConfig[], freeze: boolean): readonly RegistryConfig[] {
    return this.#expand(registries, freeze).map(({ config }) => config);
  }

  /** Whoever takes the sources over downstream, told of every change before it happens. */
  follow(onChange: (configs: readonly RegistryConfig[]) => void): void {
    this.#onChange = onChange;
    onChange(this.configs);
  }

  setRegistries(registries: readonly RegistryConfig[], freeze: boolean): void {
    const ids = new Set(registries.map(({ id }) => id));
    for (const { id } of this.#registries) if (!ids.has(id)) this.#operator.forget(id);
    this.#registries = registries;
    this.#freeze = freeze;
    this.#apply();
  }

  /** What operators said on this replica changed. */
  applyWords(): void {
    this.#apply();
  }

  setClusters(clusters: ClusterSet): void {
    this.#clusters = clusters;
    this.#apply();
  }

  #apply(): void {
    const before = new Map(this.#sources.map((source) => [source.config.id, source]));
    const old = this.configs;
    this.#sources = this.#expand(this.#registries, this.#freeze);
    const { supervisor, kept } = this.#options;
    const { removed, changed, added } = diffRegistries(old, this.configs);
    this.#onChange(this.configs);
    for (const id of removed) {
      void supervisor.remove(id);
      kept?.remove(id);
    }
    const changedIds = new Set(changed.filter((config) => isReadOtherwise(before.get(config.id)?.config, config)).map(({ id }) => id));
    const addedIds = new Set(added.map(({ id }) => id));
    for (const source of this.#sources) {
      const { id } = source.config;
      const earlier = before.get(id);
      if (addedIds.has(id)) this.#add(source);
      else if (changedIds.has(id) || (earlier && runs(earlier)) !== runs(source)) this.#replace(source);
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

  #expand(registries: readonly RegistryConfig[], freeze: boolean): readonly RegistrySource[] {
    const sources = registries.flatMap((registry) =>
      expand(registry, this.#kindOf(registry), this.#clusters, this.#options.kept?.clusters(registry.id) ?? []),
    );
    return sources.map((source) => ({ ...source, config: { ...source.config, operator: this.#operator.of(source.config, freeze) } }));
  }

  #kindOf(registry: RegistryConfig): RegistryKind {
    const kind = this.#options.kinds.find(({ id }) => id === registry.type);
    // The configuration was validated against the same list.
    if (!kind) throw new Error(`no registry kind ${registry.type}`);
    return kind;
  }

  /** The worker gets the kind's own keys and the few common ones that a session may need. */
  #specOf(source: RegistrySource): RegistrySpec {
    const { config } = source;
    const { session, sharesWorker } = this.#kindOf(config);
    return {
      id: config.id,
      session,
      settings: sessionSettings(config),
      limits: config.worker,
      ...(!runs(source) && { isDormant: true, dormancy: pauseOf(source) }),
      ...(sharesWorker && { worker: registryOf(config.id) }),
    };
  }
}

/** Why it is paused; undefined: it is not. */
function pauseOf({ config: { operator } }: RegistrySource): string | undefined {
  return operator?.paused && `paused ${operator.paused}`;
}

/** Whether it has a session. */
function runs(source: RegistrySource): boolean {
  return source.isRunning && pauseOf(source) === undefined;
}

/** One of another kind is always read otherwise. */
function isReadOtherwise(before: RegistryConfig | undefined, after: RegistryConfig): boolean {
  return before === undefined || !isDeepStrictEqual(sessionSettings(before), sessionSettings(after));
}

/** Stands for clusters that are not known yet; nothing can be known of it itself. */
function isPlaceholder({ config, isRunning }: RegistrySource): boolean {
  return !isRunning && !config.id.includes("/");
}
