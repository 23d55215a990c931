/** Addresses of servers as people write them. */
import { isIPv6 } from "node:net";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `host`, `[IPv6]:port` or IPv6 alone. */
export function readHostPort(text: string, defaultPort: number): HostPort | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/i.exec(text);
  if (!match) return isIPv6(text) ? { host: text, port: defaultPort } : undefined;
  const port = Number(match[3] ?? defaultPort);
  return port >= 1 && port <= 65_535 ? { host: (match[1] ?? match[2])!, port } : undefined;
}

export function hostPortText({ host, port }: HostPort): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
