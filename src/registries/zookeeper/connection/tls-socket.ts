/** The socket to a server's TLS port. Loaded only where it is used: workers start quickly. */
import type { LookupFunction } from "node:net";
import { connect } from "node:tls";
import { tlsFailure, tlsOptions } from "../../tls-connection.ts";
import type { TlsSettings } from "../../tls-settings.ts";
import type { ServerSocket } from "./server-socket.ts";
import type { ZookeeperServer } from "./settings.ts";

/** @throws TributaryError TLS_UNUSABLE if a file cannot be used, an Error if it can be read but is too weak */
export function tlsSocket({ host, port }: ZookeeperServer, settings: TlsSettings, lookup: LookupFunction): ServerSocket {
  const socket = connect({ host, port, lookup, ...tlsOptions(host, settings) });
  return { socket: socket.setNoDelay(), opened: "secureConnect", failureOf: (error) => tlsFailure(error, socket) };
}
