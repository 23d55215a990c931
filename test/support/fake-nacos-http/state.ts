/** What a fake Nacos server holds. Rules are those observed on real ones (2.5.0, 3.0.3). */

export interface FakeInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
  readonly ephemeral?: boolean;
  readonly clusterName?: string;
  readonly metadata?: Readonly<Record<string, string | null>>;
}

interface FakeService {
  readonly instances: readonly FakeInstance[];
  /** Of a service that was made by hand; those that come with their instances have none. */
  readonly protectThreshold: number | undefined;
}

export interface ServiceInfo {
  readonly name: string;
  readonly groupName: string;
  readonly hosts: readonly Record<string, unknown>[];
  readonly reachProtectionThreshold: boolean;
  readonly [key: string]: unknown;
}

export class FakeState {
  /** By namespace, then by `group@@name`. */
  readonly #services = new Map<string, Map<string, FakeService>>();
  /** By namespace, group and dataId. */
  readonly #configs = new Map<string, string>();

  put(namespace: string, group: string, name: string, instances: readonly FakeInstance[], protectThreshold?: number): void {
    const services = this.#services.get(namespace) ?? new Map<string, FakeService>();
    this.#services.set(namespace, services);
    services.set(`${group}@@${name}`, { instances, protectThreshold });
  }

  delete(namespace: string, group: string, name: string): void {
    this.#services.get(namespace)?.delete(`${group}@@${name}`);
  }

  clear(): void {
    this.#services.clear();
  }

  putConfig(namespace: string, group: string, dataId: string, content: string): void {
    this.#configs.set([namespace, group, dataId].join("\n"), content);
  }

  config(namespace: string, group: string, dataId: string): string | undefined {
    return this.#configs.get([namespace || "public", group, dataId].join("\n"));
  }

  namespaces(): string[] {
    return [...new Set(["public", ...this.#services.keys()])];
  }

  /** Names and groups of all services, also of empty ones. @param group absent: of all groups; empty: of none */
  names(namespace: string, group?: string): { groupName: string; name: string }[] {
    const all = [...(this.#services.get(namespace)?.keys() ?? [])].map((text) => {
      const at = text.indexOf("@@");
      return { groupName: text.slice(0, at), name: text.slice(at + 2) };
    });
    return group === undefined ? all : all.filter(({ groupName }) => groupName === group);
  }

  /** As a server answers it. Disabled instances are never told; too few healthy ones make all healthy. */
  info(namespace: string, group: string, name: string, healthyOnly = false): ServiceInfo {
    const service = this.#services.get(namespace)?.get(`${group}@@${name}`);
    const enabled = (service?.instances ?? []).filter(({ enabled = true }) => enabled);
    const healthy = enabled.filter(({ healthy: is = true }) => is);
    const threshold = service?.protectThreshold;
    const isProtected = !healthyOnly && threshold !== undefined && enabled.length > 0 && healthy.length / enabled.length <= threshold;
    return {
      name: `${group}@@${name}`,
      groupName: group,
      clusters: "",
      cacheMillis: 10_000,
      hosts: (healthyOnly ? healthy : enabled).map((instance) => host(instance, `${group}@@${name}`, isProtected)),
      lastRefTime: Date.now(),
      checksum: "",
      allIPs: false,
      reachProtectionThreshold: isProtected,
      valid: true,
    };
  }
}

function host(instance: FakeInstance, serviceName: string, isProtected: boolean): Record<string, unknown> {
  const { ip, port, weight = 1, healthy = true, ephemeral = true, clusterName = "DEFAULT", metadata = {} } = instance;
  return {
    instanceId: `${ip}#${port}#${clusterName}#${serviceName}`,
    ip,
    port,
    weight,
    healthy: healthy || isProtected,
    enabled: true,
    ephemeral,
    clusterName,
    serviceName,
    metadata,
    instanceHeartBeatInterval: 5000,
    instanceHeartBeatTimeOut: 15000,
    ipDeleteTimeout: 30000,
  };
}
