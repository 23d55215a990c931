/** What a provider's node name says, in neutral form. Rules: docs/registries/zookeeper.md. */
import type { ProblemCode } from "../../errors/problem-codes.ts";
import { readAddress } from "../address.ts";
import type { Port } from "../service.ts";
import { BadEscape, decodeUrl } from "./node-name.ts";
import { inProcess, machinery, ProviderParameters, protocolName, roleOf } from "./provider-parameters.ts";
import { equalsSign, QueryKeys } from "./query-keys.ts";

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

/** Bound for what others write. */
const maxNodeName = 64 * 1024;

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

  const parameters = new ProviderParameters();
  for (let start = question + 1, end = 0; question >= 0 && start < url.length; start = end + 1) {
    const key = keys.at(url, start);
    const keyEnd = start + key.text.length;
    end = url.charCodeAt(keyEnd) === equalsSign ? url.indexOf("&", keyEnd) : keyEnd;
    if (end < 0) end = url.length;
    // A key without `=` says nothing; Dubbo 2.7 writes such a key as its own value.
    if (key.role === machinery || keyEnd + 1 >= end) continue;
    parameters.take(key.role, key.text, url.slice(keyEnd + 1, end));
  }
  return parameters.provider(authority.scheme, authority.address, authority.port) ?? { problem: undefined };
}

const keys = new QueryKeys(roleOf);

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

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
