/** What a provider's node name says, in neutral form. Rules: docs/registries/zookeeper.md. */
import type { ProblemCode } from "../../../errors/problem-codes.ts";
import type { Port } from "../../service.ts";
import { readAddress } from "../address.ts";
import { BadEscape, decodeUrl } from "./node-name.ts";
import { equalsSign, QueryKeys } from "./query-keys.ts";
import { isMachinery } from "./url-keys.ts";

export interface ProviderUrl {
  /** The registry's word for the protocol, lower-case: `dubbo`, `tri`, `rest`. */
  readonly scheme: string;
  /** IPv4, IPv6 without brackets and scope id, or a host name. */
  readonly address: string;
  /** The port once per protocol: port unification offers several protocols on one number. */
  readonly ports: readonly Port[];
  readonly interface: string | undefined;
  readonly group: string | undefined;
  readonly version: string | undefined;
  readonly weight: number | undefined;
  readonly disabled: boolean;
  /** `dynamic=false`: the node outlives its provider's session. */
  readonly persistent: boolean;
  /** As written (Java: ms, dubbo-go: s); 0 if absent. Tells an old node of a restarted provider from its new one. */
  readonly timestamp: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Why a node is no provider: with a problem's code and words, or silently (`undefined`) where it claims to be none. */
export interface NoProvider {
  readonly problem: { readonly code: ProblemCode; readonly message: string } | undefined;
}

/** Bounds for what others write. */
const maxNodeName = 64 * 1024;
const maxLabels = 32;
const maxLabelKey = 128;
const maxLabelValue = 256;

/** Protocols nobody can reach over a network. */
const inProcess = new Set(["injvm"]);

/** Never throws. */
export function parseProvider(nodeName: string): ProviderUrl | NoProvider {
  try {
    return read(nodeName);
  } catch (error) {
    if (error instanceof BadEscape) return bad("bad-escape", error.message);
    throw error;
  }
}

export function isProvider(parsed: ProviderUrl | NoProvider): parsed is ProviderUrl {
  return "address" in parsed;
}

function bad(code: ProblemCode, message: string): NoProvider {
  return { problem: { code, message } };
}

function read(nodeName: string): ProviderUrl | NoProvider {
  if (nodeName.length > maxNodeName) return bad("bad-url", `a node name of ${nodeName.length} characters`);
  const url = decodeUrl(nodeName);
  const question = url.indexOf("?");
  const authority = readHead(question < 0 ? url : url.slice(0, question));
  if ("problem" in authority) return authority;

  const values = new Array<string | undefined>(fieldCount).fill(undefined);
  let custom: Record<string, string> | undefined;
  let customCount = 0;
  for (let start = question + 1, end = 0; question >= 0 && start < url.length; start = end + 1) {
    const key = keys.at(url, start);
    const keyEnd = start + key.text.length;
    end = url.charCodeAt(keyEnd) === equalsSign ? url.indexOf("&", keyEnd) : keyEnd;
    if (end < 0) end = url.length;
    // A key without `=` says nothing; Dubbo 2.7 writes such a key as its own value.
    if (key.role === machinery || keyEnd + 1 >= end) continue;
    const value = url.slice(keyEnd + 1, end);
    if (key.role !== label) values[key.role] ??= value;
    else if (customCount < maxLabels && value.length <= maxLabelValue) {
      custom ??= {};
      custom[key.text] = value;
      customCount++;
    }
  }

  if ((values[field.side] ?? "provider") !== "provider" || (values[field.category] ?? "providers") !== "providers") {
    return { problem: undefined };
  }
  // `default.` keys are those of Dubbo 2.6; the plain key wins.
  const group = values[field.group] ?? values[field["default.group"]];
  const version = values[field.version] ?? values[field["default.version"]];
  const provider: ProviderUrl = {
    scheme: authority.scheme,
    address: authority.address,
    ports: readPorts(authority.scheme, authority.port, values[field["ext.protocol"]]),
    interface: values[field.interface],
    group,
    // Dubbo treats 0.0.0 as no version.
    version: version === "0.0.0" ? undefined : version,
    weight: readWeight(values[field.weight] ?? values[field["default.weight"]], values[field.release]),
    disabled: values[field.disabled] === "true" || values[field.enabled] === "false",
    persistent: values[field.dynamic] === "false",
    timestamp: Number(values[field.timestamp] ?? 0) || 0,
    labels: {},
  };
  addLabels(provider, values[field.application], values[field["dubbo.tag"]], custom);
  return provider;
}

/** The parameters that are read, and where their values stand. */
const field = {
  application: 0,
  category: 1,
  "default.group": 2,
  "default.version": 3,
  "default.weight": 4,
  disabled: 5,
  "dubbo.tag": 6,
  dynamic: 7,
  enabled: 8,
  "ext.protocol": 9,
  group: 10,
  interface: 11,
  release: 12,
  side: 13,
  timestamp: 14,
  version: 15,
  weight: 16,
} as const;

const fieldCount = Object.keys(field).length;

/** A field's number, or one of these. */
type Role = number;
const machinery: Role = -1;
const label: Role = -2;

const keys = new QueryKeys<Role>((key) => {
  if (Object.hasOwn(field, key)) return field[key as keyof typeof field];
  return key === "" || key.length > maxLabelKey || isMachinery(key) ? machinery : label;
});

function addLabels(
  provider: ProviderUrl,
  application: string | undefined,
  tag: string | undefined,
  custom: Record<string, string> | undefined,
): void {
  const labels = provider.labels as Record<string, string>;
  if (application !== undefined) labels.application = application;
  if (provider.group !== undefined) labels.group = provider.group;
  if (provider.version !== undefined) labels.version = provider.version;
  if (tag !== undefined) addTag(labels, tag);
  for (const key in custom) if (!Object.hasOwn(labels, key)) labels[key] = custom[key]!;
}

interface Authority {
  readonly scheme: string;
  readonly address: string;
  readonly port: number;
}

/** `scheme://[user:pass@]host:port[/path]`; the port stands behind the last colon, so IPv6 needs no brackets. */
function readHead(head: string): Authority | NoProvider {
  const schemeEnd = head.indexOf("://");
  const scheme = schemeEnd <= 0 ? undefined : protocolName(head.slice(0, schemeEnd));
  if (scheme === undefined) return bad("bad-url", `no scheme in ${quote(head)}`);
  if (inProcess.has(scheme) || scheme === "empty") return { problem: undefined };
  const slash = head.indexOf("/", schemeEnd + 3);
  const authority = head.slice(schemeEnd + 3, slash < 0 ? undefined : slash);
  const hostPort = authority.slice(authority.lastIndexOf("@") + 1);
  const colon = hostPort.lastIndexOf(":");
  const portText = colon < 0 || hostPort.endsWith("]") ? "" : hostPort.slice(colon + 1);
  if (!/^\d{1,5}$/.test(portText) || Number(portText) < 1 || Number(portText) > 65_535) {
    return bad("bad-port", portText === "" ? `no port in ${quote(head)}` : `port ${quote(portText)} is not within 1 … 65535`);
  }
  const address = readAddress(hostPort.slice(0, colon));
  if (address === undefined) return bad("bad-address", `${quote(hostPort.slice(0, colon))} is no address that others can reach`);
  return { scheme, address, port: Number(portText) };
}

/** A URL's scheme, lower-case; undefined if it cannot be one. */
function protocolName(text: string): string | undefined {
  if (usualProtocols.has(text)) return text;
  const lower = text.toLowerCase();
  return /^[a-z][a-z0-9+.-]{0,62}$/.test(lower) ? lower : undefined;
}

const usualProtocols = new Set(["dubbo", "tri", "rest"]);

function readPorts(scheme: string, number: number, extraProtocols: string | undefined): Port[] {
  const ports: Port[] = [{ number, protocol: scheme }];
  if (extraProtocols === undefined) return ports;
  for (const word of extraProtocols.split(",", 16)) {
    const protocol = protocolName(word.trim());
    if (protocol !== undefined && !ports.some((port) => port.protocol === protocol)) ports.push({ number, protocol });
  }
  return ports;
}

function readWeight(text: string | undefined, release: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,9}(\.\d{1,9})?$/.test(text)) return undefined;
  const weight = Number(text);
  // dubbo-go writes 0 where nobody set a weight.
  return weight === 0 && release?.startsWith("dubbo-golang-") ? undefined : weight;
}

/** A plain word is the tag; `env=gray,zone=a` is a list of labels of their own. */
function addTag(labels: Record<string, string>, tag: string): void {
  if (tag.length > maxLabelValue) return;
  if (!/[=%]/.test(tag)) {
    labels["dubbo.tag"] = tag;
    return;
  }
  const pairs = (/%(3d|2c)/i.test(tag) ? unescapeList(tag) : tag).split(",");
  if (!pairs.every((pair) => /^[^=]+=[^=]+$/.test(pair))) {
    labels["dubbo.tag"] = tag;
    return;
  }
  for (const pair of pairs.slice(0, maxLabels)) {
    const [key, value] = pair.split("=", 2) as [string, string];
    labels[key.trim()] = value.trim();
  }
}

function unescapeList(tag: string): string {
  return tag.replace(/%3d/gi, "=").replace(/%2c/gi, ",");
}

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
