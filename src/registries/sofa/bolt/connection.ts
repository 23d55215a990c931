/**
 * One connection to a Bolt server: requests with their answers, signs of life, answers to what the server asks, and an
 * end. No reconnecting, and no request that outlives it.
 */
import { connect, type LookupFunction, type Socket } from "node:net";
import type { HostPort } from "../../host-port.ts";
import { Watchdog } from "../../watchdog.ts";
import { command, encodeHeartbeat, encodeHeartbeatAnswer, encodeRequest, encodeResponse, type Frame, type Message } from "./frame.ts";
import { Frames } from "./frames.ts";
import { PendingRequests } from "./pending-requests.ts";

/** Times in ms. */
export interface ConnectionSettings {
  readonly connectTimeout: number;
  /** An answer that takes longer ends the connection. */
  readonly requestTimeout: number;
  readonly heartbeatInterval: number;
}

export interface ConnectionEvents {
  opened(): void;
  /** The server answered a heartbeat. */
  contact(): void;
  /** The server asks something. @returns the answer, which is sent at once; undefined: it gets none */
  asked(frame: Frame): Message | undefined;
  /** Called once, with the connection already disposed. Pending requests fail with `ConnectionLost`. */
  lost(reason: string): void;
}

/** The connection ended before the answer came. */
export class ConnectionLost extends Error {}

/** A server that sends more at once is given up. */
const maxFrame = 64 * 1024 * 1024;

export class Connection {
  readonly #settings: ConnectionSettings;
  readonly #events: ConnectionEvents;
  readonly #socket: Socket;
  readonly #frames = new Frames(maxFrame);
  readonly #pending = new PendingRequests();
  readonly #connectTimer: NodeJS.Timeout;
  #watchdog: Watchdog | undefined;
  #failure: string | undefined;
  #outgoing: Buffer[] = [];
  #over = false;

  /** @param lookup finds the addresses of a host name */
  constructor({ host, port }: HostPort, settings: ConnectionSettings, events: ConnectionEvents, lookup: LookupFunction) {
    this.#settings = settings;
    this.#events = events;
    this.#connectTimer = setTimeout(() => this.lose(`no connection within ${settings.connectTimeout} ms`), settings.connectTimeout);
    this.#socket = connect({ host, port, noDelay: true, lookup });
    this.#socket.on("connect", () => this.#onOpened());
    this.#socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#failure ??= `connection failed: ${error.code ?? error.message}`;
    });
    this.#socket.on("close", () => this.lose(this.#failure ?? "the server closed the connection"));
  }

  /** Resolves to the response, whatever its status. @throws ConnectionLost */
  request(message: Message): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (this.#over) reject(new ConnectionLost("the connection is over"));
      else this.#send(encodeRequest(this.#pending.add({ answered: resolve, failed: reject }), this.#settings.requestTimeout, message));
    });
  }

  /** Gives the connection up; `lost` is called with the reason. */
  lose(reason: string): void {
    if (this.#over) return;
    this.close(reason);
    this.#events.lost(reason);
  }

  /** Ends it; `lost` is not called. The server forgets at once what was registered through it. */
  close(reason = "closed"): void {
    this.#over = true;
    clearTimeout(this.#connectTimer);
    this.#watchdog?.stop();
    this.#socket.destroy();
    this.#pending.failAll(new ConnectionLost(reason));
  }

  #onOpened(): void {
    if (this.#over) return;
    clearTimeout(this.#connectTimer);
    this.#watchdog = new Watchdog(this.#settings.heartbeatInterval, {
      ping: () => this.#ping(),
      silent: () => this.lose(`nothing heard for ${this.#settings.heartbeatInterval} ms`),
    });
    this.#events.opened();
  }

  /** A server that answers heartbeats alone is no better than a silent one. */
  #ping(): void {
    const waited = this.#pending.longestWait;
    if (waited > this.#settings.requestTimeout) this.lose(`no answer to a request for ${Math.round(waited)} ms`);
    else this.#send(encodeHeartbeat(this.#pending.nextId(), this.#settings.requestTimeout));
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#watchdog?.heard();
      this.#frames.push(chunk, (frame) => {
        if (!this.#over) this.#onFrame(frame);
      });
    } catch (error) {
      this.lose(`what the server says cannot be understood: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.type === "response") {
      if (frame.command === command.heartbeat) this.#events.contact();
      else this.#pending.answer(frame);
    } else if (frame.command === command.heartbeat) {
      this.#send(encodeHeartbeatAnswer(frame.id));
    } else {
      const answer = this.#events.asked(frame);
      if (answer && frame.type === "request") this.#send(encodeResponse(frame.id, answer));
    }
  }

  /** What one turn of the event loop sends leaves in one packet. */
  #send(frame: Buffer): void {
    if (this.#outgoing.push(frame) > 1) return;
    queueMicrotask(() => {
      const frames = this.#outgoing;
      this.#outgoing = [];
      if (!this.#over) this.#socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    });
  }
}
