/** A TCP proxy on loopback that can hurt what passes: for faults that no server plays by itself. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * - `pass`: bytes go both ways
 * - `refuse`: connections are refused, open ones broken
 * - `black-hole`: connections stay open and are accepted, bytes vanish
 */
export type ProxyMode = "pass" | "refuse" | "black-hole";

export class TcpProxy {
  readonly #target: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #server: Server | undefined;
  #mode: ProxyMode = "pass";
  #port = 0;
  /** Bytes from the server are held back this long. */
  delayMs = 0;
  /** After so many further bytes from the server, the connection is cut, in the middle of whatever passes. */
  cutAfter = Number.POSITIVE_INFINITY;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target port on loopback */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  /** Resolves once the mode holds. */
  async set(mode: ProxyMode): Promise<void> {
    this.#mode = mode;
    if (mode === "refuse") await this.close();
    else if (!this.#server) await this.#listen();
  }

  /** Breaks every connection; new ones are treated by the mode. */
  disconnectAll(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.disconnectAll();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async #listen(): Promise<void> {
    const server = createServer((near) => this.#join(near));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #join(near: Socket): void {
    const far = connect({ host: "127.0.0.1", port: this.#target, noDelay: true });
    near.setNoDelay();
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    near.on("data", (chunk) => {
      if (this.#mode === "pass") far.write(chunk);
    });
    far.on("data", (chunk) => {
      if (this.#mode !== "pass") return;
      const rest = this.cutAfter;
      this.cutAfter -= chunk.length;
      if (rest < chunk.length) {
        this.cutAfter = Number.POSITIVE_INFINITY;
        near.end(chunk.subarray(0, rest));
        far.destroy();
      } else if (this.delayMs > 0) setTimeout(() => near.write(chunk), this.delayMs);
      else near.write(chunk);
    });
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.on("error", end);
      socket.on("close", () => {
        // In a black hole even a good-bye gets lost.
        if (this.#mode !== "black-hole") end();
      });
    }
  }
}
