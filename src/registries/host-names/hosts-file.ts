import { isIP } from "node:net";

/** Bounds for what others write, and for what one name may stand for. */
const maxNames = 10_000;
const maxAddresses = 64;

/** The names of `/etc/hosts`, lower-case, with their addresses in order. Lines that say nothing are left out. */
export function parseHosts(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const addresses = hosts.get(key);
      if (addresses === undefined && hosts.size < maxNames) hosts.set(key, [address]);
      else if (addresses && addresses.length < maxAddresses && !addresses.includes(address)) addresses.push(address);
    }
  }
  return hosts;
}
