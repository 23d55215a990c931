/** Which services an application offers in one revision: the content of a `MetadataInfo` node. Rules: docs/registries/zookeeper.md. */
import { isInterfaceName } from "../node-name.ts";
import { inProcess, machinery, ProviderParameters, protocolName, roleOf } from "../provider-parameters.ts";
import type { ProviderUrl } from "../provider-url.ts";
import { at, type DubboInstance } from "./dubbo-instance.ts";

/** By the interfaces' names. */
export type MetadataInfo = ReadonlyMap<string, readonly OfferedService[]>;

/** A service in one protocol, wherever an instance is. */
interface OfferedService {
  readonly protocol: string;
  /** Undefined if it is for the instance to say. */
  readonly port: number | undefined;
  /** Without an address. */
  readonly provider: ProviderUrl;
}

/** Bounds for what others write. */
const maxBytes = 4 * 1024 * 1024;
const maxServices = 20_000;

/** Never throws. @returns what it offers, or in words why that cannot be known */
export function parseMetadataInfo(content: Buffer, application: string): MetadataInfo | string {
  if (content.length > maxBytes) return `content of ${content.length} bytes`;
  let written: unknown;
  try {
    written = JSON.parse(content.toString("utf8"));
  } catch (error) {
    return `content that is no JSON: ${(error as SyntaxError).message}`;
  }
  const services = isObject(written) ? written.services : undefined;
  if (!isObject(services)) return "content without services";
  const info = new Map<string, OfferedService[]>();
  for (const service of Object.values(services).slice(0, maxServices).filter(isObject)) {
    const offered = readService(service, application);
    if (offered === undefined) continue;
    const { name } = service as { name: string };
    const others = info.get(name);
    if (!others) info.set(name, [offered]);
    // What shares the port of another one says nothing new where that names it among its own protocols.
    else if (isExtra(service)) others.push(offered);
    else others.unshift(offered);
  }
  return info;
}

/** A service as one instance offers it; undefined if nothing tells at which port. */
export function providerAt({ protocol, port, provider }: OfferedService, instance: DubboInstance): ProviderUrl | undefined {
  const { address, disabled, persistent } = instance;
  if (port !== undefined) return at(provider, { address, ports: provider.ports, disabled, persistent });
  const number = instance.endpoints.find((endpoint) => endpoint.protocol === protocol)?.number;
  if (number === undefined) return undefined;
  return at(provider, { address, ports: provider.ports.map((each) => ({ ...each, number })), disabled, persistent });
}

function readService(service: Record<string, unknown>, application: string): OfferedService | undefined {
  const { name, protocol: word, port } = service;
  const protocol = typeof word === "string" ? protocolName(word) : undefined;
  if (protocol === undefined || inProcess.has(protocol) || typeof name !== "string" || !isInterfaceName(name)) return undefined;
  const parameters = new ProviderParameters();
  const written: Record<string, unknown> = { application, ...params(service), ...identity(service) };
  // In the order in which Java sorts them in a URL, so that both levels give the same text.
  for (const [key, value] of Object.entries(written).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const role = roleOf(key);
    if (role !== machinery && typeof value === "string" && value !== "") parameters.take(role, key, value);
  }
  const isPort = typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535;
  const provider = parameters.provider(protocol, "", isPort ? port : 0);
  return provider && { protocol, port: isPort ? port : undefined, provider };
}

/** What stands beside the parameters, and wins. */
function identity({ group, version }: Record<string, unknown>): Record<string, unknown> {
  return { ...(typeof group === "string" && { group }), ...(typeof version === "string" && { version }) };
}

function params(service: Record<string, unknown>): Record<string, unknown> {
  return isObject(service.params) ? service.params : {};
}

/** One of several protocols on the port of another. */
function isExtra(service: Record<string, unknown>): boolean {
  return params(service).isExtra === "true";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
