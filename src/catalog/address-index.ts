/** Which services of enriched registries have instances at an address: those that change when a fact about it does. */
import type { Instance } from "../registries/service.ts";

export interface ServicePlace {
  readonly registry: string;
  readonly itemId: string;
}

interface PlacedService extends ServicePlace {
  readonly addresses: readonly string[];
}

export class AddressIndex {
  readonly #byAddress = new Map<string, Set<PlacedService>>();
  readonly #services = new Map<string, Map<string, PlacedService>>();

  /** Whether the registry has services here. */
  has(registry: string): boolean {
    return this.#services.has(registry);
  }

  /** The service's instances are these now; none: it is not to be found any more. */
  set(registry: string, itemId: string, instances: readonly Instance[]): void {
    const before = this.#services.get(registry)?.get(itemId);
    const addresses = [...new Set(instances.map(({ address }) => address))];
    if (before !== undefined && isSame(before.addresses, addresses)) return;
    if (before !== undefined) this.#remove(before);
    if (addresses.length > 0) this.#add({ registry, itemId, addresses });
  }

  find(address: string): Iterable<ServicePlace> {
    return this.#byAddress.get(address) ?? [];
  }

  #add(service: PlacedService): void {
    const services = this.#services.get(service.registry) ?? new Map<string, PlacedService>();
    this.#services.set(service.registry, services.set(service.itemId, service));
    for (const address of service.addresses) {
      const there = this.#byAddress.get(address);
      if (there === undefined) this.#byAddress.set(address, new Set([service]));
      else there.add(service);
    }
  }

  #remove(service: PlacedService): void {
    const services = this.#services.get(service.registry);
    services?.delete(service.itemId);
    if (services?.size === 0) this.#services.delete(service.registry);
    for (const address of service.addresses) {
      const there = this.#byAddress.get(address);
      there?.delete(service);
      if (there?.size === 0) this.#byAddress.delete(address);
    }
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((address, at) => address === other[at]);
}
