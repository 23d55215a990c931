/** One connection to a server, as whole frames. It is given up at the first failure. */
import type { LookupFunction, Socket } from "node:net";
import type { SocketFailure } from "../../socket-failure.ts";
import type { TlsSettings } from "../../tls-settings.ts";
import { Frames } from "./protocol/frames.ts";
import { plainSocket, type ServerSocket } from "./server-socket.ts";
import type { ZookeeperServer } from "./settings.ts";

export interface LinkEvents {
  /** Frames can be sent from here on. */
  opened(): void;
  /** Bytes came in, before the frames in them are told. */
  heard(): void;
  /** Whatever it throws ends the connection. */
  frame(frame: Buffer): void;
  /** Called once, unless `destroy` came first. Undefined: the server closed the connection in good order. */
  ended(failure: SocketFailure | undefined): void;
}

/** Replies are not bounded by the server's `jute.maxbuffer`. */
const maxFrame = 64 * 1024 * 1024;

export class Link {
  readonly #events: LinkEvents;
  readonly #frames = new Frames(maxFrame);
  #socket: Socket | undefined;
  #outgoing: Buffer[] = [];
  #over = false;
  #failure: SocketFailure | undefined;

  /** @param tls undefined: plain TCP; `lookup` finds the addresses of a host name */
  constructor(server: ZookeeperServer, tls: TlsSettings | undefined, lookup: LookupFunction, events: LinkEvents) {
    this.#events = events;
    if (tls === undefined) this.#use(plainSocket(server, lookup));
    else void this.#openTls(server, tls, lookup);
  }

  /** What one turn of the event loop sends leaves in one packet. */
  send(frame: Buffer): void {
    if (this.#outgoing.push(frame) > 1) return;
    setImmediate(() => {
      const frames = this.#outgoing;
      this.#outgoing = [];
      if (!this.#over) this.#socket?.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    });
  }

  /** Resolves when the connection is closed, by whomever. */
  closed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket === undefined || this.#socket.closed) resolve();
      else this.#socket.once("close", () => resolve());
    });
  }

  destroy(): void {
    this.#over = true;
    this.#socket?.destroy();
  }

  async #openTls(server: ZookeeperServer, tls: TlsSettings, lookup: LookupFunction): Promise<void> {
    try {
      const { tlsSocket } = await import("./tls-socket.ts");
      if (!this.#over) this.#use(tlsSocket(server, tls, lookup));
    } catch (error) {
      this.#end({ reason: describe(error), refused: true });
    }
  }

  #use({ socket, opened, failureOf }: ServerSocket): void {
    this.#socket = socket;
    socket.on(opened, () => {
      if (!this.#over) this.#events.opened();
    });
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", (error) => {
      this.#failure ??= failureOf(error);
    });
    socket.on("close", () => this.#end(this.#failure));
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#events.heard();
      this.#frames.push(chunk, (frame) => {
        if (!this.#over) this.#events.frame(frame);
      });
    } catch (error) {
      this.#end({ reason: `the server's answer cannot be understood: ${describe(error)}`, refused: false });
    }
  }

  #end(failure: SocketFailure | undefined): void {
    if (this.#over) return;
    this.destroy();
    this.#events.ended(failure);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
