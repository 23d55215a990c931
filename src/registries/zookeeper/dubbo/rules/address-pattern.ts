/** `host[:port]`, as rules name providers. */
import { isIP } from "node:net";
import { BadRule, type Condition } from "./rule.ts";

export interface AddressPattern {
  /** Lower-case, IPv6 without brackets; undefined: every host, written `0.0.0.0`. */
  readonly host: string | undefined;
  /** Undefined: every port. */
  readonly port: number | undefined;
}

/** @throws BadRule */
export function parseAddressPattern(text: string): AddressPattern {
  const colon = text.lastIndexOf(":");
  const hasPort = colon >= 0 && !text.endsWith("]") && !isIP(text);
  const portText = hasPort ? text.slice(colon + 1) : "*";
  const host = (hasPort ? text.slice(0, colon) : text).replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "" || !(portText === "*" || (/^\d{1,5}$/.test(portText) && Number(portText) <= 65_535))) {
    throw new BadRule(`${JSON.stringify(text.slice(0, 120))} is no address`);
  }
  // Port 0 is how Dubbo's URLs say that there is none.
  return { host: host === "0.0.0.0" ? undefined : host, port: Number(portText) || undefined };
}

/** Holds for instances at any of the addresses. */
export function atAnyAddress(patterns: readonly AddressPattern[]): Condition {
  if (patterns.some(({ host, port }) => host === undefined && port === undefined)) return () => true;
  const wanted = new Set(patterns.map(({ host, port }) => text(host, port)));
  return ({ instance: { address, ports } }) =>
    wanted.has(text(address, undefined)) ||
    ports.some(({ number }) => wanted.has(text(address, number)) || wanted.has(text(undefined, number)));
}

function text(host: string | undefined, port: number | undefined): string {
  return `${host ?? "*"} ${port ?? "*"}`;
}
