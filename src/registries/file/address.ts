/** Whether a text can be the address of an instance. */
import { isIP } from "node:net";

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;
const lookslikeIpv4 = /^[\d.]+$/;

/** Undefined if it is an IPv4 or IPv6 address (without brackets or zone) or a host name; else what is wrong. */
export function addressProblem(address: string): string | undefined {
  if (isIP(address) !== 0 && !address.includes("%")) return undefined;
  if (hostName.test(address) && !lookslikeIpv4.test(address)) return undefined;
  return `${JSON.stringify(address.slice(0, 100))} is neither an IP address nor a host name`;
}
