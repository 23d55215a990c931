import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Whether an address to listen on can be reached from this host only. Of host names, `localhost` alone counts. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return address.toLowerCase() === "localhost";
  // An IPv4 address in IPv6 form (::ffff:127.0.0.1) is checked as IPv4 by the list itself.
  return loopback.check(address, family === 6 ? "ipv6" : "ipv4");
}
