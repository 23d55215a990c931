/** Who calls an interface, as its consumers' nodes tell. */
import { isIP } from "node:net";
import type { Consumer, ServiceKey } from "../service.ts";
import { BadEscape, decodeUrl } from "./node-name.ts";

export interface ConsumerUrl extends Consumer {
  /** As written: absent, one, a list with commas, or `*`. */
  readonly group?: string;
  readonly version?: string;
}

/** Bounds for what others write. */
const maxConsumersPerInterface = 5_000;
const maxConsumersPerService = 1_000;
const maxText = 256;

/**
 * The distinct consumers behind the nodes; nodes that cannot be read are left out. Of very many, the later ones are told
 * without their addresses, so that no application is missing. Never throws.
 */
export function readConsumers(nodeNames: readonly string[]): ConsumerUrl[] {
  const distinct = new Map<string, ConsumerUrl>();
  for (const nodeName of nodeNames) {
    const consumer = parseConsumer(nodeName);
    if (!consumer) continue;
    const { address, ...rest } = consumer;
    if (distinct.size < maxConsumersPerInterface) distinct.set(identityOf(consumer), consumer);
    else if (distinct.size < 2 * maxConsumersPerInterface && rest.application !== undefined) distinct.set(identityOf(rest), rest);
  }
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, consumer]) => consumer);
}

function identityOf({ application, address, group, version }: ConsumerUrl): string {
  return JSON.stringify([application, address, group, version]);
}

function parseConsumer(nodeName: string): ConsumerUrl | undefined {
  let url: string;
  try {
    url = decodeUrl(nodeName);
  } catch (error) {
    if (error instanceof BadEscape) return undefined;
    throw error;
  }
  const head = /^consumer:\/\/(?:[^/?@]*@)?([^/?]*)/.exec(url);
  if (!head) return undefined;
  const values = new Map<string, string>();
  const question = url.indexOf("?");
  for (const pair of question < 0 ? [] : url.slice(question + 1).split("&", 200)) {
    const equals = pair.indexOf("=");
    if (equals > 0 && !values.has(pair.slice(0, equals))) values.set(pair.slice(0, equals), pair.slice(equals + 1, equals + 1 + maxText));
  }
  const text = (key: string): string | undefined => values.get(key) || undefined;
  const consumer: { -readonly [K in keyof ConsumerUrl]: ConsumerUrl[K] } = {};
  const application = text("application");
  const address = consumerAddress(head[1]!);
  const group = text("group");
  const version = text("version");
  if (application !== undefined) consumer.application = application;
  if (address !== undefined) consumer.address = address;
  if (group !== undefined) consumer.group = group;
  if (version !== undefined && version !== "0.0.0") consumer.version = version;
  return application === undefined && address === undefined ? undefined : consumer;
}

/** Consumers have no port, but some write 0. */
function consumerAddress(authority: string): string | undefined {
  const bare = authority.replace(/^\[|\](:\d+)?$/g, "").replace(/%.*$/, "");
  const host = isIP(bare) ? bare : bare.replace(/:\d+$/, "");
  return host === "" || host === "0.0.0.0" || host.length > maxText ? undefined : host;
}

/** Those of an interface's consumers that call this service, by Dubbo's rule: equal, listed, or `*`. */
export function consumersOf(key: ServiceKey, consumers: readonly ConsumerUrl[]): Consumer[] {
  const distinct = new Map<string, Consumer>();
  for (const { application, address, group, version } of consumers) {
    if (!wants(group, key.group) || !wants(version, key.version)) continue;
    const consumer: Consumer = { ...(application !== undefined && { application }), ...(address !== undefined && { address }) };
    distinct.set(`${application ?? ""}\n${address ?? ""}`, consumer);
    if (distinct.size >= maxConsumersPerService) break;
  }
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, consumer]) => consumer);
}

/** The applications that call this service, by the same rule. */
export function applicationsOf(key: ServiceKey, consumers: readonly ConsumerUrl[]): ReadonlySet<string> {
  const applications = new Set<string>();
  for (const { application, group, version } of consumers) {
    if (application !== undefined && wants(group, key.group) && wants(version, key.version)) applications.add(application);
  }
  return applications;
}

function wants(wanted: string | undefined, offered: string | undefined): boolean {
  if (wanted === offered || wanted === "*") return true;
  return wanted !== undefined && offered !== undefined && wanted.includes(",") && wanted.split(",").some((word) => word.trim() === offered);
}
