/** A TCP proxy on loopback that can hurt what passes: for faults that no server plays by itself. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * - `pass`: bytes go both ways
 * - `refuse`: connections are refused, open ones broken
 * - `black-hole`: connections stay open and are accepted, but nothing passes until the mode changes;
 *   then what waited arrives, in order and complete, as after TCP's retransmissions
 */
export type ProxyMode = "pass" | "refuse" | "black-hole";

export class TcpProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>();
  #server: Server | undefined;
  #mode: ProxyMode = "pass";
  #port: number;
  #accepted = 0;
  /** Bytes from the server are held back this long. */
  delayMs = 0;
  /** After so many further bytes from the server, the connection is cut, in the middle of whatever passes. */
  cutAfter = Number.POSITIVE_INFINITY;

  private constructor(target: { readonly host: string; readonly port: number }, port: number) {
    this.#target = target;
    this.#port = port;
  }

  /**
   * @param target a port on loopback, or anywhere
   * @param port its own; by default a free one, which somebody else may take while connections are refused
   */
  static async start(target: number | { readonly host: string; readonly port: number }, port = 0): Promise<TcpProxy> {
    const proxy = new TcpProxy(typeof target === "number" ? { host: "127.0.0.1", port: target } : target, port);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  /** Connections that were accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Resolves once the mode holds. */
  async set(mode: ProxyMode): Promise<void> {
    this.#mode = mode;
    if (mode === "refuse") await this.close();
    else if (!this.#server) await this.#listen();
    for (const socket of [...this.#pairs].flat()) {
      if (mode === "black-hole") socket.pause();
      else socket.resume();
    }
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
    this.#accepted += 1;
    const far = connect({ ...this.#target, noDelay: true });
    near.setNoDelay();
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    near.on("data", (chunk) => far.write(chunk));
    let delayed = Promise.resolve();
    far.on("data", (chunk) => {
      const rest = this.cutAfter;
      this.cutAfter -= chunk.length;
      if (rest < chunk.length) {
        this.cutAfter = Number.POSITIVE_INFINITY;
        near.end(chunk.subarray(0, rest));
        far.destroy();
        return;
      }
      const due = this.delayMs > 0 ? new Promise((resolve) => setTimeout(resolve, this.delayMs)) : undefined;
      // A delay that ends lets nothing overtake what it still holds back.
      delayed = delayed.then(() => due).then(() => void near.write(chunk));
    });
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.on("error", end);
      socket.on("close", end);
      if (this.#mode === "black-hole") socket.pause();
    }
  }
}
