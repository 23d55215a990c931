/** What makes two endpoints the same: network, address and named ports. */
import type { Instance } from "../registries/service.ts";

/**
 * A text that is equal for equal endpoints, and whose order is the canonical one: by network,
 * address, ports. The network of an endpoint that names none is the registry's.
 */
export function endpointIdentity(instance: Instance, registryNetwork = ""): string {
  const network = instance.network ?? registryNetwork;
  const [only] = instance.ports;
  const ports = instance.ports.length === 1 && only !== undefined ? portText(only) : instance.ports.map(portText).sort().join(",");
  return `${network}\0${instance.address}\0${ports}`;
}

function portText(port: Instance["ports"][number]): string {
  return `${port.name ?? ""}:${port.protocol}:${port.number}`;
}
