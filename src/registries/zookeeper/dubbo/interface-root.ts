/**
 * Follows Dubbo's interface-level layout through one session: lists it, has everything watched where
 * something can change, and reads again what a watch names. Watches are triggers, reads are truth.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../../../log/logger.ts";
import type { Emitter, Listing } from "../../contract.ts";
import { itemId } from "../../service.ts";
import { type Client, RequestFailed, SessionLost } from "../connection/client.ts";
import { forEachLimited, TaskPool } from "../connection/task-pool.ts";
import { ConsumerPass } from "./consumer-pass.ts";
import { InterfaceNames } from "./interface-names.ts";
import { InterfaceReader, settleMs } from "./interface-reader.ts";
import type { KnownInterfaces } from "./known-interfaces.ts";
import { DubboPaths } from "./paths.ts";
import type { DubboSettings } from "./settings.ts";

/** A root that vanished is read again after this time: a container node goes when its last child has gone. */
const rootSettleMs = 1_000;
/** A large root is read again at most this share of the time … */
const rootReadShare = 1 / 5;
/** … but not later than this. */
const rootReadGapMs = 500;

export interface InterfaceRootContext {
  readonly client: Client;
  readonly settings: DubboSettings;
  readonly known: KnownInterfaces;
  readonly emit: Emitter;
  readonly log: Logger;
  /** A complete listing was committed. */
  readonly listed: () => void;
}

export class InterfaceRoot {
  readonly #context: InterfaceRootContext;
  readonly #client: Client;
  readonly #emit: Emitter;
  readonly #known: KnownInterfaces;
  readonly #paths: DubboPaths;
  readonly #names: InterfaceNames;
  readonly #eventPool: TaskPool;
  /** Directories whose reading waits for its turn in the pool. */
  readonly #due = new Set<string>();
  readonly #reader: InterfaceReader;
  readonly #consumers: ConsumerPass | undefined;
  #relistTimer: NodeJS.Timeout | undefined;
  #rootTimer: NodeJS.Timeout | undefined;
  #rootReading = false;
  #rootChanged = false;
  #rootNotBefore = 0;
  #recursive = false;
  #listing: Listing | undefined;
  #listAgain = false;
  #stopped = false;

  constructor(context: InterfaceRootContext) {
    this.#context = context;
    this.#client = context.client;
    this.#emit = context.emit;
    this.#known = context.known;
    this.#paths = new DubboPaths(context.settings.root);
    this.#names = new InterfaceNames(context.settings, (problem) => this.#emit.problem(problem));
    this.#eventPool = new TaskPool(context.settings.maxInFlight);
    this.#reader = new InterfaceReader({
      client: this.#client,
      paths: this.#paths,
      names: this.#names,
      known: this.#known,
      emit: this.#emit,
      listing: () => this.#listing,
      absent: () => this.#rootDue(),
      untold: (path) => this.#untold(path),
      appeared: (directory) => this.#consumers?.due(directory),
    });
    if (!context.settings.consumers) return;
    this.#consumers = new ConsumerPass({
      client: this.#client,
      paths: this.#paths,
      known: this.#known,
      report: (problem) => this.#emit.problem(problem),
      reread: (directory) => this.#reader.read(directory),
      failed: (error) => this.#fail(error),
    });
  }

  /** Lists everything, now or as soon as a listing that is under way has ended. */
  relist(): void {
    if (this.#listing) this.#listAgain = true;
    else this.#attempt(this.#list());
  }

  /** A watch fired; a recursive one also for what is not followed. */
  changed(path: string): void {
    const place = this.#paths.place(path);
    if (place?.what === "root") this.#rootDue();
    else if (place?.what === "providers") {
      if (this.#reader.announced(place.directory)) this.#providersDue(place.directory);
    } else if (place?.what === "consumers") this.#consumers?.due(place.directory);
  }

  /** The session is over: nothing is emitted from here on. */
  stop(): void {
    this.#stopped = true;
    this.#reader.stop();
    this.#consumers?.stop();
    clearTimeout(this.#relistTimer);
    clearTimeout(this.#rootTimer);
    this.#listing?.abandon("the session ended before the listing was complete");
    this.#listing = undefined;
  }

  async #list(): Promise<void> {
    clearTimeout(this.#relistTimer);
    // What is forgotten here is not listed, and so goes with the commit.
    for (const [, known] of this.#known.entries()) known.forgetSurplus();
    const listing = this.#emit.listing();
    this.#listing = listing;
    try {
      const directories = await this.#listRoot();
      await forEachLimited(directories, this.#context.settings.maxInFlight, (directory) => this.#reader.read(directory));
      if (this.#stopped) return;
      this.#known.retain(new Set(directories));
      listing.commit();
    } catch (error) {
      if (!this.#stopped) listing.abandon(describe(error));
      throw error;
    } finally {
      this.#listing = undefined;
    }
    this.#context.listed();
    if (this.#consumers) for (const [directory] of this.#known.entries()) this.#consumers.due(directory);
    const { relistInterval } = this.#context.settings;
    this.#relistTimer = setTimeout(() => this.relist(), relistInterval * (0.9 + 0.2 * Math.random()));
    if (this.#rootChanged) this.#rootDue();
    if (this.#listAgain) {
      this.#listAgain = false;
      this.relist();
    }
  }

  /** The root's interfaces. A root that is absent has none; one that vanished is doubted first. */
  async #listRoot(): Promise<string[]> {
    const { root } = this.#paths;
    // Before the first reading, so that nothing is missed between the two.
    this.#recursive = await this.#client.watchTree(root);
    this.#rootChanged = false;
    let children = await this.#client.follow(root, asTheyAre);
    if (children === undefined && this.#known.rootSeen) {
      this.#emit.suspicious(`${root} was there and is gone`);
      await delay(rootSettleMs);
      children = await this.#client.follow(root, asTheyAre);
    }
    if (children === undefined) {
      if (this.#known.rootSeen) this.#context.log.warn({ root }, "the root is gone; it is followed as soon as it is created again");
      else this.#context.log.info({ root }, "the root does not exist yet; it is followed as soon as it is created");
    }
    this.#known.rootSeen = children !== undefined;
    return this.#names.select(root, children ?? []);
  }

  #rootDue(): void {
    this.#rootChanged = true;
    if (this.#listing || this.#rootReading || this.#stopped) return;
    clearTimeout(this.#rootTimer);
    const wait = this.#rootNotBefore - performance.now();
    if (wait <= 0) this.#attempt(this.#readRoot());
    else this.#rootTimer = setTimeout(() => this.#rootDue(), wait);
  }

  async #readRoot(): Promise<void> {
    this.#rootReading = true;
    try {
      const started = performance.now();
      this.#rootChanged = false;
      const { root } = this.#paths;
      let children = await this.#client.follow(root, asTheyAre);
      if (children && this.#gone(children).length > 0) {
        await delay(settleMs);
        children = await this.#client.follow(root, asTheyAre);
      }
      if (this.#stopped || this.#listing) return;
      if (children === undefined || !this.#known.rootSeen) return this.relist();
      for (const directory of this.#gone(children)) this.#forget(directory);
      const directories = this.#names.select(root, children);
      const took = performance.now() - started;
      this.#rootNotBefore = started + took + Math.min(rootReadGapMs, took / rootReadShare - took);
      for (const directory of directories) if (!this.#reader.followed.has(directory)) this.#providersDue(directory);
    } finally {
      this.#rootReading = false;
    }
    if (this.#rootChanged) this.#rootDue();
  }

  #gone(children: readonly string[]): string[] {
    const present = new Set(children);
    return Array.from(this.#known.entries(), ([directory]) => directory).filter((directory) => !present.has(directory));
  }

  #forget(directory: string): void {
    for (const key of this.#known.get(directory)?.keys ?? [])
      this.#emit.removed(itemId({ kind: "service", service: { key, instances: [] } }));
    this.#known.delete(directory);
    this.#reader.forget(directory);
  }

  #providersDue(directory: string): void {
    if (this.#due.has(directory)) return;
    this.#due.add(directory);
    this.#eventPool.run(() => {
      this.#due.delete(directory);
      return this.#reader.read(directory).catch((error) => this.#fail(error));
    });
  }

  /**
   * A watch fires before its change can be read. One that does not is no use: ZooKeeper (3.8.4, 3.9.2 and later) keeps
   * quiet on recursive watches about nodes that may not be read, though their names may be listed.
   */
  #untold(path: string): void {
    if (!this.#recursive) return;
    const reason = `the recursive watch does not tell what changes in ${path}`;
    this.#context.log.warn({ path }, `${reason}; may its nodes be read?`);
    this.#client.doubt(reason, "one-shot");
  }

  #attempt(work: Promise<void>): void {
    work.catch((error) => this.#fail(error));
  }

  /** A reading failed: the view is in doubt, so the session is given up and everything listed anew. */
  #fail(error: unknown): void {
    if (this.#stopped || error instanceof SessionLost) return;
    if (!(error instanceof RequestFailed)) this.#context.log.error({ err: error }, "a reading failed");
    this.#client.doubt(describe(error), error instanceof RequestFailed ? error.ending : "broken");
  }
}

function asTheyAre(names: string[]): string[] {
  return names;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
