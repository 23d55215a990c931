/** What a session server's HTTP port tells. Time-outs are in ms. */
import { type HostPort, hostPortText } from "../../host-port.ts";
import { getText, HttpStatus } from "./get-text.ts";

/** A session server, and how many clients it has: fewer are better. */
export interface SessionServer {
  readonly address: HostPort;
  /** Undefined: nobody told. */
  readonly weight: number | undefined;
}

/** Where clients find the session servers. */
const boltPort = 9600;

/**
 * The session servers that an endpoint knows. Servers before 6.2 tell no weights.
 * @throws Error if it is no session server, or knows none
 */
export async function readSessionServers(endpoint: HostPort, zone: string, timeout: number): Promise<SessionServer[]> {
  const noSession = `${hostPortText(endpoint)} is no session server of SOFARegistry, whose HTTP port is 9603 by default`;
  const query = `?zone=${encodeURIComponent(zone)}`;
  const page = async (name: string): Promise<string> => getText(endpoint, `/api/servers/${name}${query}`, timeout);
  const text = await page("queryWithWeight")
    .catch((error: unknown) => (error instanceof HttpStatus ? page("query") : Promise.reject(error)))
    .catch((error: unknown) => Promise.reject(error instanceof HttpStatus ? new Error(`${noSession}: ${error.message}`) : error));
  const servers = parseSessionServers(text);
  if (servers === undefined) throw new Error(`${noSession}: asked for session servers, it says ${quote(text)}`);
  if (servers.length === 0) throw new Error(`${hostPortText(endpoint)} knows no session server`);
  return servers;
}

/** `ip:port;ip:port`, each perhaps with `?weight=N`; undefined for any other text. */
export function parseSessionServers(text: string): SessionServer[] | undefined {
  const servers: SessionServer[] = [];
  for (const entry of text.trim().split(";")) {
    if (entry === "") continue;
    const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?(?:\?(?:.*&)?weight=(\d{1,15}))?$/i.exec(entry.trim());
    const port = Number(match?.[3] ?? boltPort);
    if (!match || port < 1 || port > 65_535) return undefined;
    const weight = match[4] === undefined ? undefined : Number(match[4]);
    servers.push({ address: { host: (match[1] ?? match[2])!, port }, weight });
  }
  return servers;
}

/** Ids of everything that is published or subscribed at this one session server, as text. @throws Error */
export async function readSessionIds(server: HostPort, timeout: number): Promise<string[]> {
  return stringsIn(await getText(server, "/digest/getDataInfoIdList", timeout), server);
}

/** Addresses of all servers of a kind, without ports. @throws Error */
export async function readServerHosts(endpoint: HostPort, kind: "session" | "data", timeout: number): Promise<string[]> {
  return stringsIn(await getText(endpoint, `/digest/${kind}/serverList/query`, timeout), endpoint);
}

/** Whether the cluster's operator has stopped all pushes. @throws Error if the server does not tell */
export async function isPushStopped(endpoint: HostPort, timeout: number): Promise<boolean> {
  const { pushSwitch } = JSON.parse(await getText(endpoint, "/digest/pushSwitch", timeout)) as { pushSwitch?: unknown };
  return pushSwitch === "closed";
}

/** @throws Error unless the text is a list of strings */
export function stringsIn(text: string, server: HostPort): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
  throw new Error(`${hostPortText(server)} is not of SOFARegistry: asked for a list, it says ${quote(text)}`);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
