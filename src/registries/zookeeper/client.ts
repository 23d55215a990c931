/**
 * One ZooKeeper session that is thrown away at the first doubt. `node-zookeeper-client` serves as
 * codec and request queue only: the socket, its time-outs, the watches and every decision are
 * ours, because on its own the library hangs on a mute server, never notices a silent one, crashes
 * the process on an error code it does not know and reconnects by itself.
 */
import net from "node:net";
import zookeeper from "node-zookeeper-client";
import { ChildrenRequest } from "./children-request.ts";
import { Frames } from "./frames.ts";
import { connecting, type LibraryConnection, noWatcher } from "./library-connection.ts";
import type { ZookeeperServer, ZookeeperSettings } from "./settings.ts";
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
  /** The server answered. */
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
  constructor(code: number, name: string, path: string) {
    super(`${name} (${code}) at ${path}`);
    this.code = code;
  }
}

export const noAuth = -102;
const noNode = -101;
/** Replies are not bounded by the server's `jute.maxbuffer`. */
const maxFrame = 64 * 1024 * 1024;
/** A greeting is 37 bytes, 36 from old servers. */
const maxGreeting = 256;
const farewellMs = 500;
/** A node can appear between two requests, hardly three times in a row. */
const followAttempts = 5;

export class Client {
  readonly server: ZookeeperServer;
  readonly #events: ClientEvents;
  readonly #library: zookeeper.Client;
  readonly #manager: LibraryConnection;
  readonly #socket: net.Socket;
  readonly #frames = new Frames(maxFrame);
  readonly #pending = new Set<(error: Error) => void>();
  readonly #connectTimer: NodeJS.Timeout;
  #watchdog: Watchdog | undefined;
  #established = false;
  #closing = false;
  #disposed = false;
  #corked = false;
  #socketError: string | undefined;

  constructor(server: ZookeeperServer, settings: ZookeeperSettings, events: ClientEvents) {
    this.server = server;
    this.#events = events;
    this.#library = zookeeper.createClient(`placeholder:1${settings.chroot ?? ""}`, {
      sessionTimeout: settings.sessionTimeout,
      retries: 0,
    });
    const { auth } = settings;
    if (auth) this.#library.addAuthInfo(auth.scheme, Buffer.from(`${auth.user}:${auth.password}`));
    this.#library.on("state", (state) => this.#contained(() => this.#onState(state)));
    this.#manager = (this.#library as unknown as { connectionManager: LibraryConnection }).connectionManager;
    this.#manager.connect = () => this.#lose("the server closed the connection");
    // Our watchdog pings.
    this.#manager.onSocketTimeout = () => {};
    this.#manager.watcherManager = {
      isEmpty: () => true,
      registerDataWatcher() {},
      registerChildWatcher() {},
      registerExistenceWatcher() {},
      emit: (event) => {
        if (event.path) this.#events.changed(event.path);
      },
    };

    this.#connectTimer = setTimeout(
      () => this.#lose(`no answer to the greeting within ${settings.connectTimeout} ms`, "mute"),
      settings.connectTimeout,
    );
    this.#socket = net.connect({ host: server.host, port: server.port, noDelay: true });
    this.#manager.socket = this.#socket;
    this.#manager.setState(connecting);
    this.#socket.on("connect", () => this.#contained(() => this.#manager.onSocketConnected()));
    this.#socket.on("data", (chunk: Buffer) => this.#contained(() => this.#onData(chunk)));
    this.#socket.on("drain", () => this.#contained(() => this.#manager.onSocketDrain()));
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
    const { chrootPath = "" } = this.#manager;
    const request = new ChildrenRequest(chrootPath !== "" && path === "/" ? chrootPath : chrootPath + path);
    return this.#request<string[], T | undefined>(path, undefined, read, (done) =>
      this.#manager.queue(request, (error, response) => done(error, response?.payload?.children ?? [])),
    );
  }

  /** Children of a node that may not exist yet, as `children`; a watch is left on them or else on its creation. */
  async follow<T extends {}>(path: string, read: (names: string[]) => T): Promise<T | undefined> {
    for (let attempt = 0; attempt < followAttempts; attempt++) {
      const children = await this.children(path, read);
      if (children !== undefined || !(await this.exists(path))) return children;
    }
    throw new Error(`${path} appears and vanishes`);
  }

  /** Whether a node exists, with a one-shot watch on its creation or deletion. */
  exists(path: string): Promise<boolean> {
    return this.#request(path, false, Boolean, (done) => this.#library.exists(path, noWatcher, done));
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
        this.#contained(() => this.#library.close());
      });
    }
    this.#lose("closed");
  }

  #request<Answer, T>(path: string, ifAbsent: T, read: (answer: Answer) => T, send: (done: Done<Answer>) => void): Promise<T> {
    if (this.#disposed || this.#closing) return Promise.reject(new SessionLost("the session is over"));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.add(reject);
    this.#cork();
    const fail = (error: Error | zookeeper.Exception): void => {
      this.#pending.delete(reject);
      const code = (error as { code?: unknown }).code;
      if (code === noNode) resolve(ifAbsent);
      else reject(typeof code === "number" ? new RequestFailed(code, error.name, path) : error);
    };
    try {
      send((error, answer) => {
        if (error) return fail(error);
        this.#pending.delete(reject);
        try {
          resolve(read(answer));
        } catch (failure) {
          reject(failure);
        }
      });
    } catch (error) {
      // The library refuses some paths that a server might name.
      fail(error instanceof Error ? error : new Error(String(error)));
    }
    return promise;
  }

  /** The library writes every request by itself; those of one turn leave in one packet. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #onData(chunk: Buffer): void {
    this.#watchdog?.heard();
    this.#frames.push(chunk, (frame) => {
      if (this.#disposed) return;
      if (!this.#established && frame.length > maxGreeting) throw new RangeError(`a greeting of ${frame.length} bytes`);
      this.#manager.onSocketData(frame);
    });
  }

  #onState(state: zookeeper.State): void {
    switch (state) {
      case zookeeper.State.SYNC_CONNECTED:
      case zookeeper.State.CONNECTED_READ_ONLY:
        clearTimeout(this.#connectTimer);
        this.#established = true;
        this.#startWatchdog();
        this.#events.established();
        break;
      case zookeeper.State.AUTH_FAILED:
        this.#lose("the server refused the credentials", "refused");
        break;
      case zookeeper.State.EXPIRED:
        this.#lose("the server does not accept the session");
        break;
    }
  }

  #startWatchdog(): void {
    const negotiated = this.#library.getSessionTimeout();
    this.#watchdog = new Watchdog(negotiated / 3, {
      ping: () => {
        this.#request("/", false, Boolean, (done) => this.#library.exists("/", done)).then(
          () => this.#events.contact(),
          () => {},
        );
      },
      silent: () => this.#lose(`nothing heard for ${Math.round((negotiated * 2) / 3)} ms`),
    });
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
    this.#library.removeAllListeners();
    const lost = new SessionLost(reason);
    for (const reject of this.#pending) reject(lost);
    this.#pending.clear();
    if (!this.#closing) this.#events.lost({ ending, reason });
  }
}

type Done<Answer> = (error: Error | zookeeper.Exception | null, answer: Answer) => void;
