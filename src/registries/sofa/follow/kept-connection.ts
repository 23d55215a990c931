/**
 * The one owner of reconnecting: keeps exactly one connection to a session server alive, chooses another one when it
 * fails, and finds out which messages a server understands.
 */
import { backOff } from "../../back-off.ts";
import type { Session, SessionContext } from "../../contract.ts";
import { hostPortText } from "../../host-port.ts";
import { joinedLookups } from "../../joined-lookups.ts";
import { Connection } from "../bolt/connection.ts";
import { SessionServers } from "../discovery/session-servers.ts";
import type { SessionServer } from "../http/session-pages.ts";
import { protobufCodec } from "../messages/protobuf-codec.ts";
import type { SessionCodec } from "../messages/session-codec.ts";
import type { SofaSettings } from "../settings.ts";
import { KnownPublications } from "./known-publications.ts";
import { SessionFollower } from "./session-follower.ts";

/** Between two attempts, while no server takes us: short enough to find one within a second of its return. */
const absent = { firstMs: 200, mostMs: 1_000 };
/** Between two connections that were opened and lost: each may cost the server a push of everything. */
const unstable = { firstMs: 200, mostMs: 10_000 };
/** When a server does not understand us. */
const foreign = { firstMs: 2_000, mostMs: 30_000 };
/** A connection that lived this long after its listing was a good one. */
const stableMs = 10_000;
/** A server that is missing from so many lists in a row is left. */
const missedLists = 3;

export class KeptConnection implements Session {
  readonly #context: SessionContext;
  readonly #settings: SofaSettings;
  readonly #known: KnownPublications;
  readonly #servers: SessionServers;
  readonly #lookup = joinedLookups();
  /** Servers that understood nothing but Hessian, by address. */
  readonly #hessian = new Set<string>();
  #connection: Connection | undefined;
  #follower: SessionFollower | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #serversTimer: NodeJS.Timeout | undefined;
  #listedAt = 0;
  #missed = 0;
  /** Attempts since the last good connection, by how they ended. */
  #unanswered = 0;
  #broken = 0;
  #misunderstood = 0;
  /** What was said last since the last complete listing. */
  #said = "";
  #closed = false;

  constructor(context: SessionContext, settings: SofaSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#known = new KnownPublications({ inherited: context.known, warmUp: settings.warmUp, emit: context.emit });
    this.#servers = new SessionServers(settings);
    void this.#connect();
  }

  relist(): void {
    this.#follower?.relist();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#serversTimer);
    this.#follower?.stop();
    this.#known.stop();
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    try {
      const failure = await this.#servers.refresh().then(
        () => undefined,
        (error: Error) => error,
      );
      const server = this.#servers.choose();
      if (!server) throw failure ?? new Error("there is no session server");
      const codec = await this.#codecOf(server);
      if (!this.#closed) this.#open(server, codec);
    } catch (error) {
      if (!this.#closed) this.#retry((error as Error).message, backOff(this.#unanswered++, absent, Math.random()));
    }
  }

  async #codecOf(server: SessionServer): Promise<SessionCodec> {
    const { codec } = this.#settings;
    if (codec === "protobuf" || (codec === "auto" && !this.#hessian.has(hostPortText(server.address)))) return protobufCodec;
    return (await import("../messages/hessian-codec.ts")).hessianCodec;
  }

  #open(server: SessionServer, codec: SessionCodec): void {
    const connection = new Connection(
      server.address,
      this.#settings,
      {
        opened: () => this.#onOpened(connection, server, codec),
        contact: () => {
          if (this.#follower?.live) this.#context.emit.contact();
        },
        asked: (frame) => {
          if (!codec.isPush(frame.className)) return undefined;
          this.#follower?.pushed(frame);
          return codec.acknowledgement;
        },
        lost: (reason) => this.#onLost(server, reason),
      },
      this.#lookup,
    );
    this.#connection = connection;
  }

  #onOpened(connection: Connection, server: SessionServer, codec: SessionCodec): void {
    const { emit, log } = this.#context;
    this.#listedAt = 0;
    this.#missed = 0;
    this.#unanswered = 0;
    this.#follower = new SessionFollower({
      connection,
      codec,
      settings: this.#settings,
      known: this.#known,
      emit,
      log,
      listed: () => {
        if (this.#listedAt === 0) log.info({ server: hostPortText(server.address), codec: codec.name }, "follows a session server");
        this.#listedAt ||= performance.now();
        this.#misunderstood = 0;
        this.#said = "";
        this.#servers.worked(server);
      },
      misunderstood: (words) => this.#onMisunderstood(connection, server, codec, words),
      doubt: (reason) => connection.lose(reason),
    });
    this.#follower.relist();
    this.#watchServers(connection, server);
  }

  /** A server that is to go leaves the list before it ends. */
  #watchServers(connection: Connection, server: SessionServer): void {
    if (this.#settings.sessions) return;
    this.#serversTimer = setTimeout(async () => {
      const servers = await this.#servers.refresh().catch(() => undefined);
      if (this.#connection !== connection || this.#closed) return;
      const listed = servers?.some(({ address }) => hostPortText(address) === hostPortText(server.address)) ?? true;
      this.#missed = listed ? 0 : this.#missed + 1;
      if (this.#missed >= missedLists) connection.lose("it has left the list of session servers");
      else this.#watchServers(connection, server);
    }, this.#settings.refreshInterval);
  }

  #onMisunderstood(connection: Connection, server: SessionServer, codec: SessionCodec, words: string): void {
    if (this.#connection !== connection) return;
    const address = hostPortText(server.address);
    const said = `it does not understand the messages of SOFARegistry as ${codec.name} (${words})`;
    if (this.#settings.codec === "auto" && codec.name === "protobuf") {
      this.#hessian.add(address);
      this.#context.log.info({ server: address }, `${said}; trying Hessian, which SOFARegistry 5 speaks`);
      this.#end();
      connection.close();
      void this.#connect();
      return;
    }
    this.#hessian.delete(address);
    const remedy =
      this.#settings.codec === "protobuf"
        ? "it is SOFARegistry 5, or no session server; for SOFARegistry 5 set `codec: hessian` or `codec: auto`"
        : "it is no session server; its Bolt port is 9600 by default";
    this.#misunderstood++;
    connection.lose(`${said}: ${remedy}`);
  }

  #onLost(server: SessionServer, reason: string): void {
    const wasOpen = this.#follower !== undefined;
    this.#end();
    if (this.#closed) return;
    this.#servers.failed(server);
    const stable = this.#listedAt > 0 && performance.now() - this.#listedAt > stableMs;
    this.#listedAt = 0;
    if (stable) this.#broken = 0;
    const wait =
      this.#misunderstood > 0
        ? backOff(this.#misunderstood - 1, foreign, Math.random())
        : wasOpen
          ? backOff(this.#broken++, unstable, Math.random())
          : backOff(this.#unanswered++, absent, Math.random());
    this.#retry(`${hostPortText(server.address)}: ${reason}`, wait);
  }

  /** What belongs to the connection ends with it; what is known stays. */
  #end(): void {
    clearTimeout(this.#serversTimer);
    this.#follower?.stop();
    this.#follower = undefined;
    this.#connection = undefined;
  }

  #retry(reason: string, wait: number): void {
    const { emit, log } = this.#context;
    emit.unreachable(reason);
    const fields = { retryInMs: Math.round(wait) };
    // An outage is said once, not with every attempt.
    if (reason === this.#said) log.debug(fields, reason);
    else log.warn(fields, reason);
    this.#said = reason;
    this.#retryTimer = setTimeout(() => void this.#connect(), wait);
  }
}
