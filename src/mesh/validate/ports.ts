/** Port numbers, port names and protocol names. */
import { isDnsLabel } from "../object-names.ts";
import { quoted } from "../problem-list.ts";

const protocols = new Set(["", "tcp", "udp", "grpc", "grpc-web", "http", "http_proxy", "http2", "https", "tls", "mongo", "redis", "mysql"]);
/** Several hosts may share a port of these: a proxy reads the wanted host from the traffic. */
const hostAware = new Set(["grpc", "grpc-web", "http", "http_proxy", "http2", "https", "tls"]);

export function isPortNumber(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65535;
}

/** istiod compares without case; empty means "detect". */
export function isProtocol(protocol: string): boolean {
  return protocols.has(protocol.toLowerCase());
}

export function tellsHosts(protocol: string): boolean {
  return hostAware.has(protocol.toLowerCase());
}

/** The checks that service and sidecar ports share. */
export function portErrors(number: number, protocol: string, errors: string[]): void {
  if (!isPortNumber(number)) errors.push(`port number ${number} is not within 1 … 65535`);
  if (!isProtocol(protocol)) errors.push(`protocol ${quoted(protocol)} is not supported`);
}

export function portNameErrors(name: string, errors: string[]): void {
  if (!isDnsLabel(name)) errors.push(`port name ${quoted(name)} is not a lower-case DNS label`);
}
