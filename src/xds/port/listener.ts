/**
 * One port: takes in whom the door admits, bounds the connections' number, and closes them when it is told
 * to, whatever their clients do.
 */
import type { Server, Socket } from "node:net";
import type { Access } from "../../access/access.ts";
import { type BindWords, bind } from "../../access/bind.ts";
import { Connections } from "../../access/connections.ts";
import type { Logger } from "../../log/logger.ts";

export interface ListenerOptions {
  /** An address or `localhost`. */
  readonly address: string;
  readonly port: number;
  /** How the port follows from settings, for errors: `xds.port`, or `xds.port 16010 + 2, of 4 xds.shards`. */
  readonly setting: string;
  /** Connections at a time, admitted or not. */
  readonly maxConnections: number;
  /** A client has this long for its first words, in ms. */
  readonly silence: number;
  readonly onConnection: (socket: Socket) => void;
  readonly log: Logger;
}

/** Bytes with which every HTTP/2 client begins: the preface and an empty SETTINGS frame. */
const leastHello = 24 + 9;

export class Listener {
  readonly #options: ListenerOptions;
  #connections: Connections | undefined;
  #server: Server | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections?.size ?? 0;
  }

  /** Resolves with what was bound. @throws TributaryError BIND_IN_USE, BIND_FAILED */
  async listen(access: Access): Promise<{ address: string; port: number }> {
    const { address, port, maxConnections, log } = this.#options;
    const host = address === "localhost" ? "127.0.0.1" : address;
    const server = access.createServer((socket) => this.#admitted(socket, access));
    const crowded = {
      reason: "crowded",
      message: `more than ${maxConnections} connections, this one the oldest without a stream`,
    } as const;
    this.#connections = new Connections(server, maxConnections, (socket) => access.note(socket, crowded));
    const bound = await bind(server, host, port, this.#bindWords(host));
    this.#server = server;
    server.on("error", (error) => log.error({ err: error, port }, "xDS listener failed"));
    return { address: bound.address, port: bound.port };
  }

  /** A stream was opened on a client's connection (`address:port`); call what is returned at its end. */
  streamOpened(peer: string): () => void {
    this.#connections?.use(peer);
    return () => this.#connections?.release(peer);
  }

  /** Accepts nothing more; resolves when the last connection is gone. */
  async drain(): Promise<void> {
    const server = this.#server;
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Closes every connection. */
  destroyConnections(): void {
    this.#connections?.destroy();
  }

  /** Who connects and says nothing must not hold a connection until keepalive finds out. */
  #admitted(socket: Socket, access: Access): void {
    const timer = setTimeout(() => {
      if (socket.destroyed || socket.bytesRead >= leastHello) return;
      access.note(socket, { reason: "silent", message: "the client said nothing" });
      socket.destroy();
    }, this.#options.silence).unref();
    socket.once("close", () => clearTimeout(timer));
    this.#options.onConnection(socket);
  }

  #bindWords(host: string): BindWords {
    const { port, setting } = this.#options;
    const plain = /^\S+$/.test(setting);
    const where = plain ? `${setting} ${port} on ${host}` : `port ${port} on ${host} (${setting})`;
    const name = plain ? setting : "xds.port";
    return {
      taken: [`${where} is taken by another process`, `stop what listens there, or choose another port with ${name}`],
      failed: [`cannot listen on ${where}`, `check xds.address and ${name}`],
    };
  }
}
