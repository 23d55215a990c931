/**
 * A ZooKeeper server for tests, in one process with them: sessions with expiry, ephemeral nodes,
 * one-shot and recursive watches, digest and SASL authentication, TLS – and faults on demand. Its tree can be written to
 * directly (`nodes`) or by any ZooKeeper client.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Connection } from "./connection.ts";
import { eventType } from "./protocol.ts";
import { Znodes } from "./znodes.ts";

/** `mute`: takes connections and bytes, answers nothing, expires no session. `hang-up`: takes connections and closes them at once. */
export type Behaviour = "normal" | "mute" | "hang-up";

/**
 * What goes wrong with one request: an error code, no answer, a closed connection, bytes that are
 * no reply, a frame of two gigabytes, or a reply cut off in its middle.
 */
export type Fault = number | "silence" | "close" | "garbage" | "endless" | "cut";

export interface Request {
  readonly type: number;
  readonly path: string;
}

interface FakeSession {
  readonly timeout: number;
  timer: NodeJS.Timeout | undefined;
}

export class FakeZooKeeper {
  readonly nodes: Znodes;
  /** Every request but pings, logins and farewells, since the start. */
  readonly requests: Request[] = [];
  behaviour: Behaviour = "normal";
  /** Called for every request; a fault replaces the answer. */
  answer: ((request: Request) => Fault | undefined) | undefined;
  /** Authentication schemes that it knows. */
  readonly schemes = new Set(["digest"]);
  /** Passwords by user, for SASL logins; none: it does not offer SASL. */
  readonly saslUsers = new Map<string, string>();
  /** Requests of whoever has not logged in by SASL end the connection. */
  saslRequired = false;
  /** What it says in place of its own proof. */
  saslProof: Buffer | undefined;
  /** Knows recursive watches, as servers do since 3.6. */
  recursiveWatches = true;
  /** Names of nodes that are told as other bytes, which are perhaps no text. */
  readonly rawNames = new Map<string, Buffer>();
  /** Bytes; a longer frame ends its connection (`jute.maxbuffer`). */
  maxFrame = 1_048_575;
  /** Every answer is held back this long. */
  delayMs = 0;
  /** Session time-outs are cut to this … */
  maxSessionTimeout = 40_000;
  /** … and raised to this. */
  minSessionTimeout = 0;
  /** Connections accepted since the start. */
  accepted = 0;
  readonly #connections = new Set<Connection>();
  readonly #sessions = new Map<bigint, FakeSession>();
  readonly #protected = new Map<string, string>();
  readonly #tls: TlsOptions | undefined;
  #server: Server | undefined;
  #port = 0;
  #nextSession = 1n;
  #zxid = 1n;

  /** @param tls speaks TLS, and nothing else, if given */
  constructor(tls?: TlsOptions) {
    this.#tls = tls;
    const tell = (type: number) => (path: string) => {
      this.#zxid++;
      for (const connection of this.#connections) connection.notify(type, path);
    };
    this.nodes = new Znodes({
      created: tell(eventType.created),
      deleted: tell(eventType.deleted),
      dataChanged: tell(eventType.dataChanged),
      childrenChanged: tell(eventType.childrenChanged),
    });
  }

  static async start(tls?: TlsOptions): Promise<FakeZooKeeper> {
    const fake = new FakeZooKeeper(tls);
    await fake.listen();
    return fake;
  }

  get port(): number {
    return this.#port;
  }

  /** Watches that the connected clients have left. */
  get watches(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.watches, 0);
  }

  get zxid(): bigint {
    return this.#zxid;
  }

  /** Sessions that are alive. */
  get sessions(): readonly bigint[] {
    return [...this.#sessions.keys()];
  }

  /** Listens, after `shutDown` again on the same port and with the same tree and sessions. */
  async listen(): Promise<void> {
    const accept = (socket: Socket): void => {
      this.accepted++;
      if (this.behaviour === "hang-up") {
        socket.on("error", () => {});
        socket.destroy();
        return;
      }
      const connection = new Connection(this, socket);
      this.#connections.add(connection);
      socket.on("close", () => this.#connections.delete(connection));
    };
    const server = this.#tls ? createTlsServer(this.#tls, accept) : createServer({ noDelay: true }, accept);
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    // A server that comes back starts the clock of every session anew.
    for (const id of this.#sessions.keys()) this.touch(id);
  }

  /** Breaks every connection and refuses new ones; tree and sessions are kept. */
  async shutDown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const { timer } of this.#sessions.values()) clearTimeout(timer);
    this.disconnectAll();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  /** Tells every client of an event that no watch saw. */
  fire(type: number, path: string): void {
    for (const connection of this.#connections) connection.fire(type, path);
  }

  disconnectAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** From here on only who authenticates as this `user:password` may read the path and what lies below. */
  protect(path: string, identity: string): void {
    this.#protected.set(path, identity);
  }

  mayRead(path: string, identities: ReadonlySet<string>): boolean {
    for (const [root, identity] of this.#protected) {
      if ((path === root || path.startsWith(`${root}/`)) && !identities.has(identity)) return false;
    }
    return true;
  }

  negotiate(timeout: number): number {
    return Math.max(Math.min(timeout, this.maxSessionTimeout), this.minSessionTimeout);
  }

  /** A new session for 0, a known one again; undefined for one that has expired. */
  openSession(wanted: bigint, timeout: number): bigint | undefined {
    if (wanted !== 0n && !this.#sessions.has(wanted)) return undefined;
    const id = wanted === 0n ? this.#nextSession++ : wanted;
    if (wanted === 0n) this.#sessions.set(id, { timeout, timer: undefined });
    this.touch(id);
    return id;
  }

  /** The session is alive right now. */
  touch(id: bigint): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    clearTimeout(session.timer);
    session.timer = setTimeout(() => {
      // A server that stands still ends nothing either: whoever waits for it must notice by himself.
      if (this.behaviour === "mute") this.touch(id);
      else this.expire(id);
    }, session.timeout);
    session.timer.unref();
  }

  /** Ends a session with its ephemeral nodes, and the connection that uses it. */
  expire(id: bigint): void {
    clearTimeout(this.#sessions.get(id)?.timer);
    this.#sessions.delete(id);
    for (const path of this.nodes.ownedBy(id)) this.nodes.delete(path);
    for (const connection of this.#connections) if (connection.session === id) connection.destroy();
  }
}
