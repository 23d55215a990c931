/**
 * The one owner of reconnecting: keeps exactly one client alive, tries every server in turn, and
 * lists everything again with every new session.
 */

import { backOff } from "../../back-off.ts";
import type { Session, SessionContext } from "../../contract.ts";
import { hostPortText } from "../../host-port.ts";
import { joinedLookups } from "../../joined-lookups.ts";
import { Client } from "./client.ts";
import type { Doubt } from "./doubt.ts";
import type { ConnectionSettings, ZookeeperServer } from "./settings.ts";

/** Between two attempts, while no server takes us: short enough to find one within a second of its return. */
const absent = { firstMs: 200, mostMs: 1_000 };
/** Between two sessions that were established and lost: each may cost the server a whole listing. */
const unstable = { firstMs: 200, mostMs: 10_000 };
/** When every server has refused us. */
const refused = { firstMs: 5_000, mostMs: 10_000 };
/**
 * A server that has just been started takes connections that it never answers (3.9.3, observed most
 * times), so the first attempt is short; each mute one doubles it, up to the setting.
 */
const firstConnectTimeoutMs = 500;
/** A session that lived this long after its listing was a good one. */
const stableMs = 10_000;

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
  readonly #servers: readonly ZookeeperServer[];
  readonly #lookup = joinedLookups();
  #nextServer = 0;
  #client: Client | undefined;
  #follower: Follower | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Attempts since the last good session, by how they ended. */
  #unanswered = 0;
  #mute = 0;
  #broken = 0;
  #refused = 0;
  /** What was said of each server since the last complete listing. */
  readonly #said = new Map<ZookeeperServer, string>();
  /** Recursive watches did not serve; so nobody tries them again. */
  #oneShot = false;
  #listedAt = 0;
  #closed = false;

  constructor(context: SessionContext, settings: ConnectionSettings, follow: Follow) {
    this.#context = context;
    this.#settings = settings;
    this.#follow = follow;
    this.#servers = shuffled(this.#settings.servers);
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
    const server = this.#servers[this.#nextServer++ % this.#servers.length]!;
    const connectTimeout = Math.min(this.#settings.connectTimeout, firstConnectTimeoutMs * 2 ** Math.min(this.#mute, 10));
    const client = new Client(
      server,
      { ...this.#settings, connectTimeout, ...(this.#oneShot && { watches: "one-shot" }) },
      {
        established: () => this.#onEstablished(client),
        changed: (path, went) => this.#follower?.changed(path, went),
        contact: () => {
          if (this.#listedAt > 0) this.#context.emit.contact();
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
    log[this.#refused > 0 ? "debug" : "info"]({ server: hostPortText(client.server) }, "session established");
    this.#listedAt = 0;
    this.#unanswered = 0;
    this.#mute = 0;
    this.#follower = this.#follow(client, () => {
      this.#listedAt ||= performance.now();
      this.#refused = 0;
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
    const stable = this.#listedAt > 0 && performance.now() - this.#listedAt > stableMs;
    this.#listedAt = 0;
    if (stable) this.#broken = 0;
    const wait = this.#wait(doubt, wasEstablished);
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

  #wait({ ending }: Doubt, wasEstablished: boolean): number {
    if (ending === "refused") {
      // What the tree does not allow, no server does; but one may be a stranger to us and the next not.
      this.#refused++;
      const next = !wasEstablished && this.#refused % this.#servers.length !== 0;
      return next ? backOff(0, absent, Math.random()) : backOff(this.#refused - 1, refused, Math.random());
    }
    if (ending === "broken") return backOff(this.#broken++, unstable, Math.random());
    this.#mute = ending === "mute" ? this.#mute + 1 : 0;
    // Every server of the list gets its turn before the wait grows. A mute attempt has waited long enough.
    this.#unanswered = ending === "mute" ? 0 : this.#unanswered + 1;
    return backOff(Math.floor(Math.max(0, this.#unanswered - 1) / this.#servers.length), absent, Math.random());
  }
}

/** Clients that start together must not all choose the same server. */
function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
