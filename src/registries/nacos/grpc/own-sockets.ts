import type { Socket } from "node:net";
import type { ChannelCredentials } from "@grpc/grpc-js";

/**
 * The sockets of one channel. A channel that is closed asks its peer to close with it, and keeps the socket for as long as
 * the peer says nothing: with a frozen server, one for every attempt. Credentials meet each socket first of all, whether
 * they make it secure or not, so they can tell which ones to destroy.
 */
export class OwnSockets {
  readonly #sockets = new Set<Socket>();
  #destroyed = false;

  /** The same credentials; they are for one channel only. */
  known(credentials: ChannelCredentials): ChannelCredentials {
    const createConnector = credentials._createSecureConnector.bind(credentials);
    credentials._createSecureConnector = (...context) => {
      const connector = createConnector(...context);
      const connect = connector.connect.bind(connector);
      connector.connect = (socket) => {
        this.#add(socket);
        return connect(socket);
      };
      return connector;
    };
    return credentials;
  }

  /** Those to come, too. */
  destroy(): void {
    this.#destroyed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #add(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    // It was being connected when the channel was closed.
    if (this.#destroyed) socket.destroy();
  }
}
