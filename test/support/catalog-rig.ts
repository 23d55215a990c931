/** A catalog without workers: what a supervisor would hand over is called directly. */
import { Catalog } from "../../src/catalog/catalog.ts";
import type { CatalogEntry, MergedService } from "../../src/catalog/merged-service.ts";
import type { RegistryConfig } from "../../src/config/schema.ts";
import { mergingSchema } from "../../src/config/sections/merging-schema.ts";
import { protectionSchema } from "../../src/config/sections/registry-schema.ts";
import { silentLogger } from "../../src/log/logger.ts";
import type { RegistryStatus } from "../../src/registries/feed.ts";
import { type Instance, type IstioResource, type Item, itemId, type Service } from "../../src/registries/service.ts";

const kinds = [
  { id: "zookeeper", naming: { suffix: "dubbo", template: "{name}[.{group}]", usualProtocols: ["dubbo"] } },
  { id: "file", naming: { suffix: "file", template: "{name}", usualProtocols: ["http"] } },
  { id: "kubernetes", naming: { suffix: "svc", template: "{name}.{namespace}", usualProtocols: ["dubbo"], underClusterDomain: true } },
];

export function registryConfig(id: string, more: Partial<RegistryConfig> = {}): RegistryConfig {
  return {
    id,
    type: "zookeeper",
    required: true,
    hostNames: "resolve",
    naming: { allowOutsideSuffix: false, allowClusterDomain: false },
    protection: protectionSchema.parse({}),
    worker: { heapMb: 512, externalMb: 512 },
    ...more,
  };
}

export class CatalogRig {
  readonly relisted: string[] = [];
  readonly catalog: Catalog;
  #configs: readonly RegistryConfig[];

  constructor(...configs: readonly RegistryConfig[]) {
    this.#configs = configs;
    this.catalog = new Catalog({
      kinds,
      mesh: { namespace: "tributary", clusterDomain: "cluster.local" },
      merging: mergingSchema.parse({}),
      log: silentLogger,
      relist: (registry) => this.relisted.push(registry),
    });
    this.catalog.setRegistries(configs);
  }

  /** The operator takes a registry out of the configuration. */
  withdraw(registry: string): void {
    this.#configs = this.#configs.filter(({ id }) => id !== registry);
    this.catalog.setRegistries(this.#configs);
  }

  /** The operator adds a registry behind the others. */
  configure(config: RegistryConfig): void {
    this.#configs = [...this.#configs, config];
    this.catalog.setRegistries(this.#configs);
  }

  put(registry: string, ...items: readonly Item[]): void {
    for (const item of items) this.catalog.upsert(registry, itemId(item), JSON.stringify(item), Date.now());
  }

  take(registry: string, ...items: readonly Item[]): void {
    for (const item of items) this.catalog.remove(registry, itemId(item), Date.now());
  }

  /** A complete listing of exactly these items. */
  list(registry: string, ...items: readonly Item[]): void {
    this.put(registry, ...items);
    this.catalog.listed(registry, new Set(items.map(itemId)), Date.now());
  }

  status(registry: string, more: Partial<RegistryStatus> = {}): void {
    this.catalog.status(registry, liveStatus(more));
  }

  service(host: string): MergedService | undefined {
    const entry = this.catalog.get(`service:tributary/${host}`);
    return entry?.kind === "service" ? entry.service : undefined;
  }

  addresses(host: string): readonly string[] | undefined {
    return this.service(host)?.endpoints.map(({ address }) => address);
  }

  /** Every entry there is, by key. */
  everything(): Record<string, CatalogEntry> {
    const entries = [...this.catalog.keys()].map((key) => [key, this.catalog.get(key)] as const);
    return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined).sort()) as Record<string, CatalogEntry>;
  }

  dirty(): readonly string[] {
    return [...this.catalog.drain().keys].sort();
  }
}

export function liveStatus(more: Partial<RegistryStatus> = {}): RegistryStatus {
  return { phase: "live", since: Date.now(), synced: true, lastContact: Date.now(), epoch: 0, restarts: 0, ...more };
}

/** An instance at 10.0.0.N that speaks dubbo. */
export function instance(n: number, more: Partial<Instance> = {}): Instance {
  const address = `10.0.${n >> 8}.${n & 255}`;
  return { id: `${address}:20880`, address, ports: [{ number: 20880, protocol: "dubbo" }], ...more };
}

/** A service with instances at 10.0.0.N. */
export function service(name: string, numbers: readonly number[] = [], more: Partial<Service> = {}): Item {
  return { kind: "service", service: { key: { name }, instances: numbers.map((n) => instance(n)), ...more } };
}

export function readyEntry(name: string, hosts: readonly string[], namespace = "tributary"): Item {
  const resource: IstioResource = {
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name, namespace },
    spec: { hosts },
  };
  return { kind: "resource", resource };
}
