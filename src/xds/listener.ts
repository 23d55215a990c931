/** One port: accepts connections, bounds their number, and closes them when it is told to, whatever their clients do. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Logger } from "../log/logger.ts";

export interface ListenerOptions {
  /** An address or `localhost`. */
  readonly address: string;
  readonly port: number;
  /** How the port follows from settings, for errors: `xds.port`, or `xds.port 16010 + 2, of 4 xds.shards`. */
  readonly setting: string;
  /** Connections at a time; further ones are closed at once. */
  readonly maxConnections: number;
  readonly onConnection: (socket: Socket) => void;
  readonly log: Logger;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      options.onConnection(socket);
    });
    this.#server.maxConnections = options.maxConnections;
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Resolves with what was bound. @throws TributaryError BIND_IN_USE, BIND_FAILED */
  listen(): Promise<{ address: string; port: number }> {
    const { address, port, log } = this.#options;
    const host = address === "localhost" ? "127.0.0.1" : address;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => reject(this.#explain(error, host));
      this.#server.once("error", failed);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", failed);
        this.#server.on("error", (error) => log.error({ err: error, port }, "xDS listener failed"));
        const bound = this.#server.address() as AddressInfo;
        resolve({ address: bound.address, port: bound.port });
      });
    });
  }

  /** Accepts nothing more; resolves when the last connection is gone. */
  async drain(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Closes every connection. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #explain(error: NodeJS.ErrnoException, host: string): TributaryError {
    const { port, setting } = this.#options;
    const where = setting === "xds.port" ? `xds.port ${port} on ${host}` : `port ${port} on ${host} (${setting})`;
    if (error.code !== "EADDRINUSE") {
      const hint = "check xds.address and xds.port";
      return new TributaryError("BIND_FAILED", `cannot listen on ${where}: ${error.message}`, { hint, cause: error });
    }
    const hint = "stop what listens there, or choose another port with xds.port";
    return new TributaryError("BIND_IN_USE", `${where} is taken by another process`, { hint, cause: error });
  }
}
