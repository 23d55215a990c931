/** What makes two endpoints the same: network, address and ports. What is spoken there, registries may tell differently. */
import type { Instance } from "../registries/service.ts";

/**
 * A text that is equal for equal endpoints, and whose order is the canonical one: by network,
 * address, ports. The network of an endpoint that names none is the registry's.
 */
export function endpointIdentity(instance: Instance, registryNetwork = ""): string {
  const network = instance.network ?? registryNetwork;
  const [only] = instance.ports;
  const ports = instance.ports.length === 1 && only !== undefined ? `${only.number}` : portsText(instance.ports);
  return `${network}\0${instance.address}\0${ports}`;
}

/** Each number once. */
function portsText(ports: Instance["ports"]): string {
  return [...new Set(ports.map(({ number }) => number))].sort((one, other) => one - other).join(",");
}
