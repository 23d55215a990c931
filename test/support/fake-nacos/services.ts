/** What a fake Nacos holds: services by namespace, and configurations. */

/** As Nacos writes it; what is left out is filled in. */
export interface FakeHost {
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly healthy?: boolean;
  readonly ephemeral?: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface FakeService {
  readonly namespace: string;
  readonly group: string;
  readonly name: string;
  /** Hosts as they stand on the wire; anything may be among them. */
  hosts: unknown[];
}

export type ServiceChange = "appeared" | "changed" | "emptied";

export class FakeServices {
  readonly #byKey = new Map<string, FakeService>();
  /** By `namespace/group/dataId`; the public namespace is empty. */
  readonly configs = new Map<string, string>();
  /** Called after every change of a service that may be subscribed. */
  onChange: (service: FakeService, change: ServiceChange) => void = () => {};

  get(namespace: string, group: string, name: string): FakeService | undefined {
    return this.#byKey.get(keyOf(namespace, group, name));
  }

  /** Replaces all hosts of a service, which need not exist. */
  put(name: string, hosts: readonly FakeHost[], group = "DEFAULT_GROUP", namespace = "public"): void {
    const wire = hosts.map(({ ip, port, weight = 1, healthy = true, ephemeral = true, clusterName = "DEFAULT", metadata = {} }) => ({
      instanceId: `${ip}#${port}#${clusterName}#${group}@@${name}`,
      ip,
      port,
      weight,
      healthy,
      enabled: true,
      ephemeral,
      clusterName,
      serviceName: `${group}@@${name}`,
      metadata,
      instanceHeartBeatInterval: 5_000,
      instanceHeartBeatTimeOut: 15_000,
      ipDeleteTimeout: 30_000,
    }));
    this.putRaw(name, wire, group, namespace);
  }

  putRaw(name: string, hosts: unknown[], group = "DEFAULT_GROUP", namespace = "public"): void {
    const key = keyOf(namespace, group, name);
    const before = this.#byKey.get(key);
    const service = { namespace, group, name, hosts };
    this.#byKey.set(key, service);
    const lived = before !== undefined && before.hosts.length > 0;
    const change = hosts.length === 0 ? "emptied" : lived ? "changed" : "appeared";
    this.onChange(service, change);
  }

  /** As the server does with a service that was empty for a minute or two. */
  remove(name: string, group = "DEFAULT_GROUP", namespace = "public"): void {
    this.#byKey.delete(keyOf(namespace, group, name));
  }

  /** Takes all ephemeral instances away without telling anybody, and calls the others unhealthy: what a restart leaves. */
  forgetEphemeral(): void {
    for (const [key, service] of this.#byKey) {
      const persistent = (service.hosts as { ephemeral?: unknown }[]).filter(({ ephemeral }) => ephemeral === false);
      service.hosts = persistent.map((host) => ({ ...host, healthy: false }));
      if (service.hosts.length === 0) this.#byKey.delete(key);
    }
  }

  *all(namespace: string): Iterable<FakeService> {
    for (const service of this.#byKey.values()) if (service.namespace === namespace) yield service;
  }

  info(namespace: string, group: string, name: string): Record<string, unknown> {
    return {
      name,
      groupName: group,
      clusters: "",
      cacheMillis: 10_000,
      hosts: this.get(namespace, group, name)?.hosts ?? [],
      lastRefTime: Date.now(),
      checksum: "",
      allIPs: false,
      reachProtectionThreshold: false,
      valid: true,
    };
  }
}

function keyOf(namespace: string, group: string, name: string): string {
  return `${namespace}@@${group}@@${name}`;
}
