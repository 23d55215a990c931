/**
 * The one owner of reconnecting: keeps exactly one client alive, tries every server in turn, and
 * lists everything again with every new session.
 */

import type { Session, SessionContext } from "../../contract.ts";
import { hostPortText } from "../../host-port.ts";
import { joinedLookups } from "../../joined-lookups.ts";
import { ServerRotation } from "../../server-rotation.ts";
import { Client } from "./client.ts";
import type { Doubt } from "./doubt.ts";
import type { ConnectionSettings, ZookeeperServer } from "./settings.ts";

/**
 * A server that has just been started takes connections that it never answers (3.9.3, observed most
 * times), so the first attempt is short; each mute one doubles it, up to the setting.
 */
const firstConnectTimeoutMs = 500;
/** What follows a tree through one client. It is thrown away with it; what it knows beyond is its owner's. */
export interface Follower {
  /** Lists everything, now or as soon as a listing that is under way has ended. */
  relist(): void;
  /**
   * A watch fired: the content or the children of the path may have changed, or it came, or it went.
   * @param went it is known that it went, or one of its children
   */
  changed(path: string, went: boolean): void;
  /** The client is over: nothing is emitted from here on. */
  stop(): void;
}

/** Makes the follower of a client that has just been established; `listed` is told every complete listing. */
export type Follow = (client: Client, listed: () => void) => Follower;

export class KeptSession implements Session {
  readonly #context: SessionContext;
  readonly #settings: ConnectionSettings;
  readonly #follow: Follow;
  readonly #servers: ServerRotation<ZookeeperServer>;
  readonly #lookup = joinedLookups();
  #client: Client | undefined;
  #follower: Follower | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** What was said of each server since the last complete listing. */
  readonly #said = new Map<ZookeeperServer, string>();
  /** Recursive watches did not serve; so nobody tries them again. */
  #oneShot = false;
  #closed = false;

  constructor(context: SessionContext, settings: ConnectionSettings, follow: Follow) {
    this.#context = context;
    this.#settings = settings;
    this.#follow = follow;
    this.#servers = new ServerRotation(settings.servers);
    this.#connect();
  }

  relist(): void {
    this.#follower?.relist();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#follower?.stop();
    await this.#client?.close();
  }

  #connect(): void {
    const server = this.#servers.next();
    const connectTimeout = Math.min(this.#settings.connectTimeout, firstConnectTimeoutMs * 2 ** Math.min(this.#servers.mute, 10));
    const client = new Client(
      server,
      { ...this.#settings, connectTimeout, ...(this.#oneShot && { watches: "one-shot" }) },
      {
        established: () => this.#onEstablished(client),
        changed: (path, went) => this.#follower?.changed(path, went),
        contact: () => {
          if (this.#servers.isListed) this.#context.emit.contact();
        },
        lost: (doubt) => this.#onLost(server, doubt),
      },
      this.#lookup,
    );
    this.#client = client;
  }

  #onEstablished(client: Client): void {
    const { log } = this.#context;
    // Whoever refused us before may take us and refuse the first reading again.
    log[this.#servers.refusals > 0 ? "debug" : "info"]({ server: hostPortText(client.server) }, "session established");
    this.#servers.established();
    this.#follower = this.#follow(client, () => {
      this.#servers.listed();
      this.#said.clear();
    });
    this.#follower.relist();
  }

  #onLost(server: ZookeeperServer, doubt: Doubt): void {
    const wasEstablished = this.#follower !== undefined;
    this.#follower?.stop();
    this.#follower = undefined;
    this.#client = undefined;
    if (this.#closed) return;
    if (doubt.ending === "one-shot" && !this.#oneShot) {
      this.#oneShot = true;
      this.#context.log.info({ server: hostPortText(server) }, `${doubt.reason}; from here on, a watch is left on every node`);
      this.#connect();
      return;
    }
    // Recursive watches are not in use any more, so it is an end like others.
    const wait = this.#servers.ended(doubt.ending === "one-shot" ? "unreachable" : doubt.ending, wasEstablished);
    const reason = `${hostPortText(server)}: ${doubt.reason}`;
    this.#context.emit.unreachable(reason);
    const { log } = this.#context;
    const fields = { server: hostPortText(server), retryInMs: Math.round(wait) };
    // An outage is said once, not with every attempt.
    if (reason === this.#said.get(server)) log.debug(fields, reason);
    else log.warn(fields, reason);
    this.#said.set(server, reason);
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
  }
}
