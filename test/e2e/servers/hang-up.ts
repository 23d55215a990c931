import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** A server that hangs up on everyone: a registry that is away, on a port that nobody else can take. */
export class HangUp {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<HangUp> {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new HangUp(server);
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    await once(this.#server.close(), "close");
  }
}
