/**
 * One ZooKeeper session that is thrown away at the first doubt: one connection, no reconnecting, and
 * no request that outlives it. It reads only, so a lost session costs nothing but a new listing.
 */
import net from "node:net";
import { PendingRequests } from "./pending-requests.ts";
import { errorName, noNode } from "./protocol/error-name.ts";
import { Frames } from "./protocol/frames.ts";
import type { JuteReader } from "./protocol/jute.ts";
import { readGreeting, readNotification, readReply } from "./protocol/replies.ts";
import * as requests from "./protocol/requests.ts";
import type { ConnectionSettings, ZookeeperServer } from "./settings.ts";
import { Watchdog } from "./watchdog.ts";

/**
 * How a session ended:
 * - `unreachable`: the connection was refused, or broke before the greeting was answered
 * - `mute`: no answer to the greeting in time
 * - `broken`: the session had been established
 * - `refused`: the server knows us and refuses us; trying again soon would not help
 */
export type Ending = "unreachable" | "mute" | "broken" | "refused";

/** Why a session was given up. */
export interface Doubt {
  readonly ending: Ending;
  readonly reason: string;
}

export interface ClientEvents {
  established(): void;
  /** A one-shot watch fired. */
  changed(path: string): void;
  /** The server answered a ping. */
  contact(): void;
  /** Called once, with the session already disposed. Pending requests fail with `SessionLost`. */
  lost(doubt: Doubt): void;
}

/** The session ended before the answer came. */
export class SessionLost extends Error {}

/** The server refused one request. */
export class RequestFailed extends Error {
  /** ZooKeeper's error code, negative. */
  readonly code: number;
  constructor(code: number, path: string) {
    super(`${errorName(code)} (${code}) at ${path}`);
    this.code = code;
  }
}

type Encode = (xid: number, path: string) => Buffer;

/** Replies are not bounded by the server's `jute.maxbuffer`. */
const maxFrame = 64 * 1024 * 1024;
const farewellMs = 500;
/** A node can appear between two requests, hardly three times in a row. */
const followAttempts = 5;

export class Client {
  readonly server: ZookeeperServer;
  readonly #events: ClientEvents;
  readonly #settings: ConnectionSettings;
  /** Before every path; empty without one. */
  readonly #chroot: string;
  readonly #socket: net.Socket;
  readonly #frames = new Frames(maxFrame);
  readonly #pending = new PendingRequests();
  readonly #connectTimer: NodeJS.Timeout;
  #outgoing: Buffer[] = [];
  #watchdog: Watchdog | undefined;
  #established = false;
  #closing = false;
  #disposed = false;
  #socketError: string | undefined;

  /** @param lookup finds the addresses of a host name */
  constructor(server: ZookeeperServer, settings: ConnectionSettings, events: ClientEvents, lookup: net.LookupFunction) {
    this.server = server;
    this.#events = events;
    this.#settings = settings;
    this.#chroot = settings.chroot ?? "";
    this.#connectTimer = setTimeout(
      () => this.#lose(`no answer to the greeting within ${settings.connectTimeout} ms`, "mute"),
      settings.connectTimeout,
    );
    this.#socket = net.connect({ host: server.host, port: server.port, noDelay: true, lookup });
    this.#socket.on("connect", () => this.#socket.write(requests.greeting(settings.sessionTimeout)));
    this.#socket.on("data", (chunk: Buffer) => this.#contained(() => this.#onData(chunk)));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#socketError = error.code ?? error.message;
    });
    this.#socket.on("close", () => {
      if (this.#socketError) this.#lose(`connection failed: ${this.#socketError}`);
      else this.#lose(this.#established ? "the server closed the connection" : "the server closed the connection without a greeting");
    });
  }

  /**
   * Children of a node, with a one-shot watch on them; undefined if the node does not exist (then without a watch).
   *
   * They are read as the answer comes, and only what `read` makes of them travels on in promises. Those
   * have grown old with their request: whatever they hold would outlive many collections of young garbage.
   */
  children<T extends {}>(path: string, read: (names: string[]) => T): Promise<T | undefined> {
    return this.#request<string[], T | undefined>(path, requests.getChildren, (content) => content.texts(), read, undefined);
  }

  /**
   * Content of a node, with a one-shot watch on its change or deletion; undefined if the node does not exist (then without a watch).
   * `read` is given a view of the answer that is valid during the call only.
   */
  data<T extends {}>(path: string, read: (content: Buffer) => T): Promise<T | undefined> {
    return this.#request<Buffer, T | undefined>(path, requests.getData, (content) => content.bytes(), read, undefined);
  }

  /** Children of a node that may not exist yet, as `children`; a watch is left on them or else on its creation. */
  follow<T extends {}>(path: string, read: (names: string[]) => T): Promise<T | undefined> {
    return this.#presentOrWatched(path, () => this.children(path, read));
  }

  /** Content of a node that may not exist yet, as `data`; a watch is left on it or else on its creation. */
  followData<T extends {}>(path: string, read: (content: Buffer) => T): Promise<T | undefined> {
    return this.#presentOrWatched(path, () => this.data(path, read));
  }

  /** Whether a node exists, with a one-shot watch on its creation, change or deletion. */
  exists(path: string): Promise<boolean> {
    return this.#request(path, requests.exists, () => true, Boolean, false);
  }

  /** Gives the session up; `lost` is called with the reason. */
  doubt(reason: string, ending?: Ending): void {
    this.#lose(reason, ending);
  }

  /** Says good-bye so that the server frees the session at once; `lost` is not called. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#disposed && this.#established) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, farewellMs);
        this.#socket.once("close", () => {
          clearTimeout(timer);
          resolve();
        });
        this.#send(requests.closeSession(this.#pending.add({ path: "/", answered() {}, absent() {}, failed() {} })));
      });
    }
    this.#lose("closed");
  }

  async #presentOrWatched<T>(path: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
    for (let attempt = 0; attempt < followAttempts; attempt++) {
      const found = await read();
      if (found !== undefined || !(await this.exists(path))) return found;
    }
    throw new Error(`${path} appears and vanishes`);
  }

  #request<Answer, T>(path: string, encode: Encode, decode: (content: JuteReader) => Answer, read: (answer: Answer) => T, ifAbsent: T) {
    if (this.#disposed || this.#closing) return Promise.reject<T>(new SessionLost("the session is over"));
    return new Promise<T>((resolve, reject) => {
      const answered = (content: JuteReader): void => {
        const answer = decode(content);
        try {
          resolve(read(answer));
        } catch (error) {
          reject(error);
        }
      };
      const xid = this.#pending.add({ path, answered, absent: () => resolve(ifAbsent), failed: reject });
      this.#send(encode(xid, this.#chroot !== "" && path === "/" ? this.#chroot : this.#chroot + path));
    });
  }

  /** What one turn of the event loop asks for leaves in one packet. */
  #send(frame: Buffer): void {
    if (this.#outgoing.push(frame) > 1) return;
    setImmediate(() => {
      const frames = this.#outgoing;
      this.#outgoing = [];
      if (!this.#disposed) this.#socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    });
  }

  #onData(chunk: Buffer): void {
    this.#watchdog?.heard();
    this.#frames.push(chunk, (frame) => {
      if (this.#disposed) return;
      if (this.#established) this.#onReply(frame);
      else this.#onGreeting(frame);
    });
  }

  #onGreeting(frame: Buffer): void {
    const granted = readGreeting(frame);
    if (granted <= 0) {
      this.#lose("the server does not accept the session");
      return;
    }
    // A server may grant more than was asked for, up to weeks. That is its patience; ours stays what was configured.
    const timeout = Math.min(granted, this.#settings.sessionTimeout);
    clearTimeout(this.#connectTimer);
    this.#established = true;
    const patience = (timeout * 2) / 3;
    this.#watchdog = new Watchdog(timeout / 3, {
      ping: () => this.#ping(patience),
      silent: () => this.#lose(`nothing heard for ${Math.round(patience)} ms`),
    });
    const { auth } = this.#settings;
    // Before any request: the server works them off in order.
    if (auth) this.#send(requests.authentication(auth.scheme, Buffer.from(`${auth.user}:${auth.password}`)));
    this.#events.established();
  }

  /** A server that answers pings alone is no better than a silent one. */
  #ping(patience: number): void {
    const { oldest } = this.#pending;
    if (oldest !== undefined && oldest.waited >= patience) this.#lose(`no answer about ${oldest.path} for ${Math.round(oldest.waited)} ms`);
    else this.#send(requests.ping());
  }

  #onReply(frame: Buffer): void {
    const reply = readReply(frame);
    const { xid, error } = reply;
    switch (xid) {
      case requests.ownXid.notification: {
        const path = readNotification(reply);
        if (path !== undefined) this.#events.changed(this.#withoutChroot(path));
        break;
      }
      case requests.ownXid.ping:
        this.#events.contact();
        break;
      case requests.ownXid.auth:
        if (error !== 0) this.#lose("the server refused the credentials", "refused");
        break;
      default: {
        const pending = this.#pending.get(xid);
        if (pending === undefined) throw new RangeError(`an answer to request ${xid}, which nobody made`);
        if (error === noNode) pending.absent();
        else if (error !== 0) pending.failed(new RequestFailed(error, pending.path));
        else pending.answered(reply.content);
        this.#pending.delete(xid);
      }
    }
  }

  #withoutChroot(path: string): string {
    return this.#chroot !== "" && path.startsWith(this.#chroot) ? path.slice(this.#chroot.length) || "/" : path;
  }

  /** Whatever throws in here ends this session and nothing else. */
  #contained(action: () => void): void {
    if (this.#disposed) return;
    try {
      action();
    } catch (error) {
      this.#lose(`the server's answer cannot be understood: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #lose(reason: string, ending: Ending = this.#established ? "broken" : "unreachable"): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#connectTimer);
    this.#watchdog?.stop();
    this.#socket.destroy();
    this.#pending.failAll(new SessionLost(reason));
    if (!this.#closing) this.#events.lost({ ending, reason });
  }
}
