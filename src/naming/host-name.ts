/**
 * From a registry's exact text to a DNS name. Readable names win: lower-casing and replacing
 * characters carry no hash (two services that meet in one host are told apart by the collision
 * rule); only a name that DNS cannot hold is cut and carries a hash of its exact identity.
 */
import { hash } from "node:crypto";
import type { NameLoss } from "./named-service.ts";

/** RFC 1035, 2.3.4: octets of a label. */
const maxLabel = 63;
/** Characters of a name in text form: RFC 1035's 255 octets less the first length and the root. */
const maxHost = 253;
const hashLength = 10;

export interface SafeHost {
  readonly host: string;
  readonly lost: readonly NameLoss[];
}

const nothingLost: readonly NameLoss[] = [];
const regularLabels = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Whether a text is a DNS host as it is: lower-case labels, not longer than DNS allows, the last one not a number. */
export function isHost(text: string): boolean {
  return text.length <= maxHost && regularLabels.test(text) && !/(?:^|\.)\d+$/.test(text);
}

/**
 * The safe form of `exact` under `suffix` (itself a host, without leading dot).
 * `identity` is what the hash is made from, so that it does not depend on what was cut.
 */
export function safeHost(exact: string, suffix: string, identity: string): SafeHost {
  const room = maxHost - suffix.length - 1;
  if (exact.length <= room && regularLabels.test(exact)) return { host: under(exact, suffix), lost: nothingLost };
  const lost: NameLoss[] = [];
  const lower = exact.toLowerCase();
  if (lower !== exact) lost.push("case");
  const replaced = lower.replace(/[^a-z0-9.-]/g, "-");
  if (replaced !== lower) lost.push("replaced");
  if (replaced.length <= room && regularLabels.test(replaced)) return { host: under(replaced, suffix), lost };
  lost.push("cut");
  const labels = replaced
    .split(".")
    .map(trimLabel)
    .filter((label) => label !== "");
  return { host: under(withHash(labels.join("."), identity, room), suffix), lost };
}

/**
 * The host with a hash of the identity in its first label: for names that DNS cannot hold, and
 * for those that lose a collision. The first label, because everything behind it may be a suffix
 * that must stay as it is. `room`: most characters of the result.
 */
export function withHash(host: string, identity: string, room = maxHost): string {
  const mark = hash("sha256", identity, "hex").slice(0, hashLength);
  const dot = host.indexOf(".");
  const first = dot < 0 ? host : host.slice(0, dot);
  const rest = dot < 0 ? "" : host.slice(dot);
  const kept = trimLabel(first.slice(0, maxLabel - hashLength - 1));
  const marked = `${kept === "" ? "x" : kept}-${mark}`;
  // What is too long loses labels behind the first: the hash tells it apart, and a suffix stays.
  let tail = rest;
  while (tail !== "" && marked.length + tail.length > room) tail = tail.slice(1).replace(/^[^.]*/, "");
  return marked + tail;
}

/** Joined, because hosts are kept by the ten thousand and a concatenated string holds on to its pieces. */
function under(host: string, suffix: string): string {
  return [host, suffix].join(".");
}

/** Cut to length, and without `-` at its ends. */
function trimLabel(label: string): string {
  return label.replace(/^-+/, "").slice(0, maxLabel).replace(/-+$/, "");
}
