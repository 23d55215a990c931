import type { Server, Socket } from "node:net";

/**
 * All connections of a server, also those whose TLS handshake is still going on, so that closing does not
 * depend on their clients. When there are too many, the oldest of those that are good for nothing yet makes
 * place: silent connections, however many, keep nobody out.
 */
export class Connections {
  readonly #limit: number;
  readonly #onCrowded: (socket: Socket) => void;
  /** In use for nothing, by `address:port`, oldest first. */
  readonly #idle = new Map<string, Socket>();
  readonly #busy = new Map<string, { readonly socket: Socket; uses: number }>();

  /** @param onCrowded hears of connections that were closed for want of place, before they are */
  constructor(server: Server, limit: number, onCrowded: (socket: Socket) => void = () => {}) {
    this.#limit = limit;
    this.#onCrowded = onCrowded;
    // Of a TLS server these are the sockets beneath.
    server.on("connection", (socket: Socket) => this.#add(socket));
  }

  get size(): number {
    return this.#idle.size + this.#busy.size;
  }

  /** A connection, by its client's `address:port`, came into use: it is not closed for want of place until as many `release` followed. */
  use(peer: string): void {
    const busy = this.#busy.get(peer);
    const socket = this.#idle.get(peer);
    if (busy) busy.uses += 1;
    if (!socket) return;
    this.#idle.delete(peer);
    this.#busy.set(peer, { socket, uses: 1 });
  }

  release(peer: string): void {
    const busy = this.#busy.get(peer);
    if (!busy) return;
    busy.uses -= 1;
    if (busy.uses > 0) return;
    this.#busy.delete(peer);
    this.#idle.set(peer, busy.socket);
  }

  /** Closes every connection. */
  destroy(): void {
    for (const socket of this.#idle.values()) socket.destroy();
    for (const { socket } of this.#busy.values()) socket.destroy();
  }

  #add(socket: Socket): void {
    if (this.size >= this.#limit) {
      const [oldest = socket] = this.#idle.values();
      this.#onCrowded(oldest);
      oldest.destroy();
      this.#idle.delete(peerOf(oldest));
      if (oldest === socket) return;
    }
    const peer = peerOf(socket);
    this.#idle.set(peer, socket);
    socket.once("close", () => {
      if (this.#idle.get(peer) === socket) this.#idle.delete(peer);
      if (this.#busy.get(peer)?.socket === socket) this.#busy.delete(peer);
    });
  }
}

/** As gRPC names a peer, also where the socket is closed already. */
const peers = new WeakMap<Socket, string>();
function peerOf(socket: Socket): string {
  const known = peers.get(socket) ?? `${socket.remoteAddress}:${socket.remotePort}`;
  peers.set(socket, known);
  return known;
}
