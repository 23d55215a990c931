/**
 * What is known of one group in one namespace, and the services behind it. Services of Nacos are not always those that
 * others call: Dubbo keeps an interface's providers and consumers apart, each version and group by itself, and registers
 * applications that offer many interfaces. Those of one group of Nacos belong together.
 */
import type { Problem } from "../../contract.ts";
import { applicationService } from "../../dubbo/application/application-service.ts";
import { KnownApplications } from "../../dubbo/application/known-applications.ts";
import { addressText } from "../../dubbo/application/provider-addresses.ts";
import { applicationsOf } from "../../dubbo/consumer-url.ts";
import { instanceId, serviceOf, servicesOf } from "../../dubbo/provider-services.ts";
import type { ProviderUrl } from "../../dubbo/provider-url.ts";
import { type Instance, keyText, type Service, type ServiceKey } from "../../service.ts";
import type { NacosService } from "../nacos-service.ts";
import { defaultWeight } from "./dubbo-provider.ts";
import { GroupKey } from "./group-key.ts";
import { readInstances } from "./instances.ts";
import { placed } from "./place.ts";
import { RegisteredInterfaces } from "./registered-interfaces.ts";
import { type InterfaceName, roleOf } from "./service-role.ts";
import type { MeaningSettings } from "./settings.ts";

/** What is told anew together: what one name of Nacos means, or all of an interface. */
export type Unit = `name/${string}` | `interface/${string}`;

export class NacosGroup {
  readonly applications = new KnownApplications();
  readonly #key: GroupKey;
  readonly #settings: MeaningSettings;
  readonly #report: (problem: Problem) => void;
  /** By name: services that others call by it. */
  readonly #plain = new Map<string, readonly Instance[]>();
  readonly #interfaces = new RegisteredInterfaces();
  /** By interface: what applications offered of it as long as one of them is known. */
  readonly #offered = new Map<string, Map<string, ServiceKey>>();

  constructor(namespace: string, group: string, settings: MeaningSettings, report: (problem: Problem) => void) {
    this.#key = new GroupKey(namespace, group, settings.merge);
    this.#settings = settings;
    this.#report = ({ where, ...problem }) => report({ ...problem, where: `${this.#key.text}/${where}` });
  }

  /**
   * Takes a service in as it is now.
   * @param isListed it was read together with all others
   * @returns what may differ from before
   */
  put(service: NacosService, isListed: boolean): Unit[] {
    const role = roleOf(service.name);
    switch (role.role) {
      case "rules":
        return [];
      case "provider": {
        const { touched, providers } = this.#interfaces.putProviders(service, role, this.#report);
        const addresses = providers.map(({ address, ports }) => addressText(address, ports[0]!.number));
        this.applications.addresses.set(service.name, addresses);
        return touched.map(interfaceUnit);
      }
      case "consumer":
        return this.#settings.consumers ? this.#interfaces.putConsumers(service, role).map(interfaceUnit) : [];
      case "service":
        return this.#putNamed(service, isListed);
    }
  }

  /** The server says that there is no such service. @returns what may differ from before */
  delete(name: string): Unit[] {
    if (roleOf(name).role !== "service") {
      this.applications.addresses.set(name, []);
      return this.#interfaces.delete(name).map(interfaceUnit);
    }
    this.#plain.delete(name);
    return [`name/${name}`, ...[...this.applications.delete(name)].map(interfaceUnit)];
  }

  /** The services of a unit as they are now; none if the server has nothing of it. */
  services(unit: Unit): Service[] {
    const name = nameOf(unit);
    const services = unit.startsWith("name/") ? this.#named(name) : this.#ofInterface(name);
    const { clusters } = this.#settings;
    return services.map((service) => ({ ...service, instances: service.instances.map((instance) => placed(instance, clusters)) }));
  }

  /** By application: which of a unit's services it calls. */
  calls(unit: Unit, services: readonly Service[]): Map<string, ServiceKey[]> {
    const calls = new Map<string, ServiceKey[]>();
    const consumers = unit.startsWith("name/") ? [] : this.#interfaces.consumersOf(nameOf(unit));
    if (consumers.length === 0) return calls;
    for (const { key } of services) {
      for (const application of applicationsOf(key, consumers)) calls.set(application, [...(calls.get(application) ?? []), key]);
    }
    return calls;
  }

  #putNamed(service: NacosService, isListed: boolean): Unit[] {
    const { name } = service;
    const { plain, dubbo } = readInstances(service, this.#settings, this.#report);
    const isApplication = this.#settings.applications.enabled && (dubbo.size > 0 || this.applications.get(name) !== undefined);
    const touched = isApplication ? [...this.applications.update(name, dubbo, isListed)] : [];
    // An application that has no instances left was never called by its own name.
    if (plain.length > 0 || this.#plain.has(name) || dubbo.size === 0) this.#plain.set(name, plain);
    if (isApplication && plain.length === 0 && dubbo.size === 0) this.#plain.delete(name);
    return [`name/${name}`, ...touched.map(interfaceUnit)];
  }

  #named(name: string): Service[] {
    const plain = this.#plain.get(name);
    const unknown = this.#unknownOf(name);
    if (plain === undefined && unknown === undefined) return [];
    const application = unknown === undefined ? undefined : applicationService(name, unknown.map(asRegistered));
    return [
      {
        key: this.#key.plain(name),
        instances: [...(plain ?? []), ...(application?.instances ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1)),
        annotations: { ...application?.annotations, "nacos.service": `${this.#key.text}/${name}` },
      },
    ];
  }

  /** An application's instances of which nothing tells the services; undefined if it is not told as a service. */
  #unknownOf(name: string): readonly ProviderUrl[] | undefined {
    const application = this.applications.get(name);
    if (application === undefined) return undefined;
    const { unknown } = application;
    if (unknown.length > 0 && this.#settings.applications.fallback === "none") {
      this.#report({ code: "unknown-services", where: name, message: "nothing tells which services its instances offer" });
      return undefined;
    }
    application.isService ||= unknown.length > 0;
    return application.isService ? unknown : undefined;
  }

  #ofInterface(name: string): Service[] {
    const own = this.#interfaces.providersOf(name).sort(byId);
    const told = this.applications.providersOf(name).map(asRegistered).sort(byId);
    const consumers = this.#interfaces.consumersOf(name);
    const services = servicesOf({ name, path: name, nodes: [], consumers, others: [...own, ...told] }, this.#report);
    const keys = new Set(services.map(({ key }) => keyText(key)));
    for (const key of [
      ...this.#interfaces.namesOf(name).map((each) => keyOf({ ...each, interface: name })),
      ...this.#offeredKeys(name, told),
    ]) {
      if (keys.has(keyText(key))) continue;
      keys.add(keyText(key));
      services.push(serviceOf(key, [], consumers));
    }
    return services.map((service) => ({ ...service, key: this.#key.dubbo(service.key) }));
  }

  #offeredKeys(name: string, providers: readonly ProviderUrl[]): Iterable<ServiceKey> {
    if (!this.applications.offers(name)) {
      this.#offered.delete(name);
      return [];
    }
    const offered = this.#offered.get(name) ?? new Map<string, ServiceKey>();
    this.#offered.set(name, offered);
    for (const { group, version } of providers) {
      const key = keyOf({ interface: name, group, version });
      offered.set(keyText(key), key);
    }
    return offered.values();
  }
}

/** The part of a unit that is its name. */
export function nameOf(unit: Unit): string {
  return unit.slice(unit.indexOf("/") + 1);
}

export function interfaceUnit(name: string): Unit {
  return `interface/${name}`;
}

/** What an application tells of, as it would be registered one by one. */
function asRegistered(provider: ProviderUrl): ProviderUrl {
  return { ...provider, weight: provider.weight ?? defaultWeight, persistent: false };
}

function keyOf({ interface: name, group, version }: InterfaceName): ServiceKey {
  return { ...(group !== undefined && { group }), name, ...(version !== undefined && { version }) };
}

/** In an order that is not that of the server. */
function byId(a: ProviderUrl, b: ProviderUrl): number {
  const [first, second] = [instanceId(a), instanceId(b)];
  if (first !== second) return first < second ? -1 : 1;
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
