/**
 * Reads through one session that is thrown away at the first doubt. It writes nothing, so a lost session
 * costs nothing but a new listing.
 */
import type { LookupFunction } from "node:net";
import { Connection } from "./connection.ts";
import type { Doubt, Ending } from "./doubt.ts";
import { RequestFailed } from "./failures.ts";
import { noNode, unimplemented } from "./protocol/error-name.ts";
import type { JuteReader } from "./protocol/jute.ts";
import { type Notification, readChildrenOfEach } from "./protocol/replies.ts";
import * as requests from "./protocol/requests.ts";
import type { ConnectionSettings, ZookeeperServer } from "./settings.ts";
import { deleted, WatchedTrees } from "./watched-trees.ts";

export { RequestFailed, SessionLost } from "./failures.ts";

export interface ClientEvents {
  established(): void;
  /**
   * A watch fired. What a recursive one tells is told as one-shot ones would: a node that came or went also of its parent.
   * @param went it is known that a node went, the path's or one right below it
   */
  changed(path: string, went: boolean): void;
  /** The server answered a ping. */
  contact(): void;
  /** Called once, with the session already disposed. Pending requests fail with `SessionLost`. */
  lost(doubt: Doubt): void;
}

type Encode = (xid: number, path: string, watch: boolean) => Buffer;

/** A node can appear between two requests, hardly three times in a row. */
const followAttempts = 5;

export class Client {
  readonly server: ZookeeperServer;
  readonly #events: ClientEvents;
  readonly #settings: ConnectionSettings;
  /** Before every path; empty without one. */
  readonly #chroot: string;
  readonly #connection: Connection;
  readonly #trees = new WatchedTrees();

  /** @param lookup finds the addresses of a host name */
  constructor(server: ZookeeperServer, settings: ConnectionSettings, events: ClientEvents, lookup: LookupFunction) {
    this.server = server;
    this.#events = events;
    this.#settings = settings;
    this.#chroot = settings.chroot ?? "";
    this.#connection = new Connection(server, settings, { ...events, fired: (event) => this.#onFired(event) }, lookup);
  }

  /**
   * Leaves one watch on a node, whether it exists or not, and everything below it, for as long as the session lasts. What
   * is read there afterwards leaves none of its own. Whoever reads after it misses nothing.
   * @returns false where the server has none; then every reading leaves its own
   */
  async watchTree(path: string): Promise<boolean> {
    if (this.#settings.watches === "one-shot") return false;
    if (this.#trees.covers(path)) return true;
    // At once with the answer: what fires right behind it is already told as it must be.
    const covered = (): boolean => {
      this.#trees.add(path);
      return true;
    };
    try {
      return await this.#request(path, requests.addRecursiveWatch, () => true, covered, false);
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.code !== unimplemented) throw error;
      // A server that does not know a request closes the connection behind its answer (3.5.10, observed).
      this.doubt("the server has no recursive watches", "one-shot");
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
   * Children of many nodes at a time, which costs the server little more than one. It leaves no watch, so it is only for
   * nodes below a watched tree. `read` is called for each as the answer comes: with its children, with undefined if it
   * does not exist, or with what the server says against it.
   */
  childrenOfEach(paths: readonly string[], read: (index: number, answer: string[] | RequestFailed | undefined) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const answered = (content: JuteReader): void => {
        const answers = readChildrenOfEach(content);
        if (answers.length !== paths.length) throw new RangeError(`${answers.length} answers about ${paths.length} nodes`);
        try {
          for (const [at, answer] of answers.entries()) {
            if (typeof answer !== "number") read(at, answer);
            else read(at, answer === noNode ? undefined : new RequestFailed(answer, paths[at]!));
          }
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      const whole = paths.map((path) => this.#whole(path));
      this.#connection.request({ path: paths[0] ?? "/", answered, absent: resolve, failed: reject }, (xid) =>
        requests.getChildrenOfEach(xid, whole),
      );
    });
  }

  /** Whether all that changes in a node and below it is told, without a watch of its own. */
  isWatched(path: string): boolean {
    return this.#trees.covers(path);
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
    this.#connection.lose(reason, ending);
  }

  /** Says good-bye so that the server frees the session at once; `lost` is not called. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  async #presentOrWatched<T>(path: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
    for (let attempt = 0; attempt < followAttempts; attempt++) {
      const found = await read();
      if (found !== undefined || this.#trees.covers(path) || !(await this.exists(path))) return found;
    }
    throw new Error(`${path} appears and vanishes`);
  }

  #request<Answer, T>(path: string, encode: Encode, decode: (content: JuteReader) => Answer, read: (answer: Answer) => T, ifAbsent: T) {
    return new Promise<T>((resolve, reject) => {
      const answered = (content: JuteReader): void => {
        const answer = decode(content);
        try {
          resolve(read(answer));
        } catch (error) {
          reject(error);
        }
      };
      const whole = this.#whole(path);
      this.#connection.request({ path, answered, absent: () => resolve(ifAbsent), failed: reject }, (xid) =>
        encode(xid, whole, !this.#trees.covers(path)),
      );
    });
  }

  #whole(path: string): string {
    return this.#chroot !== "" && path === "/" ? this.#chroot : this.#chroot + path;
  }

  #onFired({ kind, path }: Notification): void {
    const own = this.#chroot !== "" && path.startsWith(this.#chroot) ? path.slice(this.#chroot.length) || "/" : path;
    for (const changed of this.#trees.changedBy(kind, own)) this.#events.changed(changed, kind === deleted);
  }
}
