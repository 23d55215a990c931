/** A service as Nacos itself tells it, the same over every protocol and version of its API. */
import type { Problem } from "../contract.ts";

export interface NacosInstance {
  /** As registered: IPv4, IPv6, or a host name; not checked. */
  readonly ip: string;
  /** 0 … 65535. */
  readonly port: number;
  /** 0 … 10000, decimals allowed; 1 where nobody set one. */
  readonly weight: number;
  readonly enabled: boolean;
  readonly healthy: boolean;
  /** Lives as long as its application renews it; else it stays until somebody removes it. */
  readonly ephemeral: boolean;
  /** `DEFAULT` where nobody set one. */
  readonly clusterName: string;
  readonly instanceId?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NacosService {
  /** Id of the namespace. */
  readonly namespace: string;
  readonly group: string;
  /** Without the group. */
  readonly name: string;
  readonly instances: readonly NacosInstance[];
  /** So few instances are healthy that the server calls all of them healthy. */
  readonly reachProtectionThreshold?: boolean;
  /** What could not be read and is left out. */
  readonly problems?: readonly Problem[];
}

/** The group of those who name none. */
export const defaultGroup = "DEFAULT_GROUP";
/** The cluster of those who name none. */
export const defaultCluster = "DEFAULT";

/** Where an instance listens and in which cluster: that is unique within a service of Nacos. */
export function instanceText({ ip, port, clusterName }: NacosInstance): string {
  const where = `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
  return clusterName === defaultCluster ? where : `${where}#${clusterName}`;
}

/** Bounds for what others write. */
const maxMetadata = 256;
const maxKey = 256;
const maxValue = 8 * 1024;
const maxText = 512;
/** More of one service only repeat what the first ones say. */
const maxProblems = 20;

/**
 * Reads what a push, a list or an answer to a subscription says of a service; a broken instance costs only itself.
 * @param json untrusted
 * @throws Error if it is not a service at all
 */
export function readNacosService(namespace: string, json: unknown): NacosService {
  if (!isObject(json)) throw new Error(`a service of Nacos is an object, not ${quote(json)}`);
  const written = json.name ?? json.dom;
  if (typeof written !== "string" || written === "") throw new Error(`a service of Nacos has no name but ${quote(written)}`);
  if (!Array.isArray(json.hosts)) throw new Error(`service ${quote(written)} of Nacos has no list of hosts but ${quote(json.hosts)}`);
  // Over HTTP the group stands before the name, and 1.x writes it nowhere else.
  const at = written.indexOf("@@");
  const group = text(json.groupName) || (at > 0 ? written.slice(0, at) : "") || defaultGroup;
  const name = at >= 0 ? written.slice(at + 2) : written;
  const where = `${namespace}/${group}/${name}`;
  const problems: Problem[] = [];
  const instances: NacosInstance[] = [];
  for (const [index, host] of json.hosts.entries()) {
    const read = readInstance(host);
    if (typeof read !== "string") instances.push(read);
    else if (problems.length < maxProblems) problems.push({ code: "bad-instance", where: `${where}#${index}`, message: read });
  }
  return {
    namespace,
    group,
    name,
    instances,
    ...(json.reachProtectionThreshold === true && { reachProtectionThreshold: true }),
    ...(problems.length > 0 && { problems }),
  };
}

/** @returns in words why it is none */
function readInstance(host: unknown): NacosInstance | string {
  if (!isObject(host)) return `an instance is an object, not ${quote(host)}`;
  const ip = text(host.ip)?.trim();
  if (!ip) return `${quote(host.ip)} is no address`;
  const port = host.port;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 0 || port > 65_535) return `${quote(port)} is no port`;
  const weight = host.weight ?? 1;
  if (typeof weight !== "number" || !(weight >= 0)) return `${quote(weight)} is no weight`;
  const instanceId = text(host.instanceId);
  return {
    ip,
    port,
    weight,
    enabled: host.enabled !== false,
    healthy: host.healthy !== false,
    ephemeral: host.ephemeral !== false,
    clusterName: text(host.clusterName) || defaultCluster,
    ...(instanceId && { instanceId }),
    metadata: isObject(host.metadata) ? readMetadata(host.metadata) : {},
  };
}

function readMetadata(metadata: Record<string, unknown>): Record<string, string> {
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(metadata)) {
    if (entries.length === maxMetadata) break;
    // Java knows no other values than texts and null here; others do not stick to it.
    const written = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (key.length <= maxKey && typeof written === "string" && written.length <= maxValue) entries.push([key, written]);
  }
  return Object.fromEntries(entries);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length <= maxText ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quote(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 120);
}
