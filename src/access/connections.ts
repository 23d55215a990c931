import type { Server, Socket } from "node:net";

/** All connections of a server, also those whose TLS handshake is still going on, so that closing does not depend on their clients. */
export class Connections {
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    // Of a TLS server these are the sockets beneath.
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  get size(): number {
    return this.#sockets.size;
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
