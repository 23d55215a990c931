/**
 * The life of one session, over one connection: greeting, login, signs of life, requests with their
 * answers, and an end. No reconnecting, and no request that outlives it.
 */
import type { LookupFunction } from "node:net";
import { Watchdog } from "../../watchdog.ts";
import type { Doubt, Ending } from "./doubt.ts";
import { RequestFailed, SessionLost } from "./failures.ts";
import { Link } from "./link.ts";
import { type PendingRequest, PendingRequests } from "./pending-requests.ts";
import { noNode } from "./protocol/error-name.ts";
import { type Notification, readGreeting, readNotification, readReply } from "./protocol/replies.ts";
import * as requests from "./protocol/requests.ts";
import { LoginRefused, logIn } from "./sasl-login.ts";
import type { AuthSettings, ConnectionSettings, ZookeeperServer } from "./settings.ts";

export interface ConnectionEvents {
  established(): void;
  /** A watch fired. */
  fired(notification: Notification): void;
  /** The server answered a ping. */
  contact(): void;
  /** Called once, with the session already disposed. Pending requests fail with `SessionLost`. */
  lost(doubt: Doubt): void;
}

const farewellMs = 500;

export class Connection {
  readonly #events: ConnectionEvents;
  readonly #settings: ConnectionSettings;
  readonly #link: Link;
  readonly #pending = new PendingRequests();
  readonly #connectTimer: NodeJS.Timeout;
  #watchdog: Watchdog | undefined;
  /** The session's time-out, in ms; 0 before the server's greeting. */
  #granted = 0;
  #established = false;
  #closing = false;
  #disposed = false;

  /** @param lookup finds the addresses of a host name */
  constructor(server: ZookeeperServer, settings: ConnectionSettings, events: ConnectionEvents, lookup: LookupFunction) {
    this.#events = events;
    this.#settings = settings;
    this.#connectTimer = setTimeout(
      () => this.lose(`no answer to the greeting within ${settings.connectTimeout} ms`, "mute"),
      settings.connectTimeout,
    );
    this.#link = new Link(server, settings.tls, lookup, {
      opened: () => this.#link.send(requests.greeting(settings.sessionTimeout)),
      heard: () => this.#watchdog?.heard(),
      frame: (frame) => (this.#granted === 0 ? this.#onGreeting(frame) : this.#onReply(frame)),
      ended: (failure) => {
        const when = this.#granted === 0 ? " without a greeting" : "";
        if (failure) this.lose(failure.reason, failure.refused ? "refused" : undefined);
        else this.lose(`the server closed the connection${when}`);
      },
    });
  }

  /** @param encode the request's frame, by its number */
  request(request: PendingRequest, encode: (xid: number) => Buffer): void {
    if (this.#disposed || this.#closing) request.failed(new SessionLost("the session is over"));
    else this.#link.send(encode(this.#pending.add(request)));
  }

  /** Says good-bye so that the server frees the session at once; `lost` is not called. */
  async close(): Promise<void> {
    this.#closing = true;
    if (!this.#disposed && this.#granted > 0) {
      this.#link.send(requests.closeSession(this.#pending.add({ path: "/", answered() {}, absent() {}, failed() {} })));
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, farewellMs);
      });
      await Promise.race([this.#link.closed(), patience]);
      clearTimeout(timer);
    }
    this.lose("closed");
  }

  /** Gives the session up. */
  lose(reason: string, ending: Ending = this.#established ? "broken" : "unreachable"): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#connectTimer);
    this.#watchdog?.stop();
    this.#link.destroy();
    this.#pending.failAll(new SessionLost(reason));
    if (!this.#closing) this.#events.lost({ ending, reason });
  }

  #onGreeting(frame: Buffer): void {
    this.#granted = readGreeting(frame);
    if (this.#granted <= 0) {
      this.lose("the server does not accept the session");
      return;
    }
    const { auth } = this.#settings;
    if (auth?.scheme === "sasl") void this.#logIn(auth);
    else this.#establish(auth);
  }

  async #logIn(auth: AuthSettings): Promise<void> {
    const exchange = (token: Buffer) =>
      new Promise<Buffer>((resolve, reject) => {
        const answered: PendingRequest["answered"] = (content) => resolve(Buffer.from(content.bytes()));
        this.request({ path: "/", answered, absent: () => resolve(Buffer.alloc(0)), failed: reject }, (xid) => requests.sasl(xid, token));
      });
    try {
      await logIn(auth, exchange);
      if (!this.#disposed) this.#establish();
    } catch (error) {
      if (error instanceof LoginRefused) this.lose(error.message, "refused");
      else if (error instanceof RequestFailed) this.lose(`the server refused the login of ${auth.user}: ${error.message}`, error.ending);
      else this.lose(`the server's answer cannot be understood: ${(error as Error).message}`);
    }
  }

  /** @param auth credentials that the server only has to be told */
  #establish(auth?: AuthSettings): void {
    clearTimeout(this.#connectTimer);
    this.#established = true;
    // A server may grant more than was asked for, up to weeks. That is its patience; ours stays what was configured.
    const timeout = Math.min(this.#granted, this.#settings.sessionTimeout);
    const patience = (timeout * 2) / 3;
    this.#watchdog = new Watchdog(timeout / 3, {
      ping: () => this.#ping(patience),
      silent: () => this.lose(`nothing heard for ${Math.round(patience)} ms`),
    });
    // Before any request: the server works them off in order.
    if (auth) this.#link.send(requests.authentication(auth.scheme, Buffer.from(`${auth.user}:${auth.password}`)));
    this.#catchUp();
    this.#events.established();
  }

  /** A server that lags behind its leader would tell of a past that others have left behind. Answered before what is asked next. */
  #catchUp(): void {
    const failed = (error: Error): void => this.lose(error.message, error instanceof RequestFailed ? error.ending : undefined);
    this.request({ path: "/", answered() {}, absent() {}, failed }, (xid) => requests.sync(xid, "/"));
  }

  /** A server that answers pings alone is no better than a silent one. */
  #ping(patience: number): void {
    const { oldest } = this.#pending;
    if (oldest !== undefined && oldest.waited >= patience) this.lose(`no answer about ${oldest.path} for ${Math.round(oldest.waited)} ms`);
    else this.#link.send(requests.ping());
  }

  #onReply(frame: Buffer): void {
    const reply = readReply(frame);
    const { xid, error } = reply;
    switch (xid) {
      case requests.ownXid.notification: {
        const notification = readNotification(reply);
        if (notification) this.#events.fired(notification);
        break;
      }
      case requests.ownXid.ping:
        this.#events.contact();
        break;
      case requests.ownXid.auth:
        if (error !== 0) this.lose("the server refused the credentials", "refused");
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
}
