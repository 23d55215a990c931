import { isIP } from "node:net";

const hostName = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/**
 * An address as applications register it: IPv4, IPv6 with or without brackets and scope id, or a host name. Given back
 * lower-case and bare; undefined if nobody else could reach it.
 */
export function readAddress(text: string): string | undefined {
  let host = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  const scope = host.indexOf("%");
  if (scope >= 0 && host.includes(":")) host = host.slice(0, scope);
  const family = isIP(host);
  if (family === 4) return host === "0.0.0.0" ? undefined : host;
  if (family === 6) return host === "::" ? undefined : host.toLowerCase();
  // Digits and dots alone are a broken IPv4 address, not a name.
  return hostName.test(host) && !/^[\d.]+$/.test(host) ? host.toLowerCase() : undefined;
}
