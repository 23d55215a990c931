/** A service whose instances have host names, as the same service with addresses. */
import type { Instance, Service } from "../service.ts";
import { isHostName } from "./host-name.ts";

/** The host names among a service's addresses, lower-case, each once. */
export function namesOf({ instances }: Service): string[] {
  const names = new Set<string>();
  for (const { address } of instances) if (isHostName(address)) names.add(address.toLowerCase());
  return [...names];
}

/**
 * Every instance with a host name becomes one instance for each of its addresses; without any it is
 * left out. One with a single address keeps its id, so that an instance that moves is the same one.
 */
export function resolvedService(service: Service, addressesOf: (name: string) => readonly string[]): Service {
  return { ...service, instances: service.instances.flatMap((instance) => resolvedInstance(instance, addressesOf)) };
}

function resolvedInstance(instance: Instance, addressesOf: (name: string) => readonly string[]): readonly Instance[] {
  if (!isHostName(instance.address)) return [instance];
  const addresses = addressesOf(instance.address.toLowerCase());
  if (addresses.length === 1) return [{ ...instance, address: addresses[0]! }];
  return addresses.map((address) => ({ ...instance, id: `${instance.id} ${address}`, address }));
}
