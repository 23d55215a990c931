/**
 * One ZooKeeper session that is thrown away at the first doubt: one connection, no reconnecting, and
 * no request that outlives it. It reads only, so a lost session costs nothing but a new listing.
 */
import type { LookupFunction } from "node:net";
import { Link } from "./link.ts";
import { PendingRequests } from "./pending-requests.ts";
import { errorName, noAuth, noNode, unimplemented } from "./protocol/error-name.ts";
import type { JuteReader } from "./protocol/jute.ts";
import { readGreeting, readNotification, readReply } from "./protocol/replies.ts";
import * as requests from "./protocol/requests.ts";
import type { ConnectionSettings, ZookeeperServer } from "./settings.ts";
import { Watchdog } from "./watchdog.ts";
import { WatchedTrees } from "./watched-trees.ts";

/**
 * How a session ended:
 * - `unreachable`: the connection was refused, or broke before the greeting was answered
 * - `mute`: no answer to the greeting in time
 * - `broken`: the session had been established
 * - `refused`: the server knows us and refuses us; trying again soon would not help
 * - `one-shot`: the server is well, but its recursive watches are missing or tell too little; the next session does without them
 */
export type Ending = "unreachable" | "mute" | "broken" | "refused" | "one-shot";

/** Why a session was given up. */
export interface Doubt {
  readonly ending: Ending;
  readonly reason: string;
}

export interface ClientEvents {
  established(): void;
  /** A watch fired. What a recursive one tells is told as one-shot ones would: a node that came or went also of its parent. */
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

  /** What follows from it for the session, where it cannot do without the answer. */
  get ending(): Ending {
    return this.code === noAuth ? "refused" : "broken";
  }
}

type Encode = (xid: number, path: string, watch: boolean) => Buffer;

const farewellMs = 500;
/** A node can appear between two requests, hardly three times in a row. */
const followAttempts = 5;

export class Client {
  readonly server: ZookeeperServer;
  readonly #events: ClientEvents;
  readonly #settings: ConnectionSettings;
  /** Before every path; empty without one. */
  readonly #chroot: string;
  readonly #link: Link;
  readonly #pending = new PendingRequests();
  readonly #trees = new WatchedTrees();
  readonly #connectTimer: NodeJS.Timeout;
  #watchdog: Watchdog | undefined;
  #established = false;
  #closing = false;
  #disposed = false;

  /** @param lookup finds the addresses of a host name */
  constructor(server: ZookeeperServer, settings: ConnectionSettings, events: ClientEvents, lookup: LookupFunction) {
    this.server = server;
    this.#events = events;
    this.#settings = settings;
    this.#chroot = settings.chroot ?? "";
    this.#connectTimer = setTimeout(
      () => this.#lose(`no answer to the greeting within ${settings.connectTimeout} ms`, "mute"),
      settings.connectTimeout,
    );
    this.#link = new Link(server, lookup, {
      opened: () => this.#link.send(requests.greeting(settings.sessionTimeout)),
      heard: () => this.#watchdog?.heard(),
      frame: (frame) => (this.#established ? this.#onReply(frame) : this.#onGreeting(frame)),
      ended: (reason) =>
        this.#lose(
          reason ?? (this.#established ? "the server closed the connection" : "the server closed the connection without a greeting"),
        ),
    });
  }

  /**
   * Leaves one watch on a node, whether it exists or not, and everything below it, for as long as the session lasts. What
   * is read there afterwards leaves none of its own. Whoever reads after it misses nothing.
   * @returns false where the server has none; then every reading leaves its own
   */
  async watchTree(path: string): Promise<boolean> {
    if (this.#settings.watches === "one-shot") return false;
    if (this.#trees.covers(path)) return true;
    try {
      return await this.#request(
        path,
        requests.addRecursiveWatch,
        () => true,
        () => this.#covered(path),
        false,
      );
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== unimplemented) throw error;
      // A server that does not know a request closes the connection behind its answer (3.5.10, observed).
      this.#lose("the server has no recursive watches", "one-shot");
      return false;
    }
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
      this.#link.send(requests.closeSession(this.#pending.add({ path: "/", answered() {}, absent() {}, failed() {} })));
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, farewellMs);
      });
      await Promise.race([this.#link.closed(), patience]);
      clearTimeout(timer);
    }
    this.#lose("closed");
  }

  async #presentOrWatched<T>(path: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
    for (let attempt = 0; attempt < followAttempts; attempt++) {
      const found = await read();
      if (found !== undefined || this.#trees.covers(path) || !(await this.exists(path))) return found;
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
      const whole = this.#chroot !== "" && path === "/" ? this.#chroot : this.#chroot + path;
      this.#link.send(encode(xid, whole, !this.#trees.covers(path)));
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
    if (auth) this.#link.send(requests.authentication(auth.scheme, Buffer.from(`${auth.user}:${auth.password}`)));
    this.#catchUp();
    this.#events.established();
  }

  /** A server that lags behind its leader would tell of a past that others have left behind. Answered before what is asked next. */
  #catchUp(): void {
    this.#request("/", requests.sync, () => true, Boolean, false).catch((error: Error) =>
      this.#lose(error.message, error instanceof RequestFailed ? error.ending : "broken"),
    );
  }

  /** At once with the answer: what fires right behind it is already told as it must be. */
  #covered(path: string): boolean {
    this.#trees.add(path);
    return true;
  }

  /** A server that answers pings alone is no better than a silent one. */
  #ping(patience: number): void {
    const { oldest } = this.#pending;
    if (oldest !== undefined && oldest.waited >= patience) this.#lose(`no answer about ${oldest.path} for ${Math.round(oldest.waited)} ms`);
    else this.#link.send(requests.ping());
  }

  #onReply(frame: Buffer): void {
    const reply = readReply(frame);
    const { xid, error } = reply;
    switch (xid) {
      case requests.ownXid.notification: {
        const fired = readNotification(reply);
        if (fired) for (const path of this.#trees.changedBy(fired.kind, this.#withoutChroot(fired.path))) this.#events.changed(path);
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

  #lose(reason: string, ending: Ending = this.#established ? "broken" : "unreachable"): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#connectTimer);
    this.#watchdog?.stop();
    this.#link.destroy();
    this.#pending.failAll(new SessionLost(reason));
    if (!this.#closing) this.#events.lost({ ending, reason });
  }
}
