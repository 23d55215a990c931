/** One connection to a server, as whole frames. It is given up at the first failure. */
import net from "node:net";
import { Frames } from "./protocol/frames.ts";
import type { ZookeeperServer } from "./settings.ts";

export interface LinkEvents {
  /** Frames can be sent from here on. */
  opened(): void;
  /** Bytes came in, before the frames in them are told. */
  heard(): void;
  /** Whatever it throws ends the connection. */
  frame(frame: Buffer): void;
  /** Called once, unless `destroy` came first. Undefined: the server closed the connection in good order. */
  ended(reason: string | undefined): void;
}

/** Replies are not bounded by the server's `jute.maxbuffer`. */
const maxFrame = 64 * 1024 * 1024;

export class Link {
  readonly #events: LinkEvents;
  readonly #socket: net.Socket;
  readonly #frames = new Frames(maxFrame);
  #outgoing: Buffer[] = [];
  #over = false;
  #error: string | undefined;

  /** @param lookup finds the addresses of a host name */
  constructor({ host, port }: ZookeeperServer, lookup: net.LookupFunction, events: LinkEvents) {
    this.#events = events;
    this.#socket = net.connect({ host, port, noDelay: true, lookup });
    this.#socket.on("connect", () => {
      if (!this.#over) events.opened();
    });
    this.#socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#error = `connection failed: ${error.code ?? error.message}`;
    });
    this.#socket.on("close", () => this.#end(this.#error));
  }

  /** What one turn of the event loop sends leaves in one packet. */
  send(frame: Buffer): void {
    if (this.#outgoing.push(frame) > 1) return;
    setImmediate(() => {
      const frames = this.#outgoing;
      this.#outgoing = [];
      if (!this.#over) this.#socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    });
  }

  /** Resolves when the connection is closed, by whomever. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once("close", () => resolve());
    });
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#events.heard();
      this.#frames.push(chunk, (frame) => {
        if (!this.#over) this.#events.frame(frame);
      });
    } catch (error) {
      this.#end(`the server's answer cannot be understood: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #end(reason: string | undefined): void {
    if (this.#over) return;
    this.destroy();
    this.#events.ended(reason);
  }
}
