/** Addresses of endpoints: strict parsing and one canonical text per address. */
import { isIPv6 } from "node:net";

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^(?:${octet}\\.){3}${octet}$`);
const hostName = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?$/;

export type ParsedAddress =
  /** `text` is canonical: dotted decimal, or IPv6 as RFC 5952 writes it. */
  | { readonly kind: "ip"; readonly text: string }
  /** A host name, lower-case and without a dot at its end: nothing an endpoint of a STATIC ServiceEntry can hold. */
  | { readonly kind: "host-name"; readonly text: string }
  /** No address, or one that no instance can have (unspecified, multicast, broadcast). */
  | { readonly kind: "invalid"; readonly reason: string };

/** Dotted decimal without leading zeros. */
export function isIpv4(text: string): boolean {
  return ipv4.test(text);
}

/** An IPv4 or IPv6 literal; zones (`fe80::1%eth0`) mean nothing on another machine and are refused. */
export function isIp(text: string): boolean {
  return isIpv4(text) || (text.includes(":") && !text.includes("%") && isIPv6(text));
}

/** Loopback is allowed: it is rarely useful in a mesh, but harmless, and single-machine set-ups use it. */
export function parseAddress(address: string): ParsedAddress {
  if (isIpv4(address)) return checkedIpv4(address);
  if (address.includes(":")) {
    if (!isIp(address)) return { kind: "invalid", reason: "not an IPv6 address" };
    const text = canonicalIpv6(address);
    if (isIpv4(text)) return checkedIpv4(text);
    if (text === "::") return { kind: "invalid", reason: "the unspecified address" };
    if (text.startsWith("ff") && text.indexOf(":") === 4) return { kind: "invalid", reason: "a multicast address" };
    return { kind: "ip", text };
  }
  const text = address.replace(/\.$/, "").toLowerCase();
  const lastLabel = text.split(".").at(-1) ?? "";
  if (hostName.test(address) && !/^\d*$/.test(lastLabel)) return { kind: "host-name", text };
  return { kind: "invalid", reason: "neither an IP address nor a host name" };
}

function checkedIpv4(text: string): ParsedAddress {
  if (text === "0.0.0.0") return { kind: "invalid", reason: "the unspecified address" };
  if (text === "255.255.255.255") return { kind: "invalid", reason: "the broadcast address" };
  const first = Number.parseInt(text, 10);
  if (first >= 224 && first <= 239) return { kind: "invalid", reason: "a multicast address" };
  return { kind: "ip", text };
}

/** RFC 5952; an IPv4-mapped address becomes plain IPv4, because both name the same endpoint. */
function canonicalIpv6(address: string): string {
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text);
  if (!mapped) return text;
  const high = Number.parseInt(mapped[1] ?? "", 16);
  const low = Number.parseInt(mapped[2] ?? "", 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
