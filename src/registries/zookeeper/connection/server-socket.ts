/** The socket to a server, and what its errors mean. */
import { connect, type LookupFunction, type Socket } from "node:net";
import type { ZookeeperServer } from "./settings.ts";

export interface ServerSocket {
  readonly socket: Socket;
  /** The socket's event after which it may be written to. */
  readonly opened: "connect" | "secureConnect";
  readonly failureOf: (error: NodeJS.ErrnoException) => SocketFailure;
}

export interface SocketFailure {
  readonly reason: string;
  /** One side refuses the other: a certificate or the settings have to be changed. */
  readonly refused: boolean;
}

export function plainSocket({ host, port }: ZookeeperServer, lookup: LookupFunction): ServerSocket {
  return { socket: connect({ host, port, noDelay: true, lookup }), opened: "connect", failureOf: connectionFailed };
}

export function connectionFailed({ code, message }: NodeJS.ErrnoException): SocketFailure {
  return { reason: `connection failed: ${code ?? message}`, refused: false };
}
