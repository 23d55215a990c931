/** Whether an address is one of the pod's own, however it is spelt. */
import { isIPv6, SocketAddress } from "node:net";
import type { Pod } from "./pod.ts";

export function isOwnAddress(address: string, { addresses }: Pick<Pod, "addresses">): boolean {
  return addresses.includes(address) || (isIPv6(address) && addresses.some((own) => isIPv6(own) && canonical(own) === canonical(address)));
}

function canonical(address: string): string {
  return new SocketAddress({ address, family: "ipv6" }).address;
}
