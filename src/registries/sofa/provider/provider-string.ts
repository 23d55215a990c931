/**
 * What a provider of SOFARPC says of itself: `[scheme://]host:port[/path]?key=value&…`. Keys and values stand as they are,
 * without escapes. Many keys have two spellings, of which the first that is there counts.
 */
import type { ProblemCode } from "../../../errors/problem-codes.ts";
import { readAddress } from "../../address.ts";

export interface Provider {
  /** Lower-case: `bolt`, `tri`, `rest`. */
  readonly protocol: string;
  /** IPv4, IPv6 without brackets, or a host name. */
  readonly address: string;
  readonly port: number;
  readonly weight: number | undefined;
  readonly disabled: boolean;
  /** ms since 1970; 0 if absent. Tells an old registration of a restarted provider from its new one. */
  readonly startTime: number;
  readonly warmUp: WarmUp | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** For this many ms after its start a provider wants another weight. */
export interface WarmUp {
  readonly time: number;
  readonly weight: number;
}

/** Why a text is no provider. */
export interface NoProvider {
  readonly problem: { readonly code: ProblemCode; readonly message: string };
}

/** Bounds for what others write. */
const maxText = 64 * 1024;
const maxLabels = 32;
const maxLabelKey = 128;
const maxLabelValue = 256;
/** A longer warm-up is a slip of the pen. */
const maxWarmUp = 24 * 3_600_000;

/** SOFARPC's numbers for `p` and `_SERIALIZETYPE`. */
const protocols: Readonly<Record<string, string>> = { "1": "bolt", "13": "tr" };
const serializations: Readonly<Record<string, string>> = { "1": "hessian", "2": "java", "4": "hessian2", "11": "protobuf" };

/** Keys that only configure SOFARPC, or are read below: they never become labels. */
const machinery = new Set(
  `_CONNECTIONNUM _CONNECTTIMEOUT _HOSTMACHINE _IDLETIMEOUT _MAXREADIDLETIME _SERIALIZETYPE _TIMEOUT _WARMUPTIME _WARMUPWEIGHT _WEIGHT
  accepts appName app_name connections crossLang disabled dynamic group hostMachine id interface language p pid priority protocol
  registerBean retries rpcVer safVersion self_app_name serialization serviceName src startTime timeout timestamp uniqueId v version warmupTime
  warmupWeight weight zone`.split(/\s+/),
);

/** People keep credentials in such parameters, for all who read the registry. */
const secretKey = /password|passwd|secret|token|credential/i;

export function isProvider(parsed: Provider | NoProvider): parsed is Provider {
  return "address" in parsed;
}

/** Never throws. @param usualProtocol of a provider that does not say; undefined: it has to */
export function parseProvider(text: string, usualProtocol: string | undefined): Provider | NoProvider {
  if (text.length > maxText) return bad("bad-url", `a registration of ${text.length} characters`);
  const question = text.indexOf("?");
  const head = question < 0 ? text : text.slice(0, question);
  const schemeEnd = head.indexOf("://");
  const scheme = schemeEnd < 0 ? undefined : head.slice(0, schemeEnd).toLowerCase();
  const authority = head.slice(schemeEnd < 0 ? 0 : schemeEnd + 3).replace(/\/.*$/s, "");
  const colon = authority.lastIndexOf(":");
  const port = authority.slice(colon + 1);
  if (colon < 0 || (scheme !== undefined && !/^[a-z][a-z0-9+.-]{0,62}$/.test(scheme))) {
    return bad("bad-url", `${quote(head)} is not host:port, perhaps behind a scheme`);
  }
  const address = readAddress(authority.slice(0, colon));
  if (address === undefined) return bad("bad-address", `${quote(authority.slice(0, colon))} is no address that others can reach`);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    return bad("bad-port", `port ${quote(port)} is not within 1 … 65535`);
  }
  const values = question < 0 ? new Map<string, string>() : readQuery(text.slice(question + 1));
  const protocol = scheme ?? protocols[values.get("p") ?? ""] ?? usualProtocol;
  if (protocol === undefined) return bad("bad-url", `${quote(head)} does not say which protocol is spoken there`);
  return providerOf(protocol, address, Number(port), values);
}

/** The first of several values counts. */
function readQuery(query: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && equals + 1 < pair.length && !values.has(pair.slice(0, equals))) {
      values.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
  }
  return values;
}

function providerOf(protocol: string, address: string, port: number, values: ReadonlyMap<string, string>): Provider {
  const first = (...keys: readonly string[]): string | undefined => {
    for (const key of keys) if (values.has(key)) return values.get(key);
    return undefined;
  };
  const warmUpTime = numberIn(first("warmupTime", "_WARMUPTIME"));
  const warmUpWeight = numberIn(first("warmupWeight", "_WARMUPWEIGHT"));
  const startTime = numberIn(values.get("startTime")) ?? 0;
  const warms = warmUpTime !== undefined && warmUpTime > 0 && warmUpWeight !== undefined && startTime > 0;
  const serialization = first("serialization", "_SERIALIZETYPE");
  return {
    protocol,
    address,
    port,
    weight: numberIn(first("weight", "_WEIGHT")),
    disabled: values.get("disabled") === "true",
    startTime,
    warmUp: warms ? { time: Math.min(warmUpTime, maxWarmUp), weight: warmUpWeight } : undefined,
    labels: labelsOf(values, {
      application: first("appName", "app_name", "self_app_name"),
      serialization: serialization && (serializations[serialization] ?? serialization),
    }),
  };
}

function labelsOf(values: ReadonlyMap<string, string>, known: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const labels: [string, string][] = [];
  for (const [key, value] of Object.entries(known)) if (value !== undefined && value.length <= maxLabelValue) labels.push([key, value]);
  for (const [key, value] of values) {
    if (labels.length >= maxLabels) break;
    // `.echo.timeout` and `[echo]` configure one method.
    if (/^[.[]/.test(key) || machinery.has(key) || secretKey.test(key) || Object.hasOwn(known, key)) continue;
    if (key.length <= maxLabelKey && value.length <= maxLabelValue) labels.push([key, value]);
  }
  return Object.fromEntries(labels);
}

/** A number of 0 or more; undefined for anything else. */
function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

function bad(code: ProblemCode, message: string): NoProvider {
  return { problem: { code, message } };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
