/** The socket to a server, and what its errors mean. */
import { connect, type LookupFunction, type Socket } from "node:net";
import { connectionFailed, type SocketFailure } from "../../socket-failure.ts";
import type { ZookeeperServer } from "./settings.ts";

export interface ServerSocket {
  readonly socket: Socket;
  /** The socket's event after which it may be written to. */
  readonly opened: "connect" | "secureConnect";
  readonly failureOf: (error: NodeJS.ErrnoException) => SocketFailure;
}

export function plainSocket({ host, port }: ZookeeperServer, lookup: LookupFunction): ServerSocket {
  return { socket: connect({ host, port, noDelay: true, lookup }), opened: "connect", failureOf: connectionFailed };
}
