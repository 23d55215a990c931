/**
 * Keeps browsers from being used against the loopback port. A page of a foreign site may send
 * requests to 127.0.0.1, and with a host name of its own that resolves there (DNS rebinding) even
 * read the answers. The name stands in the Host header, the page in the Origin header.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../config/rules/loopback.ts";

/**
 * Why a request is refused; undefined: it is not. With `tls` any name may stand in the Host header: a browser
 * that was led here by a foreign name finds that the certificate does not have it.
 */
export function refuseRequest(headers: IncomingHttpHeaders, listener: { address: string; tls?: unknown }): string | undefined {
  const address = listener.address.toLowerCase();
  const { host, origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = headers;
  const name = hostName(host ?? "");
  if (name === undefined || !(listener.tls !== undefined || isLoopback(name) || name === address)) {
    return `the Host header must name this machine (127.0.0.1, [::1] or localhost)`;
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return "requests of other web sites are refused";
  // Without an Origin header: images, scripts, frames. Somebody who follows a link is welcome.
  if ((site === "cross-site" || site === "same-site") && mode !== "navigate") return "requests of other web sites are refused";
  return undefined;
}

/** For browsers that got past: nothing is framed, guessed, stored or loaded from elsewhere. */
export const protectiveHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** The name of `host:port`, without the brackets of IPv6; undefined if it is none. */
function hostName(header: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]+))(?::\d{1,5})?$/.exec(header) ?? [];
  return (bracketed ?? plain)?.toLowerCase();
}
